// Takes one observation through all its steps, in order. Read this first.
//
//   statement ► its executions: identify, split, SQL-level names (statement-texts.ts, fingerprint/)
//             ► tags and profile (attribution/) ► its unit of work (work/)
//             ► settled? ─ no ► wait in the session (waiting-executions.ts)
//                        └ yes ► verdict, pool, counts, metrics (counting.ts)
//
// Invariant: every execution that comes in is counted in a rollup or waits in its session, exactly one of the two.
// Not here: bytes (observer/intake/intake.ts), when things are stored (observer/flush.ts).

import type { StoredSession } from '../facts/flush.js';
import type { Measured } from '../facts/rollup-row.js';
import {
  executionCount,
  type Observation,
  type StatementObservation,
  type StatementRunning,
} from '../proxy/stream/observation.js';
import { Counting } from './counting.js';
import { Judge, type LiveOptions } from './judge.js';
import { LostStatements } from './lost-statements.js';
import { isDdl, Marks } from './notable/marks.js';
import { SLOW_NS } from './notable/samples.js';
import type { PipelineOptions } from './pipeline-options.js';
import { Pools } from './pools/pools.js';
import type { ExecutionContext, ObservedSession, Waiting } from './sessions/observed-session.js';
import { Sessions } from './sessions/sessions.js';
import { Catalogue } from './texts/catalogue.js';
import type { Identity } from './texts/facts-of-text.js';
import { StatementTexts } from './texts/statement-texts.js';
import { type Fed, UnitFeed } from './unit-feed.js';
import { WaitingExecutions } from './waiting-executions.js';

export interface PipelineCounters {
  statementsTotal: number;
  /** Times that a connection with a sure owner got another owner, after more of it was seen. */
  revisionsTotal: number;
  /** Observations of a session that was never announced. */
  strayTotal: number;
}

/** One execution and its text, until it is counted. The text is not kept beyond that. */
type Execution = Fed & Pick<Waiting, 'transactionPosition'> & { identity: Identity };

export class Pipeline {
  readonly #options: PipelineOptions;
  readonly judge: Judge;
  readonly #texts: StatementTexts;
  readonly sessions: Sessions;
  readonly pools: Pools;
  readonly counting: Counting;
  readonly catalogue = new Catalogue();
  readonly lostStatements: LostStatements;
  readonly marks = new Marks();
  readonly counters: PipelineCounters = { statementsTotal: 0, revisionsTotal: 0, strayTotal: 0 };
  readonly waiting: WaitingExecutions;
  readonly #unitFeed: UnitFeed;

  static async load(options: PipelineOptions): Promise<Pipeline> {
    return new Pipeline(options, await StatementTexts.load(options));
  }

  private constructor(options: PipelineOptions, texts: StatementTexts) {
    this.#options = options;
    this.judge = new Judge(options);
    this.lostStatements = new LostStatements(this.judge);
    this.#texts = texts;
    this.pools = new Pools({ poolsMax: options.limits.poolsMax, nameOf: options.nameOfPool });
    this.sessions = new Sessions({
      pools: this.pools,
      networkOf: (address) => this.judge.networkOf(address),
      poolNameOf: (session) => this.judge.poolNameOf(session),
    });
    this.counting = new Counting({ ...options, judge: this.judge, pools: this.pools });
    this.#unitFeed = new UnitFeed(this.counting.units);
    this.waiting = new WaitingExecutions({ ...options.limits, sessions: this.sessions, counting: this.counting });
  }

  /** Applies to later statements; settled sessions keep their pools. */
  reconfigure(live: LiveOptions): void {
    this.judge.reconfigure(live, this.sessions.unsettled());
    this.#texts.useRules(live.rules);
    if (live.findings !== undefined) this.counting.findings.reconfigure(live.findings);
  }

