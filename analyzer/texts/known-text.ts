// The texts that executions refer to without bringing them along, by relay and id.
// Invariant: one that is gone is counted under a fingerprint of its own.
// Not here: which texts are sent so (proxy/link/known-texts.ts), identifying them (statement-texts.ts).

import { type ParameterSet, UNKNOWN_PARAMETERS } from '../../proxy/stream/parameters.js';
import { NO_TAGS } from '../attribution/comments/sql-comment.js';
import { NOTHING } from '../attribution/shape/shape.js';
import { UNKNOWN_TEXT } from '../fingerprint/fingerprint.js';
import type { Attributable } from '../sessions/observed-session.js';
import type { Identity } from './facts-of-text.js';

/** A prepared text that statements refer to by id. */
export interface KnownText {
  identity: Identity;
  statement: Attributable;
  /** Of the text itself. */
  literals: ParameterSet;
}

export class KnownTexts {
  readonly #byRelay = new Map<string, Map<number, KnownText>>();

  /** Hot path. TEXT_GONE for one that is not known. */
  of(relayId: string, textId: number): KnownText {
    return this.#byRelay.get(relayId)?.get(textId) ?? TEXT_GONE;
  }

  *all(): Iterable<KnownText> {
    for (const known of this.#byRelay.values()) yield* known.values();
  }

  define(relayId: string, textId: number, text: KnownText): void {
    let known = this.#byRelay.get(relayId);
    if (known === undefined) {
      known = new Map();
      this.#byRelay.set(relayId, known);
    }
    known.set(textId, text);
  }

  forget(relayId: string, textId: number): void {
    this.#byRelay.get(relayId)?.delete(textId);
  }

  /** Forgets all texts of a relay that gives them new ids, or is gone. */
  forgetAll(relayId: string): void {
    this.#byRelay.delete(relayId);
  }
}

/** Stands for a text that the relay no longer had. */
const TEXT_GONE: KnownText = {
  identity: {
    fingerprint: UNKNOWN_TEXT,
    key: '',
    keyHash: '',
    query: '(text unknown)',
    summary: '',
    command: '',
    statementCount: 1,
    truncated: false,
    facts: { shape: NOTHING, keyNumber: 0, storedIn: 0, notedIn: Number.POSITIVE_INFINITY },
  },
  statement: { fingerprint: UNKNOWN_TEXT, shape: NOTHING, tags: NO_TAGS, tagSet: '', unitTagSet: '', sqlMatches: [] },
  literals: UNKNOWN_PARAMETERS,
};
