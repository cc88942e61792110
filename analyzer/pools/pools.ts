// The pools that exist and what they hold: connections, what they are doing, and how many were busy at once.
// Invariant: a session that reached AuthenticationOk has exactly one pool from when it settles, for good; at most poolsMax pools are told
// apart, later ones are '(other)', and counted. Minute counts are deltas until drop(), peaks are maxima of their minute.
// Not here: who owns a connection (connection/connection-profile.ts), statements by source (rollup).

import { OTHER_POOL, type PoolIdentity, poolId, poolName } from '../../facts/pool.js';
import { addTransaction, newPoolMinute, type PoolMinute } from '../../facts/pool-minute.js';
import { BusySeconds, firstUnmarkedSecond } from './busy-seconds.js';
import { PoolHabits } from './pool-habits.js';

const MINUTE_MS = 60_000;

/** A pool, once per process: sessions of it share the object. */
export class Pool {
  readonly id: string;
  readonly name: string;
  readonly identity: PoolIdentity;
  readonly firstSeenMs: number;
  lastSeenMs: number;
  clientAddress = '';
  serverVersion = '';
  driver = '';
  readonly habits = new PoolHabits();
  evidence: ReadonlyArray<{ rule: string; saw: string }> = [];
  readonly members = new Set<PoolMember>();
  readonly busy = new BusySeconds();
  /** Rollup key fragments by verdict, so that the hot path makes no string; see pipeline.ts. */
  readonly where = new Map<object, string>();
  /** The counts of the minute last asked for, so that the hot path makes no key; undefined once they are stored. */
  minute: PoolMinute | undefined = undefined;
  /** Something besides lastSeenMs changed since the last flush. */
  changed = true;

  constructor(identity: PoolIdentity, as: { id: string; name: string; atMs: number }) {
    this.identity = identity;
    this.id = as.id;
    this.name = as.name;
    this.firstSeenMs = as.atMs;
    this.lastSeenMs = as.atMs;
  }
}

/** What the connections of a pool do at one moment. */
export interface ConnectionsNow {
  active: number;
  idle: number;
  idleInTransaction: number;
  /** Of the connection that has sent nothing for longest inside a transaction; 0 = none waits. */
  idleInTransactionLongestMs: number;
}

/** The part of a session that pools count; one per open session. */
export class PoolMember {
  pool: Pool | undefined = undefined;
  readonly openedAtMs: number;
  /** Up to when its time is counted as active, idle or idle in transaction. */
  countedToMs: number;
  inTransaction = false;
  /** Second of the last statement it was counted busy in. */
  busySecond = 0;
  /** Since when it has sent nothing: completion of its last statement. */
  silentSinceMs: number;
  /** A statement has been in flight for a second. */
  running = false;
  /** Times before it had a pool. */
  activeMs = 0;
  idleMs = 0;
  idleInTransactionMs = 0;
  endedBefore: Array<{ statements: number; durationMs: number }> = [];

  constructor(openedAtMs: number) {
    this.openedAtMs = openedAtMs;
    this.countedToMs = openedAtMs;
    this.silentSinceMs = openedAtMs;
  }
}

export interface PoolsOptions {
  poolsMax: number;
  /** The user's own name for an identity, or ''. */
  nameOf?: (identity: PoolIdentity) => string;
}

export class Pools {
  readonly #options: PoolsOptions;
  readonly #pools = new Map<string, Pool>();
  #minutes = new Map<string, PoolMinute>();
  #fleet = new Map<number, { minute: number; connectionsMax: number; busyMax: number }>();
  readonly #fleetBusy = new BusySeconds();
  #members = 0;
  cappedTotal = 0;

  constructor(options: PoolsOptions) {
    this.#options = options;
  }

  all(): Iterable<Pool> {
    return this.#pools.values();
  }

  /** The pool of this identity; '(other)' when there are too many. `name`: what a rule of the user calls it. */
  of(identity: PoolIdentity, how: { atMs: number; name?: string }): Pool {
    const id = poolId(identity);
    const known = this.#pools.get(id);
    if (known !== undefined) return known;
    if (this.#pools.size >= this.#options.poolsMax) {
      this.cappedTotal++;
      return this.#other(how.atMs);
    }
    const name = how.name || this.#options.nameOf?.(identity) || poolName(identity);
    const pool = new Pool(identity, { id, name, atMs: how.atMs });
    this.#pools.set(id, pool);
    return pool;
  }

  /** The session settled (or was restored): from now on it is counted in its pool. */
  join(member: PoolMember, pool: Pool, how: { restored: boolean; nowMs: number }): void {
    member.pool = pool;
    pool.members.add(member);
    this.#members++;
    const minute = this.#minute(pool, how.nowMs);
    if (!how.restored) minute.opened++;
    minute.activeMs += member.activeMs;
    minute.idleMs += member.idleMs;
    minute.idleInTransactionMs += member.idleInTransactionMs;
    for (const ended of member.endedBefore) addTransaction(minute, ended);
    member.endedBefore = [];
    this.#held(pool, how.nowMs);
  }

