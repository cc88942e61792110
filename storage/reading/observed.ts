// The completeness of a window: what was observed, and what was lost and why.
// Invariant: loss counters are cumulative per counter and minute, so their sum counts each lost execution once.
// Not here: what the reasons mean (proxy/stream/observation.ts).

import { minuteOf } from '../../config/values/minute.js';
import type { Observed } from '../../facts/answers.js';
import { addTo } from '../../facts/sums.js';
import type { MinuteRange } from './levels.js';
import type { Span } from './span.js';
import type { StoredFacts } from './stored-facts.js';

/** These count sessions, not executions. `killed` is of versions that had no gaps. */
const EVENT_REASONS: ReadonlySet<string> = new Set(['opaque_session', 'loop_late_session', 'killed']);
/** Reasons for which the number of executions lost is not known. */
const INEXACT_REASONS: ReadonlySet<string> = new Set([...EVENT_REASONS, 'opaque', 'observe_off', 'loop_late']);

/** @param unstoredSinceMs since when nothing is stored, although there may be something to store. */
export function observedIn(stored: StoredFacts, span: Span, unstoredSinceMs?: number): Observed {
  const observed: Observed = {
    executions: 0,
    notObserved: 0,
    notObservedByReason: new Map(),
    unknown: 0,
    exact: true,
  };
  for (const { source, executions } of stored.sourceExecutions(span.segments)) {
    observed.executions += executions;
    if (source === 'unknown') observed.unknown += executions;
  }
  const since = span.minutes?.since ?? 0;
  const until = span.minutes?.until ?? Number.MAX_SAFE_INTEGER;
  const { notObserved, byReason, unreadable } = lossesIn(stored, { since, until });
  observed.notObserved = notObserved;
  observed.notObservedByReason = byReason;
  observed.exact = unreadable.size === 0;
  for (const { reason } of stored.gapsIn({ since, until })) {
    addTo(observed.notObservedByReason, reason, 1);
    observed.exact = false;
  }
  if (unstoredSinceMs !== undefined && minuteOf(unstoredSinceMs) < until) {
    addTo(observed.notObservedByReason, 'unstored', 1);
    observed.exact = false;
  }
  return observed;
}

export interface Losses {
  /** Executions. */
  notObserved: number;
  byReason: Map<string, number>;
  /** Of those by reason, the ones that say only that something was not read. */
  unreadable: Map<string, number>;
}

/** What was lost in [since, until), both minutes. */
export function lossesIn(stored: StoredFacts, minutes: MinuteRange): Losses {
  const losses: Losses = { notObserved: 0, byReason: new Map(), unreadable: new Map() };
  for (const { reason, count } of stored.lossSums(minutes)) {
    addTo(losses.byReason, reason, count);
    if (!EVENT_REASONS.has(reason)) losses.notObserved += count;
    if (INEXACT_REASONS.has(reason)) addTo(losses.unreadable, reason, count);
  }
  return losses;
}
