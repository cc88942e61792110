// Counts what the connections of each pool do, and how many were busy at once.
// Invariant: a session that reached AuthenticationOk gets exactly one pool when it settles, and keeps it. At most
// poolsMax pools are told apart; later ones are '(other)', and counted. Not here: who owns a connection
// (attribution/connection/connection-profile.ts), statements by source (rollup/).

import { OTHER_POOL, type PoolIdentity, poolId, poolName } from '../../facts/pool.js';
import { addTransaction } from '../../facts/pool-minute.js';
import { BusySeconds, firstUnmarkedSecond } from './busy-seconds.js';
import { Pool, type PoolMember } from './pool.js';
import { FleetMinutes, PoolMinutes } from './pool-minutes.js';
import { PoolRows } from './pool-rows.js';

export interface PoolsOptions {
  poolsMax: number;
  /** The user's own name for an identity, or ''. */
  nameOf?: (identity: PoolIdentity) => string;
}

export class Pools {
  readonly #options: PoolsOptions;
  readonly #pools = new Map<string, Pool>();
  readonly rows = new PoolRows(this.#pools);
  readonly minutes = new PoolMinutes();
  /** All pools together. */
  readonly fleet = new FleetMinutes();
  readonly #fleetBusy = new BusySeconds();
  #members = 0;
  cappedTotal = 0;

  constructor(options: PoolsOptions) {
    this.#options = options;
  }

  all(): Iterable<Pool> {
    return this.#pools.values();
  }

  /** The id itself where no pool has it. */
  nameOf(id: string): string {
    return this.#pools.get(id)?.name ?? id;
  }

  /** Returns the pool of this identity; '(other)' when there are too many. `name`: what a rule of the user calls it. */
  of(identity: PoolIdentity, use: { atMs: number; name?: string }): Pool {
    const id = poolId(identity);
    const known = this.#pools.get(id);
    if (known !== undefined) return known;
    if (this.#pools.size >= this.#options.poolsMax) {
      this.cappedTotal++;
      return this.#other(use.atMs);
    }
    const name = use.name || this.#options.nameOf?.(identity) || poolName(identity);
    const pool = new Pool(identity, { id, name, atMs: use.atMs });
    this.#pools.set(id, pool);
    return pool;
  }

  /** The session settled (or was restored): from now on it is counted in its pool. */
  join(member: PoolMember, pool: Pool, entry: { restored: boolean; nowMs: number }): void {
    member.pool = pool;
    pool.members.add(member);
    this.#members++;
    const minute = this.minutes.at(pool, entry.nowMs);
    if (!entry.restored) minute.opened++;
    minute.activeMs += member.activeMs;
    minute.idleMs += member.idleMs;
    minute.idleInTransactionMs += member.idleInTransactionMs;
    for (const ended of member.endedBefore) addTransaction(minute, ended);
    member.endedBefore = [];
    this.#held(pool, entry.nowMs);
  }

  leave(member: PoolMember, closedAtMs: number): void {
    const pool = member.pool;
    if (pool === undefined) return;
    this.advance(member, closedAtMs);
    pool.members.delete(member);
    this.#members--;
    const minute = this.minutes.at(pool, closedAtMs);
    minute.closed++;
    const lifetimeMs = Math.max(0, closedAtMs - member.openedAtMs);
    minute.lifetimeTotalMs += lifetimeMs;
    pool.habits.closed(lifetimeMs);
  }

  /** An execution of this session completed. */
  executed(
    member: PoolMember,
    execution: { completedAtMs: number; serviceNs: number; inTransactionAfter: boolean | undefined },
  ): void {
    const { completedAtMs, serviceNs } = execution;
    this.advance(member, completedAtMs - serviceNs / 1e6);
    const activeMs = Math.max(0, completedAtMs - member.countedToMs);
    member.countedToMs = Math.max(member.countedToMs, completedAtMs);
    const counts = member.pool === undefined ? member : this.minutes.at(member.pool, completedAtMs);
    counts.activeMs += activeMs;
    if (execution.inTransactionAfter !== undefined) {
      member.inTransaction = execution.inTransactionAfter;
    }
    member.running = false;
    member.silentSinceMs = completedAtMs;
    this.#busy(member, completedAtMs, serviceNs);
  }

  /** A transaction of this session ended. */
  transactionEnded(member: PoolMember, ended: { statements: number; durationMs: number; atMs: number }): void {
    if (member.pool !== undefined) addTransaction(this.minutes.at(member.pool, ended.atMs), ended);
    else member.endedBefore.push({ statements: ended.statements, durationMs: ended.durationMs });
  }

  /** Counts a session's time up to now as idle or idle in transaction. */
  advance(member: PoolMember, nowMs: number): void {
    const passedMs = nowMs - member.countedToMs;
    if (passedMs <= 0 || member.running) return;
    member.countedToMs = nowMs;
    const counts = member.pool === undefined ? member : this.minutes.at(member.pool, nowMs);
    if (member.inTransaction) counts.idleInTransactionMs += passedMs;
    else counts.idleMs += passedMs;
  }

  /** Once per flush: notes peaks of minutes in which nobody came or went, and forgets old seconds. */
  tick(nowMs: number): void {
    for (const pool of this.#pools.values()) {
      pool.busy.forget(Math.floor(nowMs / 1000));
      if (pool.members.size > 0) this.#held(pool, nowMs);
    }
    this.#fleetBusy.forget(Math.floor(nowMs / 1000));
  }

  #busy(member: PoolMember, completedAtMs: number, serviceNs: number): void {
    const end = Math.floor(completedAtMs / 1000);
    if (member.pool === undefined || end <= member.busySecond) return;
    const first = firstUnmarkedSecond({ completedAtMs, serviceNs, lastSecond: member.busySecond });
    member.busySecond = end;
    for (let second = first; second <= end; second++) {
      const minute = this.minutes.at(member.pool, second * 1000);
      minute.busyMax = Math.max(minute.busyMax, member.pool.busy.mark(second));
      const fleet = this.fleet.at(second * 1000, this.#members);
      fleet.busyMax = Math.max(fleet.busyMax, this.#fleetBusy.mark(second));
    }
  }

  #held(pool: Pool, nowMs: number): void {
    pool.lastSeenMs = Math.max(pool.lastSeenMs, nowMs);
    const minute = this.minutes.at(pool, nowMs);
    minute.connectionsMax = Math.max(minute.connectionsMax, pool.members.size);
    const fleet = this.fleet.at(nowMs, this.#members);
    fleet.connectionsMax = Math.max(fleet.connectionsMax, this.#members);
  }

  #other(atMs: number): Pool {
    let pool = this.#pools.get(OTHER_POOL);
    if (pool === undefined) {
      const identity = {
        user: '',
        database: '',
        applicationName: '',
        options: '',
        owner: 'unknown',
        clientNetwork: '',
      };
      pool = new Pool(identity, { id: OTHER_POOL, name: OTHER_POOL, atMs });
      this.#pools.set(OTHER_POOL, pool);
    }
    return pool;
  }
}
