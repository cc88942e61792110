// What is worked out once per distinct text form and hangs on its identity: who could have written it, and whether the store has it.
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
