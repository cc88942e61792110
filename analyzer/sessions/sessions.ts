// Keeps the open sessions of all relays: opened, announced again, settled, closed, restored.
// Invariant: a session is open here, or closed and waits for the next flush, never both. Only settled sessions are in a
// pool. Not here: statements (pipeline.ts), counts of pools (pools/pools.ts), what a flush stores
// (unstored-sessions.ts).

import type { StoredSession } from '../../facts/flush.js';
import { foldedName, type PoolIdentity } from '../../facts/pool.js';
import type { SessionOpened, SessionReady } from '../../proxy/stream/observation.js';
import { ConnectionProfile } from '../attribution/connection/connection-profile.js';
import { Siblings, startupKeyOf } from '../attribution/connection/siblings.js';
import type { Pool } from '../pools/pool.js';
import type { Pools } from '../pools/pools.js';
import { ObservedSession, type SessionFacts } from './observed-session.js';
import { keptStartup } from './startup-values.js';
import { ChangedSessions, ClosedSessions } from './unstored-sessions.js';

/** A stored pool, read for the startup packets of its connections. A name with digits is folded and matches none. */
export type KnownPool = Omit<PoolIdentity, 'clientNetwork'> & { driver: string };

export interface SessionsOptions {
  pools: Pools;
  /** The configured network an address falls into, or ''. */
  networkOf: (clientAddress: string) => string;
  /** The name a rule of the user gives to its pool, or ''. */
  poolNameOf: (session: ObservedSession) => string;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #byRelay = new Map<string, Map<number, ObservedSession>>();
  readonly #unsettled = new Set<ObservedSession>();
  /** What connections with equal startup packets have shown. */
  readonly #siblings = new Siblings();
  /** Open sessions whose stored form is out of date. */
  readonly changed = new ChangedSessions(() => this.all());
  readonly closed = new ClosedSessions();

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /** Takes the pools that earlier observers stored: an Engine shows itself on its first connection only. */
  knowPools(pools: Iterable<KnownPool>): void {
    for (const { owner, user, database, applicationName, options, driver } of pools) {
      if (owner !== 'sqlalchemy') continue;
      const startup: Array<[string, string]> = [
        ['user', user],
        ['database', database],
        ['application_name', applicationName],
        ['options', options],
      ];
      if (driver === 'asyncpg') startup.push(['client_encoding', "'utf-8'"]);
      this.#siblings.learn(startupKeyOf(startup));
    }
  }

  get(relayId: string, sessionId: number): ObservedSession | undefined {
    return this.#byRelay.get(relayId)?.get(sessionId);
  }

  /** A connection was opened, or its relay announces it again. */
  opened(relayId: string, opened: SessionOpened): void {
    const known = this.get(relayId, opened.sessionId);
    if (known !== undefined) {
      known.announced = true;
      return;
    }
    const { sessionId, openedAtMs, clientAddress } = opened;
    this.#open({ relayId, sessionId, openedAtMs, clientAddress, startup: keptStartup(opened.startup) });
  }

  /** A session that sends statements and was never announced: it opens now, with nothing known of it. */
  stray(relayId: string, sessionId: number): ObservedSession {
    return this.#open({ relayId, sessionId, openedAtMs: Date.now(), clientAddress: '', startup: [] });
  }

  ready(relayId: string, ready: SessionReady): void {
    const session = this.get(relayId, ready.sessionId);
    if (session === undefined) return;
    session.authenticated = true;
    session.applicationName = ready.applicationName;
    session.backendPid = ready.backendPid;
    session.serverVersion = ready.serverVersion;
    session.changed = true;
    const inTransaction = ready.transactionStatus === 'T' || ready.transactionStatus === 'E';
    session.member.inTransaction = inTransaction;
    // Of a session that another observer saw: it was not silent before its transaction changed.
    if (inTransaction) session.member.silentSinceMs = Math.max(session.member.silentSinceMs, ready.transactionSinceMs);
  }

  /** From now on its owner stands, and it has a pool. */
  settle(session: ObservedSession, nowMs: number): Pool {
    session.settled = true;
    session.changed = true;
    session.identity ??= this.#identityOf(session);
    this.#unsettled.delete(session);
    return this.#join(session, { restored: false, nowMs });
  }

  /** Sessions that are not settled, oldest first. */
  unsettled(): Iterable<ObservedSession> {
    return this.#unsettled;
  }

