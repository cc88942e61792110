// The minutes of pools that wait for a flush: of each pool, and of all pools together.
// Invariant: counts are deltas since the last flush, peaks are maxima within the minute; busyMax is given as at most
// connectionsMax. Not here: what is counted into them (pools.ts).

import { minuteOf } from '../../config/values/minute.js';
import type { FleetMinute } from '../../facts/flush.js';
import type { Pending } from '../../facts/pending.js';
import { newPoolMinute, type PoolMinute } from '../../facts/pool-minute.js';
import type { Pool } from './pool.js';

export class PoolMinutes implements Pending<PoolMinute> {
  readonly #byPool = new Map<Pool, Map<number, PoolMinute>>();

  /** Hot path: once or more per execution. A new minute begins with the connections that the pool holds. */
  at(pool: Pool, atMs: number): PoolMinute {
    const number = minuteOf(atMs);
    if (pool.minute?.minute === number) return pool.minute;
    let minutes = this.#byPool.get(pool);
    if (minutes === undefined) {
      minutes = new Map();
      this.#byPool.set(pool, minutes);
    }
    let minute = minutes.get(number);
    if (minute === undefined) {
      minute = newPoolMinute(pool.id, number);
      minute.connectionsMax = pool.members.size;
      minutes.set(number, minute);
    }
    pool.minute = minute;
    return minute;
  }

  *pending(): Iterable<PoolMinute> {
    for (const minutes of this.#byPool.values()) for (const minute of minutes.values()) yield heldAtMost(minute);
  }

  /** Each minute that waits, with its pool. */
  *withPools(): Iterable<{ pool: Pool; minute: PoolMinute }> {
    for (const [pool, minutes] of this.#byPool)
      for (const minute of minutes.values()) yield { pool, minute: heldAtMost(minute) };
  }

  stored(): void {
    for (const pool of this.#byPool.keys()) pool.minute = undefined;
    this.#byPool.clear();
  }
}

export class FleetMinutes implements Pending<FleetMinute> {
  readonly #minutes = new Map<number, FleetMinute>();

  /** `connections`: held now, what a new minute begins with. */
  at(atMs: number, connections: number): FleetMinute {
    const number = minuteOf(atMs);
    let minute = this.#minutes.get(number);
    if (minute === undefined) {
      minute = { minute: number, connectionsMax: connections, busyMax: 0 };
      this.#minutes.set(number, minute);
    }
    return minute;
  }

  *pending(): Iterable<FleetMinute> {
    for (const minute of this.#minutes.values()) yield heldAtMost(minute);
  }

  stored(): void {
    this.#minutes.clear();
  }
}

/** Sessions busy after one another within a second all count in it; at once there were no more than were held. */
function heldAtMost<T extends { connectionsMax: number; busyMax: number }>(minute: T): T {
  return minute.busyMax <= minute.connectionsMax ? minute : { ...minute, busyMax: minute.connectionsMax };
}
