// The steps of one observation, in order. Read this first.
//
//   statement ► its executions: identify, split, SQL-level names (statement-texts.ts, fingerprint/)
//             ► tags and profile (attribution/) ► settled? ─ no ► wait in the session
//                                                         └ yes ► verdict ► pool (pools/) ► count (rollup/) ► metrics
//
// Invariant: every execution that comes in is counted in a rollup or waits in its session, exactly one of the two; what waits is counted
// when the session settles, once. Not here: bytes (intake.ts), when things are stored (observer.ts).

import type { Measured } from '../facts/rollup-row.js';
import {
  executionCount,
  type Observation,
  type SessionOpened,
  type StatementObservation,
  type StatementRunning,
} from '../proxy/stream/observation.js';
import { isSettled } from './attribution/settling.js';
import { Judge, type LiveOptions } from './judge.js';
import { isDdl, Marks } from './notable/marks.js';
import { requestOf, traceIdOf } from './notable/request-tags.js';
import { Samples, SLOW_NS } from './notable/samples.js';
import type { Tail } from './notable/tail.js';
import type { Pool } from './pools/pool.js';
import { Pools, type PoolsOptions } from './pools/pools.js';
import { type RollupLimits, Rollups, whereOf } from './rollup/rollups.js';
import { StatementDeltas } from './rollup/statement-deltas.js';
import { type TagLimits, TagRollups } from './rollup/tag-rollups.js';
import type { Attributable, ExecutionContext, ObservedSession, Waiting } from './sessions/observed-session.js';
import { RequestWatch } from './sessions/requests.js';
import { Sessions } from './sessions/sessions.js';
import { Catalogue } from './texts/catalogue.js';
import type { Identity } from './texts/facts-of-text.js';
import { StatementTexts } from './texts/statement-texts.js';

/** What the metrics are told of each counted execution; dashboards' MetricsState is one. */
export interface CountedListener {
  recordStatement(counted: {
    source: string;
    confidence: string;
    poolName: string;
    command: string;
    outcome: 'ok' | 'error';
    calls: number;
    serviceNs: number;
    batched: boolean;
    /** Of the request, '' = its comments name none; `atMs`: Unix ms of completion. */
    traceId: string;
    atMs: number;
  }): void;
}

export interface PipelineOptions extends LiveOptions {
  limits: RollupLimits & TagLimits & { poolsMax: number; unsettledRowsMax: number };
  dimensionKeys: ReadonlySet<string>;
  nameOfPool?: PoolsOptions['nameOf'];
  counted: CountedListener;
  /** Told of slow statements where plans are collected. */
  plans?: { noteSlow(identity: Identity, nowMs: number): void };
  /** Told of each counted execution while somebody looks on. */
  tail?: Tail;
}

export interface PipelineCounters {
  statementsTotal: number;
  /** Times a connection, taken surely for one owner's, was taken for another's after more of it was seen. */
  revisionsTotal: number;
  /** Observations of a session that was never announced. */
  strayTotal: number;
}

