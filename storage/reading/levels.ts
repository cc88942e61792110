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
  /** Of the minute at minutesFoldedTo, and of the hour at hoursFoldedTo: what of it is in its coarser rows already. */
  minuteFolding: Folding | null;
  hourFolding: Folding | null;
  /** First and last minute that anything was written for; null while nothing was. */
  firstMinute: number | null;
  lastMinute: number | null;
}

/** First keys of the tables that are folded in parts, in that order. Other tables are folded whole, after them. */
export const FOLDED_BY = ['series_id', 'tag_series_id', 'request_series_id'] as const;
export type FoldedKey = (typeof FOLDED_BY)[number];

/** Rows of one bucket that are in its coarser rows: those by earlier keys, and those by this key up to an id. */
export interface Folding {
  key: FoldedKey;
  upTo: number;
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
  /** Of this bucket some rows are read from a coarser level. */
  halfFolded?: Folding & { bucket: number };
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
  const until = (state.lastMinute ?? -1) + 1;
  addSegment(segments, { ...freshMinutes(state, true), fromMinute: state.minutesFoldedTo, toMinute: until });
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
  const hoursFrom = ceilTo(since, HOUR_MIN);
  // The hour that is being filled holds only what was rolled up, so a range that reaches past it may take it whole.
  const reachesPast = until > state.minutesFoldedTo - (state.minuteFolding === null ? 1 : 0);
  const hoursTo = reachesPast ? ceilTo(folded, HOUR_MIN) : floorTo(folded, HOUR_MIN);
  const isInHour = hoursFrom < hoursTo && hoursTo > state.minutesFoldedTo;
  const fromMinute = Math.max(since, state.minutesFoldedTo);
  addSegment(segments, { ...freshMinutes(state, isInHour), fromMinute, toMinute: until });
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
  const daysFrom = ceilTo(since, DAY_MIN);
  const reachesPast = until > state.hoursFoldedTo - (state.hourFolding === null ? 1 : 0);
  const daysTo = reachesPast ? ceilTo(folded, DAY_MIN) : floorTo(folded, DAY_MIN);
  const isInDay = daysFrom < daysTo && daysTo > state.hoursFoldedTo;
  addSegment(segments, {
    ...freshHours(state, isInDay),
    fromMinute: Math.max(since, state.hoursFoldedTo),
    toMinute: until,
  });
  if (daysFrom >= daysTo) {
    add(segments, SPAN.hour, since, folded);
    return;
  }
  add(segments, SPAN.hour, since, daysFrom);
  add(segments, SPAN.hour, daysTo, folded);
  add(segments, SPAN.day, daysFrom, daysTo);
}

/** Where the minutes begin that are not folded; `isFoldedRead`: together with the coarser rows of the first. */
export function freshMinutes({ minutesFoldedTo, minuteFolding }: FoldState, isFoldedRead: boolean): Fresh {
  return freshFrom(SPAN.minute, minutesFoldedTo, isFoldedRead ? minuteFolding : null);
}

/** Likewise of hours and their days. */
export function freshHours({ hoursFoldedTo, hourFolding }: FoldState, isFoldedRead: boolean): Fresh {
  return freshFrom(SPAN.hour, hoursFoldedTo, isFoldedRead ? hourFolding : null);
}

type Fresh = Pick<Segment, 'spanS' | 'halfFolded'>;

function freshFrom(spanS: number, bucket: number, folding: Folding | null): Fresh {
  return folding === null ? { spanS } : { spanS, halfFolded: { ...folding, bucket } };
}

/** Identifies a row within its bucket, as far as folding goes; undefined = of a table that is folded whole. */
export interface RowKey {
  key: FoldedKey;
  id: number;
}

/** Every bucket that an execution of this minute must be written to now; late ones go to coarser buckets too. */
export function bucketsFor(
  minute: number,
  state: FoldState,
  row: RowKey | undefined,
): Array<readonly [spanS: number, bucketMinute: number]> {
  const { minutesFoldedTo, minuteFolding, hourFolding } = state;
  if (minute > minutesFoldedTo || (minute === minutesFoldedTo && !isFolded(row, minuteFolding))) {
    return [[SPAN.minute, minute]];
  }
  const hour = floorTo(minute, HOUR_MIN);
  const buckets: Array<readonly [number, number]> = [[SPAN.lifetime, 0]];
  if (minute >= state.minutesKeptFrom) buckets.push([SPAN.minute, minute]);
  if (hour >= state.hoursKeptFrom) buckets.push([SPAN.hour, hour]);
  const isInDay = hour < state.hoursFoldedTo || (hour === state.hoursFoldedTo && isFolded(row, hourFolding));
  if (isInDay && hour >= state.daysKeptFrom) buckets.push([SPAN.day, floorTo(minute, DAY_MIN)]);
  return buckets;
}

function isFolded(row: RowKey | undefined, folding: Folding | null): boolean {
  if (row === undefined || folding === null) return false;
  const [mine, theirs] = [FOLDED_BY.indexOf(row.key), FOLDED_BY.indexOf(folding.key)];
  return mine < theirs || (mine === theirs && row.id <= folding.upTo);
}

export function floorTo(minute: number, step: number): number {
  return Math.floor(minute / step) * step;
}

export function ceilTo(minute: number, step: number): number {
  return Math.ceil(minute / step) * step;
}

function add(segments: Segment[], spanS: number, fromMinute: number, toMinute: number): void {
  addSegment(segments, { spanS, fromMinute, toMinute });
}

export function addSegment(segments: Segment[], segment: Segment): void {
  if (segment.fromMinute < segment.toMinute) segments.push(segment);
}
