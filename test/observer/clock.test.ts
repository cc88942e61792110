// 76: the system's clock is set, forward and back, while an observer runs.
// Not here: what a gap does to reports (test/storage/gaps.test.ts).

import { describe, expect, test } from 'vitest';
import { Rollups, whereOf } from '../../analyzer/rollup/rollups.js';
import { ClockWatch } from '../../observer/accounts/clock-watch.js';
import { measuredAt, verdictOf } from './measured.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const T0 = 29_000_000 * MINUTE_MS;

describe('76: the watch of the clock', () => {
  test('says nothing of a clock that runs, or is corrected by some seconds', () => {
    const watch = new ClockWatch();
    expect(watch.look(T0, 0)).toBeUndefined();
    expect(watch.look(T0 + 1000, 1000)).toBeUndefined();
    expect(watch.look(T0 + 32_000, 2000)).toBeUndefined();
    expect(watch.isTrusted(3000)).toBe(true);
  });

  test('tells each step once, and does not trust the clock for an hour', () => {
    const watch = new ClockWatch();
    watch.look(T0, 0);
    expect(watch.look(T0 + HOUR_MS + 1000, 1000)).toEqual({ fromMs: T0 + 1000, toMs: T0 + HOUR_MS + 1000 });
    expect(watch.look(T0 + HOUR_MS + 2000, 2000)).toBeUndefined();
    expect(watch.look(T0 + 3000, 3000)).toEqual({ fromMs: T0 + HOUR_MS + 3000, toMs: T0 + 3000 });
    expect(watch.isTrusted(3000 + HOUR_MS - 1)).toBe(false);
    expect(watch.isTrusted(3000 + HOUR_MS)).toBe(true);
  });
});

describe('76: the minutes of rollups', () => {
  const place = { fingerprint: 'f', pool: 'p', verdict: verdictOf(), where: whereOf('p', 'raw', 'cursor') };
  const minutesOf = (rollups: Rollups) => rollups.pending().map(({ key }) => key.minute - T0 / MINUTE_MS);

  test('follow a clock that was an hour ahead for a moment', () => {
    const rollups = new Rollups({ rollupRowsPerMinuteMax: 100, minuteClosesAfterMs: MINUTE_MS });
    rollups.add(measuredAt(T0 + HOUR_MS), place);
    rollups.closeMinutes(T0 + HOUR_MS);
    rollups.stored();
    // Set back: executions of before the next look still go to the future.
    rollups.closeMinutes(T0 + 2 * MINUTE_MS);
    rollups.add(measuredAt(T0 + 2 * MINUTE_MS), place);
    expect(minutesOf(rollups)).toEqual([2]);
    expect(rollups.lateTotal).toBe(0);
  });

  test('go back with a clock that was set back, and do not wait for it to catch up', () => {
    const rollups = new Rollups({ rollupRowsPerMinuteMax: 100, minuteClosesAfterMs: MINUTE_MS });
    rollups.closeMinutes(T0 + 10 * HOUR_MS);
    rollups.closeMinutes(T0);
    rollups.add(measuredAt(T0), place);
    expect(minutesOf(rollups)).toEqual([0]);
  });
});
