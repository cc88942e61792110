// The time that a report covers: its bounds, widened to existing buckets, and the rows in it.
// Invariant: window and segments cover the same time. Not here: the arithmetic (levels.ts), queries (stored-facts.ts).

import { MINUTE_MS, minuteOf } from '../../config/values/minute.js';
import type { Window } from '../../facts/answers.js';
import { type MinuteRange, type Segment, segmentsOf, snapOutward, wholeLife } from './levels.js';
import type { StoredFacts } from './stored-facts.js';

/** Both in Unix ms; left out = everything kept. */
export interface TimeBounds {
  sinceMs?: number;
  untilMs?: number;
}

export interface Span {
  window: Window;
  segments: Segment[];
  /** Minutes covered; null = everything, the time before and after included. */
  minutes: MinuteRange | null;
  /** True when nothing that is stored lies outside. */
  whole: boolean;
}

/** Throws RangeError when the end is before the start. */
export function spanOf(stored: StoredFacts, bounds: TimeBounds): Span {
  const { sinceMs, untilMs } = bounds;
  if (sinceMs !== undefined && untilMs !== undefined && untilMs < sinceMs) {
    throw new RangeError('the window ends before it starts: --until must be later than --since');
  }
  const state = stored.foldState();
  if (state.firstMinute === null || state.lastMinute === null) {
    const nowMs = Date.now();
    const window = { sinceMs: sinceMs ?? untilMs ?? nowMs, untilMs: untilMs ?? Math.max(nowMs, sinceMs ?? 0) };
    return { window, segments: [], minutes: null, whole: true };
  }
  const first = state.firstMinute;
  const end = state.lastMinute + 1;
  const since = sinceMs === undefined ? first : minuteOf(sinceMs);
  const until = untilMs === undefined ? Math.max(end, since) : Math.ceil(untilMs / MINUTE_MS);
  if (since <= first && until >= end) {
    const segments = stored.hasLifetimeRows
      ? wholeLife(state)
      : segmentsOf(snapOutward({ since: first, until: end }, state), state);
    return { window: windowOf({ since, until }), segments, minutes: null, whole: true };
  }
  const clamped = { since: Math.max(since, first), until: Math.min(until, end) };
  if (clamped.since >= clamped.until) {
    return { window: windowOf({ since, until }), segments: [], minutes: { since, until }, whole: false };
  }
  const snapped = snapOutward(clamped, state);
  const widened = { since: Math.min(since, snapped.since), until: Math.max(until, snapped.until) };
  return { window: windowOf(widened), segments: segmentsOf(snapped, state), minutes: widened, whole: false };
}

function windowOf(range: MinuteRange): Window {
  return { sinceMs: range.since * MINUTE_MS, untilMs: range.until * MINUTE_MS };
}
