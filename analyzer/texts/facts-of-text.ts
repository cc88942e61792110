// Defines the facts that are worked out once per text and kept with its identity.
// Not here: making identities (fingerprint/), judging (attribution/).

import type { StatementShape } from '../attribution/shape/shape.js';
import { shapeOf } from '../attribution/statement-shape.js';
import type { StatementIdentity } from '../fingerprint/fingerprint.js';
import type { SqlTokens } from '../sql/tokens.js';

export interface TextFacts {
  readonly shape: StatementShape;
  /** Generation of the store that holds the text; see catalogue.ts. */
  storedIn: number;
  /** Interval between two flushes in which it was last executed; Infinity = has no text to store. */
  notedIn: number;
}

export type Identity = StatementIdentity<TextFacts>;

export function factsOf(tokens: SqlTokens): TextFacts {
  return { shape: shapeOf(tokens), storedIn: 0, notedIn: 0 };
}
