// Which rows draw a stretch of time as points: how long a point is, and the rollup level that it is read from.
// Invariant: every execution in the range is in exactly one point, and there are at most POINTS_MAX of them (days are never joined).
// Pure arithmetic on minutes since the Unix epoch. Not here: SQL (query-timeline.ts).

import {
  ceilTo,
  DAY_MIN,
  type FoldState,
  floorTo,
  HOUR_MIN,
  type MinuteRange,
  type Segment,
  SPAN,
} from '../tables/levels.js';

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

/** `minuteRowsMax`: the longest range that may be read minute by minute; `pointsMax`: what is enough, where it is less than POINTS_MAX. */
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
  add(SPAN.minute, Math.max(since, state.minutesFoldedTo), until);
  if (stepMinutes < DAY_MIN) {
    add(SPAN.hour, since, until);
    return { stepMinutes, range: { since, until }, segments };
  }
  add(SPAN.hour, Math.max(since, state.hoursFoldedTo), until);
  add(SPAN.day, since, until);
  return { stepMinutes, range: { since, until }, segments };
}
