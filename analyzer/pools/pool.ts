// A pool of connections and one member of it, with what is known of them now.
// Invariant: a pool exists once per process, and its sessions share the object; a member has at most one pool. Not
// here: counting (pools.ts), what one minute holds (pool-minutes.ts), who owns a connection (attribution/connection/).

import type { PoolIdentity } from '../../facts/pool.js';
import type { PoolMinute } from '../../facts/pool-minute.js';
import type { Evidence } from '../../facts/verdict.js';
import { BusySeconds } from './busy-seconds.js';
import { PoolHabits } from './pool-habits.js';

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
  evidence: readonly Evidence[] = [];
  readonly members = new Set<PoolMember>();
  readonly busy = new BusySeconds();
  /** Rollup key fragments by verdict, so that the hot path makes no string; see pipeline.ts. */
  readonly where = new Map<object, string>();
  /** The unstored minute that was last asked for, so that the hot path makes no key; pool-minutes.ts keeps it. */
  minute: PoolMinute | undefined = undefined;
  /** Something besides lastSeenMs changed since the last flush. */
  changed = true;

  constructor(identity: PoolIdentity, known: { id: string; name: string; atMs: number }) {
    this.identity = identity;
    this.id = known.id;
    this.name = known.name;
    this.firstSeenMs = known.atMs;
    this.lastSeenMs = known.atMs;
  }

  /** Its connections by what they do now: active = a statement ran in this or the last second. */
  connectionsAt(nowMs: number): ConnectionsNow {
    const second = Math.floor(nowMs / 1000);
    const now = { active: 0, idle: 0, idleInTransaction: 0, idleInTransactionLongestMs: 0 };
    for (const member of this.members) {
      if (member.running || member.busySecond >= second - 1) now.active++;
      else if (member.inTransaction) {
        now.idleInTransaction++;
        now.idleInTransactionLongestMs = Math.max(now.idleInTransactionLongestMs, nowMs - member.silentSinceMs);
      } else now.idle++;
    }
    return now;
  }

  /** Connections that were busy in the last whole second, run a statement now or hold a transaction. */
  usedAt(nowMs: number): number {
    const second = Math.floor(nowMs / 1000) - 1;
    let used = this.busy.at(second);
    for (const { running, inTransaction, busySecond } of this.members)
      if ((running || inTransaction) && busySecond < second) used++;
    return Math.min(used, this.members.size);
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
  /** Its time up to here is counted as active, idle or idle in transaction. */
  countedToMs: number;
  inTransaction = false;
  /** Second of the last statement it was counted busy in. */
  busySecond = 0;
  /** When its last statement completed: it has sent nothing since. */
  silentSinceMs: number;
  /** A statement has been in flight for a second. */
  running = false;
  /** Its times from before it had a pool. */
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
