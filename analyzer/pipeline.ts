// The steps of one observation, in order. Read this first.
//
//   statement ► identify (fingerprint/) ► split a multi-statement text ► SQL-level names (EXECUTE, FETCH)
//             ► tags and profile (attribution/) ► settled? ─ no ► wait in the session
//                                                         └ yes ► verdict ► pool (pools/) ► count (rollup/) ► metrics
//
// Invariant: every execution that comes in is counted in a rollup or waits in its session, exactly one of the two; what waits is counted
// when the session settles, once. Not here: bytes (intake.ts), when things are stored (observer.ts).

import type {
  Completion,
  Observation,
  SessionOpened,
  StatementObservation,
  StatementRunning,
} from '../proxy/observation.js';
import { attribute, TEXT_UNKNOWN } from './attribution/attribute.js';
import type { UserRules, UserSubject } from './attribution/rule-user.js';
import { isSettled } from './attribution/settling.js';
import { type CommentTags, NO_TAGS, readComments } from './attribution/sql-comment.js';
import { NOTHING, type StatementShape, shapeOf } from './attribution/statement-shape.js';
import { tagSetOf, withTags } from './attribution/tag-set.js';
import type { Verdict } from './attribution/verdict.js';
import { Catalogue } from './catalogue.js';
import { factsOf, type Identity, type TextFacts } from './facts-of-text.js';
import { Fingerprinter, UNKNOWN_TEXT } from './fingerprint/fingerprint.js';
import { splitStatements } from './fingerprint/split.js';
import { NAMING_COMMANDS, SqlNames } from './fingerprint/sql-session.js';
import type { Attributable, ExecutionContext, ObservedSession, Waiting } from './observed-session.js';
import { type Pool, Pools, type PoolsOptions } from './pools/pools.js';
import type { Measured } from './rollup/rollup.js';
import { type RollupLimits, Rollups, whereOf } from './rollup/rollups.js';
import { type TagLimits, TagRollups } from './rollup/tag-rollups.js';
import { Sessions } from './sessions.js';

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
  }): void;
}

export interface PipelineOptions {
  limits: RollupLimits & TagLimits & { poolsMax: number; unsettledRowsMax: number };
  dimensionKeys: ReadonlySet<string>;
  rules: UserRules;
  nameOfPool?: PoolsOptions['nameOf'];
  networkOf: (clientAddress: string) => string;
  counted: CountedListener;
}

export interface PipelineCounters {
  statementsTotal: number;
  /** Texts whose statements and completions disagree: counted as one. */
  splitMismatchTotal: number;
  revisedSessionsTotal: number;
  /** Observations of a session that was never announced. */
  strayTotal: number;
}

/** A prepared text that statements refer to by id. */
interface KnownText {
  identity: Identity;
  statement: Attributable;
}