  /** Takes any observation; `loss` and `relay-status` change nothing here. The object is not kept. */
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
        this.#texts.known.forget(relayId, observation.textId);
        return;
      case 'statement-running':
        this.#running(relayId, observation);
        return;
      case 'statement-lost': {
        const session = this.sessions.get(relayId, observation.sessionId);
        const { minute, reason } = observation;
        if (session === undefined) return;
        this.lostStatements.take(session, { ...this.#texts.inFlight(relayId, observation), minute, reason });
        return;
      }
      case 'session-opened':
        this.sessions.opened(relayId, observation);
        return;
      case 'session-ready':
        this.sessions.ready(relayId, observation);
        return;
      case 'session-closed': {
        const session = this.sessions.get(relayId, observation.sessionId);
        if (session !== undefined) this.close(session, observation.closedAtMs);
        return;
      }
      case 'resync-begin':
        this.sessions.resyncBegins(relayId);
        this.#texts.known.forgetAll(relayId);
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

  /** Restores a session that an earlier observer stored. Returns undefined when its stored form is damaged. */
  restore(stored: StoredSession, nowMs: number): ObservedSession | undefined {
    const session = this.sessions.restore(stored, nowMs);
    if (session !== undefined) this.waiting.restored(session);
    return session;
  }

  /** The connection ended: its session is settled, and leaves its pool. */
  close(session: ObservedSession, atMs: number): void {
    if (!session.settled && (session.authenticated || session.waiting.length > 0)) this.waiting.settle(session, atMs);
    else if (session.member.pool !== undefined) this.sessions.describe(session, session.member.pool);
    this.#countRevisions(session);
    this.lostStatements.settle(session);
    this.#unitFeed.closed(session, atMs);
    this.sessions.close(session, atMs);
  }

  /** Settles the sessions that have waited long enough, and counts the time of all. Called before every flush. */
  tick(nowMs: number): void {
    this.waiting.settleDue(nowMs);
    this.lostStatements.tick();
    for (const session of this.sessions.all()) {
      this.pools.advance(session.member, nowMs);
      this.#countRevisions(session);
    }
    this.sessions.habitsOfOpen();
    this.pools.tick(nowMs);
    this.counting.tick(nowMs);
  }

  relayEnded(relayId: string): void {
    this.#texts.known.forgetAll(relayId);
    if (this.sessions.isEmpty) this.counting.endAll();
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
      // The server's status is of before the whole text; later statements of it run after the earlier ones.
      if (left < executions)
        context = { protocol, statementName, transactionBefore: session.profile.inTransaction ? 'T' : 'I' };
      left--;
      const transactionPosition = this.#transaction(session, measured, left === 0 ? openAfter : undefined);
      const transactionAfter = left === 0 ? after : '';
      this.#execution(session, { statement, identity, context, measured, transactionPosition, transactionAfter });
    });
  }

  /** Returns the execution's place in its transaction. `openAfter` is known for the last execution of a text only. */
  #transaction(session: ObservedSession, measured: Measured, openAfter: boolean | undefined): number {
    const { transaction, member } = session;
    const { completedAtMs, serviceNs, command } = measured;
    const position = transaction.nextPosition;
    const ended = transaction.executed({ completedAtMs, serviceNs, command, openAfter });
    if (ended !== undefined) this.pools.transactionEnded(member, { ...ended, atMs: completedAtMs });
    return position;
  }

  #execution(session: ObservedSession, execution: Execution): void {
    const { statement, identity, context, measured, transactionPosition } = execution;
    if (statement.tags.pairs.length > 0) this.marks.noteTags(statement.tags.pairs, measured.completedAtMs);
    if (measured.sqlstate === '') {
      if (isDdl(measured.command)) this.#noteDdl(identity, measured);
      if (measured.serviceNs >= SLOW_NS) this.#options.plans?.noteSlow(identity, measured);
    }
    this.counters.statementsTotal++;
    this.catalogue.note(identity);
    session.profile.observe(statement.shape, context, statement.tags.proof);
    const inUnit = this.#unitFeed.take(session, execution);
    session.statements++;
    if (session.firstStatementMs === 0) session.firstStatementMs = measured.completedAtMs;
    this.waiting.take(session, { statement, measured, transactionPosition, inUnit });
    session.profile.finish(statement.shape, measured.sqlstate !== '');
  }

  #noteDdl({ fingerprint, summary, query }: Identity, { command, completedAtMs }: Measured): void {
    this.marks.noteDdl(command, { atMs: completedAtMs, fingerprint, source: '', summary, query });
  }

  #countRevisions(session: ObservedSession): void {
    this.counters.revisionsTotal += session.profile.revisions - session.revisionsCounted;
    session.revisionsCounted = session.profile.revisions;
  }

  #running(relayId: string, running: StatementRunning): void {
    const session = this.sessions.get(relayId, running.sessionId);
    session?.runs(running.startedAtMs, this.#texts.inFlight(relayId, running));
  }

  #stray(relayId: string, sessionId: number): ObservedSession {
    this.counters.strayTotal++;
    return this.sessions.stray(relayId, sessionId);
  }
}