export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #judge: Judge;
  readonly #texts: StatementTexts;
  readonly sessions: Sessions;
  readonly pools: Pools;
  readonly rollups: Rollups;
  readonly statementDeltas: StatementDeltas;
  readonly tagRollups: TagRollups;
  readonly catalogue = new Catalogue();
  readonly marks = new Marks();
  readonly samples = new Samples();
  readonly counters: PipelineCounters = { statementsTotal: 0, revisionsTotal: 0, strayTotal: 0 };
  readonly #requests = new RequestWatch();
  #waiting = 0;

  static async load(options: PipelineOptions): Promise<Pipeline> {
    return new Pipeline(options, await StatementTexts.load(options.dimensionKeys, options.rules));
  }

  private constructor(options: PipelineOptions, texts: StatementTexts) {
    this.#options = options;
    this.#judge = new Judge(options);
    this.#texts = texts;
    this.pools = new Pools({ poolsMax: options.limits.poolsMax, nameOf: options.nameOfPool });
    this.sessions = new Sessions({
      pools: this.pools,
      networkOf: (address) => this.#judge.networkOf(address),
      poolNameOf: (session) => this.#judge.poolNameOf(session),
    });
    this.rollups = new Rollups(options.limits);
    this.statementDeltas = new StatementDeltas(this.rollups);
    this.tagRollups = new TagRollups(options.limits);
  }

  /** Holds for what comes from now on; pools of settled sessions stay. */
  reconfigure(live: LiveOptions): void {
    this.#judge.reconfigure(live, this.sessions.unsettled());
    this.#texts.useRules(live.rules);
  }

  /** Everything but `loss` and `relay-status`, which say nothing of statements. The observation is not kept. */
  observe(relayId: string, observation: Observation): void {
    switch (observation.kind) {
      case 'statement': {
        const session =
          this.sessions.get(relayId, observation.sessionId) ?? this.#stray(relayId, observation.sessionId);
        this.#statement(session, observation);
        return;
      }
      case 'text-defined':
        this.#texts.define(relayId, observation);
        return;
      case 'text-forgotten':
        this.#texts.forget(relayId, observation.textId);
        return;
      case 'statement-running':
        this.#running(relayId, observation);
        return;
      case 'session-opened':
        this.sessions.opened(relayId, observation);
        return;
      case 'session-ready': {
        const session = this.sessions.get(relayId, observation.sessionId);
        if (session !== undefined) this.sessions.ready(session, observation);
        return;
      }
      case 'session-closed': {
        const session = this.sessions.get(relayId, observation.sessionId);
        if (session !== undefined) this.close(session, observation.closedAtMs);
        return;
      }
      case 'resync-begin':
        this.sessions.resyncBegins(relayId);
        this.#texts.forgetAll(relayId);
        return;
      case 'resync-end':
        for (const session of this.sessions.unannounced(relayId)) this.close(session, session.member.countedToMs);
        return;
      case 'loss':
      case 'relay-status':
        return;
      default:
        observation satisfies never;
    }
  }

  /** A session from the store of an observer that is gone. */
  restore(json: string, nowMs: number): ObservedSession | undefined {
    const session = this.sessions.restore(json, nowMs);
    if (session !== undefined) this.#waiting += session.waiting.length;
    return session;
  }

  /** The connection ended: it is settled, and leaves its pool. */
  close(session: ObservedSession, atMs: number): void {
    if (!session.settled && (session.authenticated || session.waiting.length > 0)) this.#settle(session, atMs);
    else if (session.member.pool !== undefined) this.sessions.describe(session, session.member.pool);
    this.#countRevisions(session);
    this.sessions.close(session, atMs);
  }

  /** Settles what has waited long enough. Called with every flush. */
  tick(nowMs: number): void {
    for (const session of this.sessions.unsettled()) if (this.#isSettled(session, nowMs)) this.#settle(session, nowMs);
    for (const session of this.sessions.all()) {
      this.pools.advance(session.member, nowMs);
      this.#countRevisions(session);
    }
    this.sessions.habitsOfOpen();
    this.pools.tick(nowMs);
  }

  relayEnded(relayId: string): void {
    this.#texts.forgetAll(relayId);
  }

  get splitMismatchTotal(): number {
    return this.#texts.splitMismatchTotal;
  }

  #statement(session: ObservedSession, observation: StatementObservation): void {
    const executions = executionCount(observation);
    if (executions === 0) return;
    const after = observation.transactionAfter;
    const openAfter = after === '' ? undefined : after !== 'I';
    this.pools.executed(session.member, {
      completedAtMs: observation.completedAtMs,
      serviceNs: observation.serviceNs,
      inTransactionAfter: openAfter,
    });
    const { protocol, statementName, transactionBefore } = observation;
    let context: ExecutionContext = { protocol, statementName, transactionBefore };
    let left = executions;
    this.#texts.each(session, { observation, executions }, (statement, identity, measured) => {
      // What the server said was before the whole request: the later statements of a text follow the earlier ones.
      if (left < executions)
        context = { protocol, statementName, transactionBefore: session.profile.inTransaction ? 'T' : 'I' };
      left--;
      const transactionPosition = this.#transaction(session, measured, left === 0 ? openAfter : undefined);
      this.#execution(session, { statement, identity, context, transactionPosition }, measured);
    });
  }

  /** Returns the execution's place in its transaction. The server's word comes once, with the last execution of a request. */
  #transaction(session: ObservedSession, measured: Measured, openAfter: boolean | undefined): number {
    const { transaction, member } = session;
    const { completedAtMs, serviceNs, command } = measured;
    const position = transaction.nextPosition;
    const ended = transaction.executed({ completedAtMs, serviceNs, command, openAfter });
    if (ended !== undefined) this.pools.transactionEnded(member, { ...ended, atMs: completedAtMs });
    return position;
  }

  #execution(
    session: ObservedSession,
    it: { statement: Attributable; identity: Identity; context: ExecutionContext; transactionPosition: number },
    measured: Measured,
  ): void {
    const { statement, context, transactionPosition } = it;
    this.#noteRequest(statement, measured);
    if (measured.sqlstate === '') {
      if (isDdl(measured.command)) {
        const { summary, query } = it.identity;
        const { fingerprint } = statement;
        const ddl = { atMs: measured.completedAtMs, fingerprint, source: '', summary, query };
        this.marks.noteDdl(measured.command, ddl);
      }
      if (measured.serviceNs >= SLOW_NS) this.#options.plans?.noteSlow(it.identity, measured.completedAtMs);
    }
    this.counters.statementsTotal++;
    this.catalogue.note(it.identity);
    const { profile } = session;
    profile.observe(statement.shape, context, statement.tags.proof);
    session.statements++;
    if (session.firstStatementMs === 0) session.firstStatementMs = measured.completedAtMs;
    if (session.settled) this.#count(session, { statement, context, measured, transactionPosition });
    else {
      session.waiting.push({ statement, context, measured, transactionPosition });
      session.changed = true;
      this.#waiting++;
      if (this.#isSettled(session, measured.completedAtMs)) this.#settle(session, measured.completedAtMs);
      else if (this.#waiting > this.#options.limits.unsettledRowsMax) this.#settleOldest(measured.completedAtMs);
    }
    profile.finish(statement.shape);
  }

  #noteRequest({ fingerprint, tags: { pairs } }: Attributable, measured: Measured): void {
    if (pairs.length === 0) return;
    measured.firstOfRequest = this.#requests.isFirst(requestOf(pairs), fingerprint);
    this.marks.noteTags(pairs, measured.completedAtMs);
  }

  #isSettled(session: ObservedSession, nowMs: number): boolean {
    const { statements, firstStatementMs } = session;
    return isSettled(session.profile.standing, { statements, firstAtMs: firstStatementMs, nowMs });
  }

  #settle(session: ObservedSession, nowMs: number): void {
    this.sessions.settle(session, nowMs);
    const { waiting } = session;
    session.waiting = [];
    this.#waiting -= waiting.length;
    for (const one of waiting) this.#count(session, one);
  }

  #countRevisions(session: ObservedSession): void {
    const { revisions } = session.profile;
    this.counters.revisionsTotal += revisions - session.revisionsCounted;
    session.revisionsCounted = revisions;
  }

  #settleOldest(nowMs: number): void {
    for (const session of this.sessions.unsettled()) {
      if (session.waiting.length === 0) continue;
      this.#settle(session, nowMs);
      return;
    }
  }

  /** The verdict, and everything that counts by it. */
  #count(session: ObservedSession, it: Waiting): void {
    const { statement, context, measured, transactionPosition } = it;
    const pool = session.member.pool as Pool;
    const { verdict, tagSet } = this.#judge.judge(session, statement, context);
    let where = pool.where.get(verdict);
    if (where === undefined) {
      where = whereOf(pool.id, verdict.source, verdict.construct);
      pool.where.set(verdict, where);
    }
    const { fingerprint } = statement;
    this.rollups.add(measured, { fingerprint, pool: pool.id, verdict, where });
    if (tagSet !== '') this.tagRollups.add(measured, { fingerprint, source: verdict.source, tagSet });
    if (this.samples.wants(fingerprint, measured)) {
      const { pairs } = statement.tags;
      const context = { fingerprint, source: verdict.source, pool: pool.id, tagSet, pairs, transactionPosition };
      this.samples.keep(measured, context);
    }
    this.#options.counted.recordStatement({
      source: verdict.source,
      confidence: verdict.confidence,
      poolName: pool.name,
      command: measured.command,
      outcome: measured.sqlstate === '' ? 'ok' : 'error',
      calls: 1,
      serviceNs: measured.serviceNs,
      batched: measured.batched,
      traceId: statement.tags.pairs.length === 0 ? '' : traceIdOf(statement.tags.pairs),
      atMs: measured.completedAtMs,
    });
    this.#options.tail?.add(session, { it, pool: pool.name, verdict, tagSet });
  }

  #running(relayId: string, running: StatementRunning): void {
    const session = this.sessions.get(relayId, running.sessionId);
    if (session !== undefined) session.member.running = true;
  }

  #stray(relayId: string, sessionId: number): ObservedSession {
    this.counters.strayTotal++;
    const opened: SessionOpened = {
      kind: 'session-opened',
      sessionId,
      openedAtMs: Date.now(),
      resumed: true,
      clientAddress: '',
      protocolVersion: 0,
      startup: [],
    };
    this.sessions.opened(relayId, opened);
    return this.sessions.get(relayId, sessionId) as ObservedSession;
  }
}