  leave(member: PoolMember, closedAtMs: number): void {
    const pool = member.pool;
    if (pool === undefined) return;
    this.advance(member, closedAtMs);
    pool.members.delete(member);
    this.#members--;
    const minute = this.#minute(pool, closedAtMs);
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
    const to = member.pool === undefined ? member : this.#minute(member.pool, completedAtMs);
    to.activeMs += activeMs;
    if (execution.inTransactionAfter !== undefined) {
      member.inTransaction = execution.inTransactionAfter;
    }
    member.running = false;
    member.silentSinceMs = completedAtMs;
    this.#busy(member, completedAtMs, serviceNs);
  }

  /** A transaction of this session ended. */
  transactionEnded(member: PoolMember, ended: { statements: number; durationMs: number; atMs: number }): void {
    if (member.pool !== undefined) addTransaction(this.#minute(member.pool, ended.atMs), ended);
    else member.endedBefore.push({ statements: ended.statements, durationMs: ended.durationMs });
  }

  /** Counts a session's time up to now as idle or idle in transaction. */
  advance(member: PoolMember, nowMs: number): void {
    const passedMs = nowMs - member.countedToMs;
    if (passedMs <= 0 || member.running) return;
    member.countedToMs = nowMs;
    const to = member.pool === undefined ? member : this.#minute(member.pool, nowMs);
    if (member.inTransaction) to.idleInTransactionMs += passedMs;
    else to.idleMs += passedMs;
  }

  /** Once per flush: peaks of minutes in which nobody came or went, and old seconds. */
  tick(nowMs: number): void {
    for (const pool of this.#pools.values()) {
      pool.busy.forget(Math.floor(nowMs / 1000));
      if (pool.members.size > 0) this.#held(pool, nowMs);
    }
    this.#fleetBusy.forget(Math.floor(nowMs / 1000));
  }

  minutes(): Iterable<PoolMinute> {
    return heldAtMost(this.#minutes.values());
  }

  fleet(): Iterable<{ minute: number; connectionsMax: number; busyMax: number }> {
    return heldAtMost(this.#fleet.values());
  }

  /** What minutes() gave is stored. */
  drop(): void {
    this.#minutes = new Map();
    this.#fleet = new Map();
    for (const pool of this.#pools.values()) {
      pool.changed = false;
      pool.minute = undefined;
    }
  }

  /** Connections by what they do now: active = a statement ran in this or the last second. */
  connectionsOf(pool: Pool, nowMs: number): ConnectionsNow {
    const second = Math.floor(nowMs / 1000);
    const now = { active: 0, idle: 0, idleInTransaction: 0, idleInTransactionLongestMs: 0 };
    for (const member of pool.members) {
      if (member.running || member.busySecond >= second - 1) now.active++;
      else if (member.inTransaction) {
        now.idleInTransaction++;
        now.idleInTransactionLongestMs = Math.max(now.idleInTransactionLongestMs, nowMs - member.silentSinceMs);
      } else now.idle++;
    }
    return now;
  }

  #busy(member: PoolMember, completedAtMs: number, serviceNs: number): void {
    const end = Math.floor(completedAtMs / 1000);
    if (member.pool === undefined || end <= member.busySecond) return;
    const first = firstUnmarkedSecond({ completedAtMs, serviceNs, lastSecond: member.busySecond });
    member.busySecond = end;
    for (let second = first; second <= end; second++) {
      const minute = this.#minute(member.pool, second * 1000);
      minute.busyMax = Math.max(minute.busyMax, member.pool.busy.mark(second));
      const fleet = this.#fleetMinute(second * 1000);
      fleet.busyMax = Math.max(fleet.busyMax, this.#fleetBusy.mark(second));
    }
  }

  #held(pool: Pool, nowMs: number): void {
    pool.lastSeenMs = Math.max(pool.lastSeenMs, nowMs);
    const minute = this.#minute(pool, nowMs);
    minute.connectionsMax = Math.max(minute.connectionsMax, pool.members.size);
    const fleet = this.#fleetMinute(nowMs);
    fleet.connectionsMax = Math.max(fleet.connectionsMax, this.#members);
  }

  #minute(pool: Pool, atMs: number): PoolMinute {
    const number = Math.floor(atMs / MINUTE_MS);
    if (pool.minute?.minute === number) return pool.minute;
    const key = `${pool.id} ${number}`;
    let minute = this.#minutes.get(key);
    if (minute === undefined) {
      minute = newPoolMinute(pool.id, number);
      minute.connectionsMax = pool.members.size;
      this.#minutes.set(key, minute);
    }
    pool.minute = minute;
    return minute;
  }

  #fleetMinute(atMs: number): { minute: number; connectionsMax: number; busyMax: number } {
    const number = Math.floor(atMs / MINUTE_MS);
    let minute = this.#fleet.get(number);
    if (minute === undefined) {
      minute = { minute: number, connectionsMax: this.#members, busyMax: 0 };
      this.#fleet.set(number, minute);
    }
    return minute;
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

/** Sessions that followed one another within a second count as busy in it, but no more were busy at once than were held. */
function* heldAtMost<T extends { connectionsMax: number; busyMax: number }>(minutes: Iterable<T>): Iterable<T> {
  for (const minute of minutes) {
    minute.busyMax = Math.min(minute.busyMax, minute.connectionsMax);
    yield minute;
  }
}
