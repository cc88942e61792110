// Defines the facts that are worked out once per text and kept with its identity.
// Not here: making identities (fingerprint/), judging (attribution/).

import type { StatementShape } from '../attribution/shape/shape.js';
import { shapeOf } from '../attribution/statement-shape.js';
import type { StatementIdentity } from '../fingerprint/fingerprint.js';
import type { SqlTokens } from '../sql/tokens.js';

export interface TextFacts {
  readonly shape: StatementShape;
  /** Tells its key from the others of its fingerprint; 0 = not worked out yet. */
  keyNumber: number;
  /** Generation of the store that holds the text; see catalogue.ts. */
  storedIn: number;
  /** Interval between two flushes in which it was last executed; Infinity = has no text to store. */
  notedIn: number;
}

export type Identity = StatementIdentity<TextFacts>;

export function factsOf(tokens: SqlTokens): TextFacts {
  return { shape: shapeOf(tokens), keyNumber: 0, storedIn: 0, notedIn: 0 };
}

/** LIMIT 2 and OFFSET 2 have one fingerprint and the same literals. */
export function keyNumberOf({ facts, keyHash }: Pick<Identity, 'facts' | 'keyHash'>): number {
  if (facts.keyNumber === 0) facts.keyNumber = Number.parseInt(keyHash.slice(0, KEY_DIGITS), 16) || 1;
  return facts.keyNumber;
}

/** 52 bits: a number holds them. */
const KEY_DIGITS = 13;
