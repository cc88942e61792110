// When observing is paused because the loop is late, and when it goes on.

import { describe, expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { LoopBreaker } from '../../proxy/relay/loop-breaker.js';

const SECOND = 1_000;
const LATE = { lagMs: limits.loopLateMs, busyShare: 1 };
const CALM = { lagMs: 0, busyShare: 0.2 };

/** Ticks once a second; says at which second what was decided. */
function secondsOf(...phases: ReadonlyArray<readonly [seconds: number, tick: { lagMs: number; busyShare: number }]>) {
  const breaker = new LoopBreaker(limits);
  const said: string[] = [];
  let second = 0;
  for (const [seconds, tick] of phases) {
    for (let i = 0; i < seconds; i++) {
      const what = breaker.tick({ nowMs: ++second * SECOND, ...tick });
      if (what !== undefined) said.push(`${what} ${second}`);
    }
  }
  return { said, breaker };
}

describe('observing is paused', () => {
  test('when the loop is late for three seconds in a row', () => {
    const { said, breaker } = secondsOf([3, LATE]);
    expect(said).toEqual(['pause 3']);
    expect(breaker).toMatchObject({ paused: true, pausesTotal: 1 });
  });

  test('not for two, however often', () => {
    expect(secondsOf([2, LATE], [1, CALM], [2, LATE], [1, CALM], [2, LATE]).said).toEqual([]);
  });

  test('not by a loop that mostly waits: then the machine is late', () => {
    expect(secondsOf([60, { lagMs: 5_000, busyShare: limits.loopBusyShare - 0.01 }]).said).toEqual([]);
  });

  test('not by a loop that always works and is in time', () => {
    expect(secondsOf([60, { lagMs: limits.loopLateMs - 1, busyShare: 1 }]).said).toEqual([]);
  });
});

describe('it goes on', () => {
  test('after the shortest pause, when the loop is calm', () => {
    expect(secondsOf([3, LATE], [60, CALM]).said).toEqual(['pause 3', `resume ${3 + limits.pauseMs / SECOND}`]);
  });

  test('not while the loop is late, nor when it is only a little better', () => {
    expect(secondsOf([120, LATE]).said).toEqual(['pause 3']);
    expect(secondsOf([3, LATE], [120, { lagMs: limits.loopCalmMs, busyShare: 1 }]).said).toEqual(['pause 3']);
  });

  test('when it was calm for some seconds in a row', () => {
    const { said } = secondsOf([30, LATE], [4, CALM], [1, LATE], [20, CALM]);
    expect(said).toEqual(['pause 3', `resume ${30 + 4 + 1 + limits.loopCalmTicks}`]);
  });
});

describe('a pause that follows soon after another', () => {
  test('is twice as long', () => {
    const first = limits.pauseMs / SECOND;
    const { said } = secondsOf([3, LATE], [first, CALM], [3, LATE], [60, CALM]);
    expect(said).toEqual(['pause 3', `resume ${3 + first}`, `pause ${6 + first}`, `resume ${6 + 3 * first}`]);
  });

  test('is never longer than the longest', () => {
    const { said } = secondsOf(
      ...Array.from(
        { length: 20 },
        () =>
          [
            [3, LATE],
            [700, CALM],
          ] as const,
      ).flat(),
    );
    const at = said.map((line) => Number(line.split(' ')[1]));
    const pauses = at.filter((_, i) => i % 2 === 1).map((end, i) => end - at[2 * i]);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(limits.pauseMsMax / SECOND);
  });

  test('and one that comes long after is as short as the first', () => {
    const calmSeconds = (limits.pauseMs + limits.pauseMsMax) / SECOND + 1;
    const { said } = secondsOf([3, LATE], [calmSeconds, CALM], [3, LATE], [60, CALM]);
    const [, , paused, resumed] = said.map((line) => Number(line.split(' ')[1]));
    expect(resumed - paused).toBe(limits.pauseMs / SECOND);
  });
});
