// The id of a key, and whether the grammar has read it.
// Only then its words are known to be no literals.
// Invariants: the same key has the same id on every machine. What the grammar has not read shows its structure alone,
// and its id tells no more than that, since the hash of a single word is found by trying. Only a key too long for the
// grammar keeps an id of its own.
// Not here: how keys are made (make-key.ts), hiding (refused.ts), the grammar itself (grammar.ts).

import {
  fingerprintOfKey,
  GRAMMAR_BYTES_MAX,
  GRAMMAR_DEPTH_MAX,
  GRAMMAR_SET_OPERATIONS_MAX,
  hashOfKey,
} from './grammar.js';
import { Mark } from './key-marks.js';
import { maskedKey } from './refused.js';

/** A key and what the grammar has to know of it. */
export interface MadeKey {
  readonly key: string;
  readonly depthMax: number;
  readonly setOperations: number;
  /** Of a cut text: ways to complete the key, as pieces of keys; undefined = the text was whole. */
  readonly endings: readonly string[] | undefined;
}

export interface KeyIdentity {
  /** 16 characters: see StatementIdentity. */
  readonly fingerprint: string;
  /** As it was made, or without what may be a literal. */
  readonly key: string;
  /** As people may see it; another one than `key` where that is too long for the grammar. */
  readonly shownKey: string;
  /** sha256 of `key`, hexadecimal. */
  readonly hash: string;
  readonly isRead: boolean;
}

/** loadGrammar() comes first. */
export function identityOfKey(made: MadeKey): KeyIdentity {
  const { key, depthMax, setOperations, endings } = made;
  const isWithinLimits = depthMax <= GRAMMAR_DEPTH_MAX && setOperations <= GRAMMAR_SET_OPERATIONS_MAX;
  const letter = endings === undefined ? 'x' : 't';
  if (key.length > GRAMMAR_BYTES_MAX) {
    const hash = hashOfKey(key);
    return { fingerprint: letter + hash.slice(0, 15), key, shownKey: maskedKey(key), hash, isRead: false };
  }
  if (isWithinLimits) {
    const id = endings === undefined ? fingerprintOfKey(key) : null;
    const readKey = id !== null ? key : endings === undefined ? undefined : readablePart(key, endings);
    if (readKey !== undefined) {
      const hash = hashOfKey(readKey);
      return { fingerprint: id ?? letter + hash.slice(0, 15), key: readKey, shownKey: readKey, hash, isRead: true };
    }
  }
  const masked = maskedKey(key);
  const hash = hashOfKey(masked);
  return { fingerprint: letter + hash.slice(0, 15), key: masked, shownKey: masked, hash, isRead: false };
}

const TRUNCATED = String.fromCharCode(Mark.truncated);

/**
 * The key of a cut text, if one of the endings makes it SQL; else its complete statements; undefined if they are
 * none.
 */
function readablePart(key: string, endings: readonly string[]): string | undefined {
  const begun = key.slice(0, -1);
  if (endings.some((ending) => fingerprintOfKey(begun + ending) !== null)) return key;
  const complete = begun.slice(0, begun.lastIndexOf(';') + 1);
  return complete !== '' && fingerprintOfKey(complete) !== null ? complete + TRUNCATED : undefined;
}
