// Chooses the length of a timeline's points, and the rollup level that they are read from.
// Invariant: every execution in the range is in exactly one point. There are at most POINTS_MAX points, unless days are
// more: days are never joined. It is pure arithmetic on minutes since the Unix epoch. Not here: SQL
// (sqlite/read/query-timeline.ts).

import { MINUTE_MS, minuteOf } from '../../config/values/minute.js';
import type { Window } from '../../facts/answers.js';
import {
  addSegment,
  ceilTo,
  DAY_MIN,
  type FoldState,
  floorTo,
  freshHours,
  freshMinutes,
  HOUR_MIN,
  type MinuteRange,
  type Segment,
  SPAN,
} from './levels.js';

export interface Timeline {
  /** Length of a point. */
  stepMinutes: number;
  /** A multiple of the step at both ends. */
  range: MinuteRange;
  segments: Segment[];
}

const POINTS_MAX = 180;
const MINUTE_STEPS = [1, 2, 5, 10];
const HOUR_STEPS = [HOUR_MIN, 6 * HOUR_MIN];

/** `minuteRowsMax`: the longest range, in minutes, that may be read minute by minute. */
export function timelineOf(
  range: MinuteRange,
  state: FoldState,
  { minuteRowsMax, pointsMax = POINTS_MAX }: { minuteRowsMax: number; pointsMax?: number },
): Timeline {
  const length = range.until - range.since;
  const fine = length <= minuteRowsMax && range.since >= state.minutesKeptFrom;
  const steps = [...(fine ? MINUTE_STEPS : []), ...(range.since >= state.hoursKeptFrom ? HOUR_STEPS : [])];
  const stepMinutes = steps.find((step) => length / step <= pointsMax) ?? DAY_MIN;
  const since = floorTo(range.since, stepMinutes);
  const until = ceilTo(range.until, stepMinutes);
  const segments: Segment[] = [];
  const add = (spanS: number, from: number, to: number): void => {
    if (from < to) segments.push({ spanS, fromMinute: from, toMinute: to });
  };
  if (stepMinutes < HOUR_MIN) {
    add(SPAN.minute, since, until);
    return { stepMinutes, range: { since, until }, segments };
  }
  const fromMinute = Math.max(since, state.minutesFoldedTo);
  addSegment(segments, { ...freshMinutes(state, true), fromMinute, toMinute: until });
  if (stepMinutes < DAY_MIN) {
    add(SPAN.hour, since, until);
    return { stepMinutes, range: { since, until }, segments };
  }
  const fromHour = Math.max(since, state.hoursFoldedTo);
  addSegment(segments, { ...freshHours(state, true), fromMinute: fromHour, toMinute: until });
  add(SPAN.day, since, until);
  return { stepMinutes, range: { since, until }, segments };
}

/** The part of a window that was recorded, so that points are as fine as that part lets them be. */
export function recordedPart({ sinceMs, untilMs }: Window, { firstMinute, lastMinute }: FoldState): MinuteRange {
  const [since, until] = [minuteOf(sinceMs), Math.ceil(untilMs / MINUTE_MS)];
  if (firstMinute === null || lastMinute === null) return { since, until };
  const from = Math.min(Math.max(since, firstMinute), until);
  return { since: from, until: Math.max(from, Math.min(until, lastMinute + 1)) };
}
