// Pools over time: connections held and busy, each pool's and all together.
// Invariant: a point of several minutes has their peak; all points come from one snapshot.
// Not here: the pools themselves (reports/pools.ts).

import { MINUTE_MS } from '../../config/values/minute.js';
import type { Window } from '../../facts/answers.js';
import { DAY_MIN } from '../../storage/reading/levels.js';
import type { PoolPoint } from '../../storage/reading/pool-rows.js';
import { spanOf, type TimeBounds } from '../../storage/reading/span.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { recordedPart, timelineOf } from '../../storage/reading/timeline-levels.js';

export interface PoolHistoryReport {
  readonly window: Window;
  readonly stepMs: number;
  /** In order; times at which nothing was held are left out. */
  readonly fleet: ReadonlyArray<{ atMs: number; connectionsMax: number; busyMax: number }>;
  /** By pool id. */
  readonly pools: ReadonlyMap<string, readonly PoolHistoryPoint[]>;
}

export interface PoolHistoryPoint extends Omit<PoolPoint, 'at' | 'poolId'> {
  readonly atMs: number;
}

/** Throws StoreError, and RangeError for a window that ends before it starts. */
export function reportPoolHistory(reader: StoreReader, bounds: TimeBounds = {}): PoolHistoryReport {
  return reader.read((stored) => {
    const { window } = spanOf(stored, bounds);
    const state = stored.foldState();
    const timeline = timelineOf(recordedPart(window, state), state, { minuteRowsMax: DAY_MIN });
    const pools = new Map<string, PoolHistoryPoint[]>();
    const sorted = stored.poolPoints(timeline).sort((a, b) => a.at - b.at);
    for (const { at, poolId, ...point } of sorted) {
      const known = pools.get(poolId) ?? [];
      pools.set(poolId, [...known, { atMs: at * MINUTE_MS, ...point }]);
    }
    const fleet = stored.fleetPoints(timeline).map(({ at, ...peaks }) => ({ atMs: at * MINUTE_MS, ...peaks }));
    return {
      window,
      stepMs: timeline.stepMinutes * MINUTE_MS,
      fleet: fleet.sort((a, b) => a.atMs - b.atMs),
      pools,
    };
  });
}