  get unsettledCount(): number {
    return this.#unsettled.size;
  }

  close(session: ObservedSession, closedAtMs: number): void {
    const { relayId, sessionId } = session.facts;
    this.#byRelay.get(relayId)?.delete(sessionId);
    this.#unsettled.delete(session);
    this.#options.pools.leave(session.member, closedAtMs);
    this.closed.note({ relayId, sessionId });
  }

  /** The relay announces its open sessions again. */
  resyncBegins(relayId: string): void {
    for (const session of this.of(relayId)) {
      session.announced = false;
      // Its end may not have come through.
      session.member.running = false;
    }
  }

  /** Open sessions that the relay did not announce again: they are gone. */
  unannounced(relayId: string): ObservedSession[] {
    return [...this.of(relayId)].filter((session) => !session.announced);
  }

  of(relayId: string): Iterable<ObservedSession> {
    return this.#byRelay.get(relayId)?.values() ?? [];
  }

  /** Opens a session that an earlier observer stored. Returns undefined when its stored form is damaged. */
  restore({ state, storedMs }: StoredSession, nowMs: number): ObservedSession | undefined {
    let session: ObservedSession;
    try {
      session = ObservedSession.fromJson(state, this.#siblings);
    } catch {
      return undefined;
    }
    this.#add(session);
    if (session.settled) {
      // Its state is stored when it changes, but its time is counted with every flush.
      session.member.countedToMs = Math.max(session.member.countedToMs, storedMs);
      this.#unsettled.delete(session);
      session.identity ??= this.#identityOf(session);
      // A recording may begin before the time up to which the stored session is counted.
      this.#join(session, { restored: true, nowMs: Math.max(nowMs, session.member.countedToMs) });
    }
    return session;
  }

  get isEmpty(): boolean {
    for (const _ of this.all()) return false;
    return true;
  }

  *all(): Iterable<ObservedSession> {
    for (const sessions of this.#byRelay.values()) yield* sessions.values();
  }

  #open(facts: SessionFacts): ObservedSession {
    const session = new ObservedSession(facts, new ConnectionProfile(facts.startup, this.#siblings));
    this.#add(session);
    return session;
  }

  #add(session: ObservedSession): void {
    const { relayId, sessionId } = session.facts;
    let sessions = this.#byRelay.get(relayId);
    if (sessions === undefined) {
      sessions = new Map();
      this.#byRelay.set(relayId, sessions);
    }
    sessions.set(sessionId, session);
    this.#unsettled.add(session);
  }

  #join(session: ObservedSession, entry: { restored: boolean; nowMs: number }): Pool {
    const { pools } = this.#options;
    const name = this.#options.poolNameOf(session);
    const pool = pools.of(session.identity as PoolIdentity, { atMs: session.facts.openedAtMs, name });
    pools.join(session.member, pool, entry);
    this.describe(session, pool);
    return pool;
  }

  /** Notes on the pool what this session shows of it besides the identity. */
  describe(session: ObservedSession, pool: Pool): void {
    const { profile } = session;
    pool.clientAddress = session.facts.clientAddress;
    pool.serverVersion = session.serverVersion || pool.serverVersion;
    pool.driver = profile.driver || pool.driver;
    this.#countHabits(session, pool);
    if (profile.standing.owner === pool.identity.owner) pool.evidence = profile.standing.evidence;
    pool.changed = true;
  }

  /** Counts the habits of open sessions again, because they show with time. Called before every flush. */
  habitsOfOpen(): void {
    for (const session of this.all()) {
      const { pool } = session.member;
      if (pool !== undefined && session.habitsKey !== session.profile.habitsKey) this.#countHabits(session, pool);
    }
  }

  #countHabits(session: ObservedSession, pool: Pool): void {
    const { habits, habitsKey } = session.profile;
    pool.habits.shows(habits, session.habits);
    session.habits = habits;
    session.habitsKey = habitsKey;
    pool.changed = true;
  }

  #identityOf(session: ObservedSession): PoolIdentity {
    const user = session.parameter('user').slice(0, 63);
    return {
      user,
      database: (session.parameter('database') || user).slice(0, 63),
      applicationName: foldedName(session.applicationName || session.parameter('application_name')),
      options: session.parameter('options'),
      owner: session.profile.standing.owner,
      clientNetwork: this.#options.networkOf(session.facts.clientAddress),
    };
  }
}
