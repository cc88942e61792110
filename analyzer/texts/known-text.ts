// A text that executions refer to without bringing it along.
// Invariant: one that is gone is counted under a fingerprint of its own.
// Not here: which are known (statement-texts.ts).

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

/** Stands for a text that the relay no longer had. */
export const TEXT_GONE: KnownText = {
  identity: {
    fingerprint: UNKNOWN_TEXT,
    key: '',
    keyHash: '',
    query: '(text unknown)',
    summary: '',
    command: '',
    statementCount: 1,
    truncated: false,
    facts: { shape: NOTHING, storedIn: 0, notedIn: Number.POSITIVE_INFINITY },
  },
  statement: { fingerprint: UNKNOWN_TEXT, shape: NOTHING, tags: NO_TAGS, tagSet: '', sqlMatches: [] },
  literals: UNKNOWN_PARAMETERS,
};