export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #fingerprinter: Fingerprinter<TextFacts>;
  readonly #unknownText: Identity;
  readonly sessions: Sessions;
  readonly pools: Pools;
  readonly rollups: Rollups;
  readonly tagRollups: TagRollups;
  readonly catalogue = new Catalogue();
  readonly counters: PipelineCounters = {
    statementsTotal: 0,
    splitMismatchTotal: 0,
    revisedSessionsTotal: 0,
    strayTotal: 0,
  };
  readonly #texts = new Map<string, Map<number, KnownText>>();
  readonly #names = new WeakMap<ObservedSession, SqlNames<TextFacts>>();
  #waiting = 0;

  static async load(options: PipelineOptions): Promise<Pipeline> {
    return new Pipeline(options, await Fingerprinter.load({ analyse: factsOf }));
  }

  private constructor(options: PipelineOptions, fingerprinter: Fingerprinter<TextFacts>) {
    this.#options = options;
    this.#fingerprinter = fingerprinter;
    this.pools = new Pools({ poolsMax: options.limits.poolsMax, nameOf: options.nameOfPool });
    this.sessions = new Sessions({
      pools: this.pools,
      networkOf: options.networkOf,
      poolNameOf: (session) => (options.rules.isEmpty ? '' : options.rules.decide(subjectOf(session)).pool),
    });
    this.rollups = new Rollups(options.limits);
    this.tagRollups = new TagRollups(options.limits);
    this.#unknownText = {
      fingerprint: UNKNOWN_TEXT,
      key: '',
      keyHash: '',
      query: '(text unknown)',
      summary: '',
      command: '',
      statementCount: 1,
      truncated: false,
      facts: { shape: NOTHING, storedIn: Number.POSITIVE_INFINITY },
    };
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
      case 'text-defined': {
        const { text, textMissingBytes, textId } = observation;
        const identity = this.#identify(text, { backslashEscapes: false, missingBytes: textMissingBytes });
        this.#textsOf(relayId).set(textId, { identity, statement: this.#attributable(identity) });
        return;
      }
      case 'text-forgotten':
        this.#textsOf(relayId).delete(observation.textId);
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
        this.#textsOf(relayId).clear();
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
    this.counters.revisedSessionsTotal += session.profile.revisions;
    this.sessions.closed(session, atMs);
  }

  /** Settles what has waited long enough. Called with every flush. */
  tick(nowMs: number): void {
    for (const session of this.sessions.unsettled()) if (this.#isSettled(session, nowMs)) this.#settle(session, nowMs);
    for (const session of this.sessions.all()) this.pools.advance(session.member, nowMs);
    this.pools.tick(nowMs);
  }

  get textsKnown(): number {
    let count = 0;
    for (const texts of this.#texts.values()) count += texts.size;
    return count;
  }

  relayEnded(relayId: string): void {
    this.#texts.delete(relayId);
  }

  #statement(session: ObservedSession, observation: StatementObservation): void {
    const executions = executionsOf(observation);
    if (executions === 0) return;
    this.#executed(session, observation);
    const context: ExecutionContext = {
      protocol: observation.protocol,
      statementName: observation.statementName,
      transactionBefore: observation.transactionBefore,
    };
    if (observation.text === null) {
      const known = this.#textsOf(session.facts.relayId).get(observation.textId);
      const statement = known?.statement ?? this.#attributable(this.#unknownText);
      this.#one(session, { statement, identity: known?.identity ?? this.#unknownText, context, observation });
      return;
    }
    const options = { backslashEscapes: session.backslashEscapes, missingBytes: observation.textMissingBytes };
    const identity = this.#identify(observation.text, options);
    if (executions > 1 || identity.statementCount > 1) {
      this.#several(session, { identity, context, observation, executions });
      return;
    }
    const statement = this.#attributable(identity);
    const owner = NAMING_COMMANDS.has(identity.command) ? this.#owner(session, observation) : undefined;
    if (owner === undefined) this.#one(session, { statement, identity, context, observation });
    else if (identity.command === 'EXECUTE') {
      this.#one(session, { statement: this.#ownedBy(owner, statement), identity: owner, context, observation });
    } else {
      // FETCH and MOVE keep their own fingerprint and take their source from the cursor's query.
      this.#one(session, {
        statement: { ...statement, shape: owner.facts.shape },
        identity,
        context,
        observation,
      });
    }
  }

  /** One execution of one statement. */
  #one(
    session: ObservedSession,
    it: { statement: Attributable; identity: Identity; context: ExecutionContext; observation: StatementObservation },
  ): void {
    const { observation } = it;
    const completion = observation.completions[0];
    this.#execution(session, it, {
      completedAtMs: observation.completedAtMs,
      sqlstate: observation.sqlstate,
      command: completion?.command || it.identity.command,
      rows: completion?.rows ?? 0,
      requestBytes: observation.requestBytes,
      responseBytes: observation.responseBytes,
      serviceNs: observation.serviceNs,
      waitNs: observation.waitNs,
      firstRowNs: observation.firstRowNs,
      clientStallNs: observation.clientStallNs,
      batched: observation.batched,
    });
  }

  /** A text of several statements: k completions and then an error are k calls and one error; what follows was skipped. */
  #several(
    session: ObservedSession,
    it: { identity: Identity; context: ExecutionContext; observation: StatementObservation; executions: number },
  ): void {
    const { observation, executions } = it;
    const text = observation.text as Uint8Array;
    const parts = splitStatements(this.#fingerprinter.tokens);
    const completions = observation.completions.filter((completion) => completion.command !== '');
    const failed = observation.sqlstate !== '';
    const fits = failed ? executions <= parts.length : executions === parts.length;
    if (!fits || observation.textMissingBytes > 0) {
      this.counters.splitMismatchTotal++;
      this.#one(session, { ...it, statement: this.#attributable(it.identity) });
      return;
    }
    const share = 1 / executions;
    for (let i = 0; i < executions; i++) {
      const completion: Completion | undefined = completions[i];
      const part = text.subarray(parts[i].start, parts[i].end);
      const options = { backslashEscapes: session.backslashEscapes, missingBytes: 0 };
      const identity = this.#identify(part, options);
      const statement = this.#attributable(identity);
      const measured: Measured = {
        completedAtMs: observation.completedAtMs,
        sqlstate: completion === undefined ? observation.sqlstate : '',
        command: completion?.command || identity.command,
        rows: completion?.rows ?? 0,
        requestBytes: Math.round(observation.requestBytes * share),
        responseBytes: Math.round(observation.responseBytes * share),
        serviceNs: observation.serviceNs * share,
        waitNs: i === 0 ? observation.waitNs : 0,
        firstRowNs: -1,
        clientStallNs: observation.clientStallNs * share,
        batched: executions > 1,
      };
      const owner = NAMING_COMMANDS.has(identity.command)
        ? this.#follow(session, { text: part, options, failed: measured.sqlstate !== '' })
        : undefined;
      const counted = owner !== undefined && identity.command === 'EXECUTE' ? owner : identity;
      const judged = owner === undefined ? statement : this.#ownedBy(owner, statement);
      this.#execution(
        session,
        {
          statement: counted === identity ? { ...judged, fingerprint: identity.fingerprint } : judged,
          identity: counted,
          context: it.context,
        },
        measured,
      );
    }
  }

  #execution(
    session: ObservedSession,
    it: { statement: Attributable; identity: Identity; context: ExecutionContext },
    measured: Measured,
  ): void {
    const { statement, context } = it;
    this.counters.statementsTotal++;
    this.catalogue.note(it.identity);
    const { profile } = session;
    profile.observe(statement.shape, context, statement.tags.proof);
    session.statements++;
    if (session.firstStatementMs === 0) session.firstStatementMs = measured.completedAtMs;
    if (session.settled) this.#count(session, { statement, context, measured });
    else {
      session.waiting.push({ statement, context, measured });
      session.changed = true;
      this.#waiting++;
      if (this.#isSettled(session, measured.completedAtMs)) this.#settle(session, measured.completedAtMs);
      else if (this.#waiting > this.#options.limits.unsettledRowsMax) this.#settleOldest(measured.completedAtMs);
    }
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

  #settleOldest(nowMs: number): void {
    for (const session of this.sessions.unsettled()) {
      if (session.waiting.length > 0) {
        this.#settle(session, nowMs);
        return;
      }
    }
  }

  /** The verdict, and everything that counts by it. */
  #count(session: ObservedSession, { statement, context, measured }: Waiting): void {
    const pool = session.member.pool as Pool;
    const { rules } = this.#options;
    const decision = rules.isEmpty ? undefined : rules.decide(subjectOf(session, statement));
    const verdict = decision?.verdict ?? this.#verdict(session, statement, context);
    let where = pool.where.get(verdict);
    if (where === undefined) {
      where = whereOf(pool.id, verdict.source, verdict.construct);
      pool.where.set(verdict, where);
    }
    const { fingerprint } = statement;
    const tagSet = decision === undefined ? statement.tagSet : withTags(statement.tagSet, decision.tags);
    this.rollups.add(measured, { fingerprint, pool: pool.id, verdict, where });
    if (tagSet !== '') this.tagRollups.add(measured, { fingerprint, source: verdict.source, tagSet });
    this.#options.counted.recordStatement({
      source: verdict.source,
      confidence: verdict.confidence,
      poolName: pool.name,
      command: measured.command,
      outcome: measured.sqlstate === '' ? 'ok' : 'error',
      calls: 1,
      serviceNs: measured.serviceNs,
      batched: measured.batched,
    });
  }

  #verdict(session: ObservedSession, statement: Attributable, context: ExecutionContext): Verdict {
    if (statement.fingerprint === UNKNOWN_TEXT) return TEXT_UNKNOWN;
    const { transactionBefore } = context;
    return attribute(statement.shape, {
      profile: session.profile,
      tags: statement.tags,
      inTransaction: transactionBefore === '' ? undefined : transactionBefore !== 'I',
    });
  }

  #identify(text: Uint8Array, options: { backslashEscapes: boolean; missingBytes: number }): Identity {
    return this.#fingerprinter.identify(text, options);
  }

  /** What attribution needs of the text just identified; reads the fingerprinter's tokens, so it comes right after identify. */
  #attributable(identity: Identity): Attributable {
    const { fingerprint, facts } = identity;
    if (identity === this.#unknownText) return { fingerprint, shape: facts.shape, tags: NO_TAGS, tagSet: '' };
    const { tokens } = this.#fingerprinter;
    const shape: StatementShape = facts.shape.readsFolded ? shapeOf(tokens) : facts.shape;
    const tags: CommentTags = tokens.commentCount === 0 ? NO_TAGS : readComments(tokens);
    return { fingerprint, shape, tags, tagSet: tags === NO_TAGS ? '' : tagSetOf(tags, this.#options.dimensionKeys) };
  }

  #ownedBy(owner: Identity, statement: Attributable): Attributable {
    return { ...statement, fingerprint: owner.fingerprint, shape: owner.facts.shape };
  }

  #owner(session: ObservedSession, observation: StatementObservation): Identity | undefined {
    return this.#follow(session, {
      text: observation.text as Uint8Array,
      options: { backslashEscapes: session.backslashEscapes, missingBytes: 0 },
      failed: observation.sqlstate !== '',
    });
  }

  #follow(
    session: ObservedSession,
    it: { text: Uint8Array; options: { backslashEscapes: boolean; missingBytes: number }; failed: boolean },
  ): Identity | undefined {
    let names = this.#names.get(session);
    if (names === undefined) {
      names = new SqlNames();
      this.#names.set(session, names);
    }
    if (it.failed) return names.ownerOf(this.#fingerprinter.tokens);
    return names.follow(it.text, this.#fingerprinter, it.options);
  }

  #executed(session: ObservedSession, observation: StatementObservation): void {
    const after = observation.transactionAfter;
    this.pools.executed(session.member, {
      completedAtMs: observation.completedAtMs,
      serviceNs: observation.serviceNs,
      inTransactionAfter: after === '' ? undefined : after !== 'I',
    });
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

  #textsOf(relayId: string): Map<number, KnownText> {
    let texts = this.#texts.get(relayId);
    if (texts === undefined) {
      texts = new Map();
      this.#texts.set(relayId, texts);
    }
    return texts;
  }
}

/** What a user's rule looks at. Without a statement: rules that speak of the connection alone. */
export function subjectOf(session: ObservedSession, statement?: Attributable): UserSubject {
  return {
    applicationName: session.applicationName,
    user: session.parameter('user'),
    database: session.parameter('database') || session.parameter('user'),
    tags: statement?.tags.pairs ?? [],
    fingerprint: statement?.fingerprint ?? '',
  };
}

function executionsOf(observation: StatementObservation): number {
  let count = observation.sqlstate === '' ? 0 : 1;
  for (const completion of observation.completions) if (completion.command !== '') count++;
  return count;
}
