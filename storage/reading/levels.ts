// Chooses the rollup rows that make up a stretch of time: minutes, hours or days.
// Invariant: the segments of a window name every execution in it exactly once, whatever was rolled up or dropped.
// It is pure arithmetic on minutes since the Unix epoch. Not here: SQL, rolling up itself (sqlite/upkeep/roll-up.ts).

/** How far rolling up and dropping went; see fold_state in the schema. All in minutes since the Unix epoch. */
export interface FoldState {
  /** Minutes before it are in their hour and in the lifetime row. */
  minutesFoldedTo: number;
  /** Hours that start before it are in their day; a multiple of 60, at most minutesFoldedTo. */
  hoursFoldedTo: number;
  /** What is older exists as hours only; a multiple of 60. */
  minutesKeptFrom: number;
  /** What is older exists as days only; a multiple of 1440. */
  hoursKeptFrom: number;
  /** What is older exists in the lifetime rows only; a multiple of 1440. */
  daysKeptFrom: number;
  /** First and last minute that anything was written for; null while nothing was. */
  firstMinute: number | null;
  lastMinute: number | null;
}

export const HOUR_MIN = 60;
export const DAY_MIN = 1440;
/** span_s of each level. */
export const SPAN = { lifetime: 0, minute: 60, hour: 3600, day: 86400 } as const;

/** Rows of one level whose bucket_min is in [fromMinute, toMinute). */
export interface Segment {
  spanS: number;
  fromMinute: number;
  toMinute: number;
}

export interface MinuteRange {
  /** First minute in it. */
  since: number;
  /** First minute after it. */
  until: number;
}

/** Everything ever stored: lifetime rows and the minutes that are not in them yet. */
export function wholeLife(state: FoldState): Segment[] {
  const segments: Segment[] = [{ spanS: SPAN.lifetime, fromMinute: 0, toMinute: 1 }];
  add(segments, SPAN.minute, state.minutesFoldedTo, (state.lastMinute ?? -1) + 1);
  return segments;
}

/** The range, widened to the buckets that still exist. */
export function snapOutward(range: MinuteRange, state: FoldState): MinuteRange {
  const since = Math.max(range.since, state.daysKeptFrom);
  const until = Math.max(range.until, since);
  const sinceStep = stepAt(since, state);
  // The last minute inside decides the step of the end.
  const untilStep = stepAt(until - 1, state);
  return { since: floorTo(since, sinceStep), until: ceilTo(until, untilStep) };
}

function stepAt(minute: number, state: FoldState): number {
  if (minute >= state.minutesKeptFrom) return 1;
  return minute >= state.hoursKeptFrom ? HOUR_MIN : DAY_MIN;
}

/** The segments of a range that snapOutward gave. */
export function segmentsOf(range: MinuteRange, state: FoldState): Segment[] {
  const segments: Segment[] = [];
  const { since, until } = range;
  const folded = Math.min(until, state.minutesFoldedTo);
  add(segments, SPAN.minute, Math.max(since, state.minutesFoldedTo), until);
  const hoursFrom = ceilTo(since, HOUR_MIN);
  // The hour that is being filled holds only what was rolled up, so a range that reaches past it may take it whole.
  const hoursTo = until >= state.minutesFoldedTo ? ceilTo(folded, HOUR_MIN) : floorTo(folded, HOUR_MIN);
  if (hoursFrom >= hoursTo) {
    add(segments, SPAN.minute, since, folded);
    return segments;
  }
  add(segments, SPAN.minute, since, hoursFrom);
  add(segments, SPAN.minute, hoursTo, folded);
  addHours(segments, { since: hoursFrom, until: hoursTo }, state);
  return segments;
}

function addHours(segments: Segment[], range: MinuteRange, state: FoldState): void {
  const { since, until } = range;
  const folded = Math.min(until, state.hoursFoldedTo);
  add(segments, SPAN.hour, Math.max(since, state.hoursFoldedTo), until);
  const daysFrom = ceilTo(since, DAY_MIN);
  const daysTo = until >= state.hoursFoldedTo ? ceilTo(folded, DAY_MIN) : floorTo(folded, DAY_MIN);
  if (daysFrom >= daysTo) {
    add(segments, SPAN.hour, since, folded);
    return;
  }
  add(segments, SPAN.hour, since, daysFrom);
  add(segments, SPAN.hour, daysTo, folded);
  add(segments, SPAN.day, daysFrom, daysTo);
}

/** Every bucket that an execution of this minute must be written to now; late ones go to coarser buckets too. */
export function bucketsFor(minute: number, state: FoldState): Array<readonly [spanS: number, bucketMinute: number]> {
  if (minute >= state.minutesFoldedTo) return [[SPAN.minute, minute]];
  const hour = floorTo(minute, HOUR_MIN);
  const buckets: Array<readonly [number, number]> = [[SPAN.lifetime, 0]];
  if (minute >= state.minutesKeptFrom) buckets.push([SPAN.minute, minute]);
  if (hour >= state.hoursKeptFrom) buckets.push([SPAN.hour, hour]);
  if (hour < state.hoursFoldedTo && hour >= state.daysKeptFrom) buckets.push([SPAN.day, floorTo(minute, DAY_MIN)]);
  return buckets;
}

export function floorTo(minute: number, step: number): number {
  return Math.floor(minute / step) * step;
}

export function ceilTo(minute: number, step: number): number {
  return Math.ceil(minute / step) * step;
}

function add(segments: Segment[], spanS: number, fromMinute: number, toMinute: number): void {
  if (fromMinute < toMinute) segments.push({ spanS, fromMinute, toMinute });
}
