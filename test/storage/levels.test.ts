// Minutes, hours and days: which level answers a span of time.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  bucketsFor,
  ceilTo,
  type Folding,
  type FoldState,
  floorTo,
  type RowKey,
  type Segment,
  SPAN,
  segmentsOf,
  snapOutward,
  wholeLife,
} from '../../storage/reading/levels.js';

/** The row that is followed: of a table in the middle of those that are folded in parts. */
const ROW: RowKey = { key: 'tag_series_id', id: 7 };
/** How far a bucket may be folded: not at all, or short of the row, or past it. */
const foldings = fc.constantFrom<Folding | null>(
  null,
  { key: 'series_id', upTo: 9 },
  { key: 'tag_series_id', upTo: 6 },
  { key: 'tag_series_id', upTo: 7 },
  { key: 'request_series_id', upTo: 1 },
);
const holdsRow = (folding: Folding | null): boolean =>
  folding?.key === 'request_series_id' || (folding?.key === ROW.key && folding.upTo >= ROW.id);

const DAYS = 4;
const LAST_MIN = DAYS * 1440;

/** A state that rolling up and retention can reach. */
const states = fc
  .tuple(fc.nat(LAST_MIN), fc.nat(LAST_MIN), fc.nat(LAST_MIN), fc.nat(LAST_MIN), fc.nat(LAST_MIN), foldings, foldings)
  .map(([minutes, hours, keptMinutes, keptHours, keptDays, minuteFolding, hourFolding]): FoldState => {
    const hoursFoldedTo = Math.min(floorTo(hours, 60), floorTo(minutes, 60));
    const minutesKeptFrom = Math.min(floorTo(keptMinutes, 60), floorTo(minutes, 60));
    const hoursKeptFrom = Math.min(
      floorTo(keptHours, 1440),
      floorTo(hoursFoldedTo, 1440),
      floorTo(minutesKeptFrom, 1440),
    );
    return {
      minutesFoldedTo: minutes,
      hoursFoldedTo,
      minutesKeptFrom,
      hoursKeptFrom,
      daysKeptFrom: Math.min(floorTo(keptDays, 1440), hoursKeptFrom),
      minuteFolding,
      // Only an hour that is over is folded.
      hourFolding: hoursFoldedTo < floorTo(minutes, 60) ? hourFolding : null,
      firstMinute: 0,
      lastMinute: LAST_MIN - 1,
    };
  });

/**
 * How often each minute is in the rows of these segments, when one execution was written in every minute in the order
 * of time.
 */
function coverage(segments: ReturnType<typeof segmentsOf>, state: FoldState): number[] {
  const times = new Array<number>(LAST_MIN).fill(0);
  for (let minute = 0; minute < LAST_MIN; minute++) {
    for (const segment of segments) if (isIn(minute, segment, state)) times[minute]++;
  }
  return times;
}

function isIn(minute: number, segment: Segment, state: FoldState): boolean {
  const { spanS, fromMinute, toMinute, halfFolded } = segment;
  const isElsewhere = (bucket: number): boolean => halfFolded?.bucket === bucket && holdsRow(halfFolded);
  const within = (bucket: number): boolean => bucket >= fromMinute && bucket < toMinute && !isElsewhere(bucket);
  const { isInHour, isInDay } = foldedIn(minute, state);
  switch (spanS) {
    case SPAN.minute:
      return within(minute) && minute >= state.minutesKeptFrom;
    case SPAN.hour:
      return within(floorTo(minute, 60)) && isInHour && minute >= state.hoursKeptFrom;
    case SPAN.day:
      return within(floorTo(minute, 1440)) && isInDay && minute >= state.daysKeptFrom;
    default:
      return isInHour;
  }
}

/** Where the row of a minute is besides the minute itself. */
function foldedIn(minute: number, state: FoldState): { isInHour: boolean; isInDay: boolean } {
  const { minutesFoldedTo, hoursFoldedTo, minuteFolding, hourFolding } = state;
  const hour = floorTo(minute, 60);
  return {
    isInHour: minute < minutesFoldedTo || (minute === minutesFoldedTo && holdsRow(minuteFolding)),
    isInDay: hour < hoursFoldedTo || (hour === hoursFoldedTo && holdsRow(hourFolding)),
  };
}

it('names every minute of a window exactly once and none outside, whatever was folded or dropped', () => {
  fc.assert(
    fc.property(states, fc.nat(LAST_MIN - 1), fc.integer({ min: 1, max: LAST_MIN }), (state, since, length) => {
      const range = snapOutward({ since, until: Math.min(LAST_MIN, since + length) }, state);
      const expected = Array.from({ length: LAST_MIN }, (_, minute) =>
        minute >= range.since && minute < range.until ? 1 : 0,
      );
      expect(coverage(segmentsOf(range, state), state)).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

it('names every minute once in the whole life', () => {
  fc.assert(
    fc.property(states, (state) => {
      expect(coverage(wholeLife(state), state).every((times) => times === 1)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

it('widens a window, never narrows it, and by less than a day', () => {
  fc.assert(
    fc.property(states, fc.nat(LAST_MIN - 1), fc.integer({ min: 1, max: 3000 }), (state, since, length) => {
      fc.pre(since >= state.daysKeptFrom);
      const range = snapOutward({ since, until: since + length }, state);
      expect(range.since).toBeLessThanOrEqual(since);
      expect(range.until).toBeGreaterThanOrEqual(since + length);
      expect(range.since).toBeGreaterThan(since - 1440);
      expect(range.until).toBeLessThan(since + length + 1440);
    }),
  );
});

it('writes an execution to just those buckets that its minute would have been folded into', () => {
  fc.assert(
    fc.property(states, fc.nat(LAST_MIN - 1), (state, minute) => {
      const written = bucketsFor(minute, state, ROW).map(([spanS, bucket]) => `${spanS}@${bucket}`);
      const { isInHour, isInDay } = foldedIn(minute, state);
      const expected = [
        ...(minute >= state.minutesKeptFrom ? [`60@${minute}`] : []),
        ...(isInHour && minute >= state.hoursKeptFrom ? [`3600@${floorTo(minute, 60)}`] : []),
        ...(isInDay && minute >= state.daysKeptFrom ? [`86400@${floorTo(minute, 1440)}`] : []),
        ...(isInHour ? ['0@0'] : []),
      ];
      expect(written.sort()).toEqual(expected.sort());
    }),
  );
});

it('takes long windows from few rows', () => {
  const state: FoldState = {
    minutesFoldedTo: 3 * 1440 + 90,
    hoursFoldedTo: 3 * 1440 + 60,
    minutesKeptFrom: 2 * 1440,
    hoursKeptFrom: 0,
    daysKeptFrom: 0,
    minuteFolding: null,
    hourFolding: null,
    firstMinute: 0,
    lastMinute: 3 * 1440 + 92,
  };
  const segments = segmentsOf(snapOutward({ since: 10, until: 3 * 1440 + 93 }, state), state);
  const buckets = segments.map(({ spanS, fromMinute, toMinute }) => ceilTo(toMinute - fromMinute, 1) / (spanS / 60));
  expect(buckets.reduce((a, b) => a + b)).toBeLessThan(40);
});
