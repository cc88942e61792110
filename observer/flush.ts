// Flushes: gives the store everything that waits, and has it looked after between flushes.
// Invariant: nothing is acknowledged before it is stored; a flush that the store refused keeps everything for the next
// one. Not here: what waits (flush-parts.ts), failures of the store (accounts/storing.ts), the transaction
// (storage/sqlite/write/flush-writer.ts).

import type { Pipeline } from '../analyzer/pipeline.js';
import type { ConnectionsNow } from '../analyzer/pools/pool.js';
import type { PoolMinute } from '../facts/pool-minute.js';
import type { RequestRollup, RollupRow } from '../facts/rollup-row.js';
import type { Storing } from './accounts/storing.js';
import type { Unaccounted } from './accounts/unaccounted.js';
import type { FlushParts } from './flush-parts.js';

/** Is told what the metrics show of each flush. */
export interface FlushListener {
  setPoolConnections(pools: Iterable<ConnectionsNow & { name: string }>): void;
  /** What one flush adds to a pool. */
  recordPool(pool: { name: string; owner: string }, minute: PoolMinute): void;
  /** Connections whose owner was revised so far. */
  setRevisions(total: number): void;
  /** What one flush adds, once per rollup row: for statements that have metrics of their own. */
  recordRollup(row: RollupRow, nowMs: number): void;
  /** Likewise for routes, once per tag set of requests. */
  recordRequests(row: RequestRollup, nowMs: number): void;
}

interface FlusherParts {
  pipeline: Pipeline;
  parts: FlushParts;
  storing: Storing;
  unaccounted: Unaccounted;
  health: FlushListener;
}

const MAINTAIN_EVERY_MS = 5_000;
/** Rows of one flush: some 25 ms. */
const ROWS_MANY = 2_500;

export class Flusher {
  readonly #of: FlusherParts;
  /** Undefined until the first flush, so that upkeep of a large store cannot delay the first answer to a relay. */
  #maintainedMs: number | undefined;
  /** A flush went well, and nothing was looked after since; or upkeep is behind. */
  #isUpkeepDue = false;
  /** The last turn was upkeep's. */
  #hasLookedAfter = false;

  constructor(of: FlusherParts) {
    this.#of = of;
  }

  /** Returns false when the store refused. `isEarly`: the next one comes at its time. */
  flush(nowMs: number, { isEarly = false } = {}): boolean {
    const { pipeline, parts, storing, unaccounted } = this.#of;
    unaccounted.look(nowMs);
    pipeline.tick(nowMs);
    if (!storing.flush(parts.flushAt(nowMs))) return false;
    this.#tellCounted(nowMs);
    parts.stored();
    pipeline.counting.rollups.closeMinutes(nowMs);
    this.#tellMetrics(nowMs);
    this.#maintainedMs ??= nowMs;
    this.#isUpkeepDue ||= !isEarly;
    return true;
  }

  /** So much waits that the next flush would hold the loop for long. What the store refused waits for its time. */
  get wantsEarlyFlush(): boolean {
    const { pipeline, storing } = this.#of;
    return storing.unstoredSinceMs === undefined && pipeline.counting.rollups.pending().length >= ROWS_MANY;
  }

  /** Some milliseconds of what need not be done with a flush, so that neither holds the loop for long. */
  turn(nowMs: number): void {
    const { storing, unaccounted } = this.#of;
    // Flushes may be as frequent as turns: the journal has every second turn at least.
    if (!this.#isUpkeepDue || this.#hasLookedAfter) {
      this.#hasLookedAfter = false;
      storing.writeOut(nowMs);
      return;
    }
    this.#hasLookedAfter = true;
    if (nowMs - this.#maintainedMs! >= MAINTAIN_EVERY_MS) {
      this.#maintainedMs = nowMs;
      this.#isUpkeepDue = storing.maintain(nowMs, unaccounted.clockIsTrusted);
    } else this.#isUpkeepDue = storing.goOn(nowMs);
  }

  /** Tells the metrics, and findings over time, what this flush added, before its holders begin anew. */
  #tellCounted(nowMs: number): void {
    const { pipeline, parts, health } = this.#of;
    const { rollups, units, findings } = pipeline.counting;
    for (const row of rollups.pending()) {
      health.recordRollup(row, nowMs);
      findings.histories.take(row);
    }
    for (const plan of parts.holders.plans.pending()) findings.seqScans.note(plan);
    for (const row of units.requests.pending()) health.recordRequests(row, nowMs);
    for (const { pool, minute } of pipeline.pools.minutes.withPools()) {
      health.recordPool({ name: pool.name, owner: pool.identity.owner }, minute);
      findings.poolHistories.take(minute, pool.usedAt(nowMs));
    }
  }

  #tellMetrics(nowMs: number): void {
    const { pipeline, health } = this.#of;
    const pools = [...pipeline.pools.all()];
    const connections = pools.map((pool) => ({ name: pool.name, ...pool.connectionsAt(nowMs) }));
    health.setPoolConnections(connections);
    health.setRevisions(pipeline.counters.revisionsTotal);
  }
}

/** Executions that are counted and not stored. */
export function unstoredOf({ counting }: Pipeline): number {
  let executions = 0;
  for (const row of counting.rollups.pending()) executions += row.executions;
  return executions;
}
