// Holds what the observer knows of one open session, and its form in the store.
// Invariant: the stored form holds no SQL text; an execution that waits for its verdict is in `waiting` and nowhere
// else. Not here: what changes a session (pipeline.ts, sessions.ts).

import type { PoolIdentity } from '../../facts/pool.js';
import type { Measured } from '../../facts/rollup-row.js';
import { NO_REQUEST } from '../attribution/comments/request-tags.js';
import type { CommentTags } from '../attribution/comments/sql-comment.js';
import { ConnectionProfile, type ProfileState } from '../attribution/connection/connection-profile.js';
import type { Siblings } from '../attribution/connection/siblings.js';
import type { UserDecision } from '../attribution/rules/rule-user.js';
import { internShape, type StatementShape } from '../attribution/shape/shape.js';
import { PoolMember } from '../pools/pool.js';
import type { UnitExecution } from '../work/kept/unit-execution.js';
import type { SessionWork } from '../work/session-work.js';
import { type TransactionState, TransactionWatch } from './transaction-watch.js';

/** What attribution needs of one execution besides its connection. */
export interface Attributable {
  readonly fingerprint: string;
  readonly shape: StatementShape;
  readonly tags: CommentTags;
  /** Dimensions among the tags, canonical; '' = none. */
  readonly tagSet: string;
  /** Those of its unit of work: without the caller. */
  readonly unitTagSet: string;
  /** Expressions of the user's rules that are found in its normalised text. */
  readonly sqlMatches: readonly string[];
  /** The decision of the rules under which it came; only set when the rules have changed since. */
  readonly decided?: UserDecision;
}

export interface ExecutionContext {
  protocol: 'simple' | 'extended';
  statementName: string;
  transactionBefore: '' | 'I' | 'T' | 'E';
}

/** An execution that waits until its session is settled. */
export interface Waiting {
  statement: Attributable;
  measured: Measured;
  /** Place in its transaction; 0 = outside of one. */
  transactionPosition: number;
  /** In its unit of work; undefined where another process took it. */
  inUnit?: UnitExecution;
}

/** A request that has been in flight for a second. */
export interface InFlight {
  /** Unix ms, of the relay's clock. */
  readonly sinceMs: number;
  readonly statement: Attributable;
  /** Normalised. */
  readonly query: string;
}

export interface SessionFacts {
  readonly relayId: string;
  readonly sessionId: number;
  readonly openedAtMs: number;
  readonly clientAddress: string;
  readonly startup: ReadonlyArray<readonly [name: string, value: string]>;
}

interface StoredSession {
  facts: SessionFacts;
  profile: ProfileState;
  identity: PoolIdentity | null;
  waiting: Waiting[];
  settled: boolean;
  authenticated: boolean;
  /** The store's reader reads these four: what is open now, and on which process of the server. */
  backendPid: number;
  poolId: string;
  user: string;
  database: string;
  firstStatementMs: number;
  statements: number;
  applicationName: string;
  serverVersion: string;
  countedToMs: number;
  inTransaction: boolean;
  transaction?: TransactionState;
}

export class ObservedSession {
  readonly facts: SessionFacts;
  readonly profile: ConnectionProfile;
  readonly member: PoolMember;
  transaction = new TransactionWatch();
  /** Stands while `member.running`. */
  inFlight: InFlight | undefined = undefined;
  /** Undefined before its first statement of this process. */
  work: SessionWork | undefined = undefined;
  identity: PoolIdentity | undefined = undefined;
  waiting: Waiting[] = [];
  settled = false;
  /** It reached AuthenticationOk: only such sessions have a pool. */
  authenticated = false;
  firstStatementMs = 0;
  statements = 0;
  applicationName = '';
  /** Of the server; 0 while it is not known. */
  backendPid = 0;
  serverVersion = '';
  /** Revisions of its owner that are counted already. */
  revisionsCounted = 0;
  /** Habits that its pool counts for it, and what they were read from. */
  habits: readonly string[] | undefined = undefined;
  habitsKey = -1;
  /** It differs from its stored form. */
  changed = true;
  /** It was announced since the last resync-begin. */
  announced = true;

  constructor(facts: SessionFacts, profile: ConnectionProfile) {
    this.facts = facts;
    this.profile = profile;
    this.member = new PoolMember(facts.openedAtMs);
  }

  /** What its relay says of a request in flight. @param sinceMs 0 = none is, or it is not known. */
  runs(sinceMs: number, text: { statement: Attributable; identity: { query: string } }): void {
    this.member.running = sinceMs > 0;
    this.inFlight = { sinceMs, statement: text.statement, query: text.identity.query };
  }

  /** A startup parameter, '' = not sent; the last of a repeated name counts. */
  parameter(name: string): string {
    let value = '';
    for (const [key, given] of this.facts.startup) if (key === name) value = given;
    return value;
  }

  toJson(): string {
    const stored: StoredSession = {
      facts: this.facts,
      profile: this.profile.snapshot(),
      identity: this.identity ?? null,
      // The tag set is stored with the counts anyway; the other pairs of the comments (trace ids) are dropped.
      waiting: this.waiting.map((waiting) => ({
        ...waiting,
        statement: withoutContext(waiting.statement),
        inUnit: undefined,
      })),
      settled: this.settled,
      authenticated: this.authenticated,
      backendPid: this.backendPid,
      poolId: this.member.pool?.id ?? '',
      user: this.parameter('user'),
      database: this.parameter('database') || this.parameter('user'),
      firstStatementMs: this.firstStatementMs,
      statements: this.statements,
      applicationName: this.applicationName,
      serverVersion: this.serverVersion,
      countedToMs: this.member.countedToMs,
      inTransaction: this.member.inTransaction,
      transaction: this.transaction.state,
    };
    return JSON.stringify(stored);
  }

  /** Throws SyntaxError or TypeError for text that toJson() did not make. */
  static fromJson(json: string, siblings: Siblings): ObservedSession {
    const stored = JSON.parse(json) as StoredSession;
    const session = new ObservedSession(stored.facts, ConnectionProfile.restore(stored.profile, siblings));
    session.identity = stored.identity ?? undefined;
    session.waiting = stored.waiting.map((waiting) => ({
      ...waiting,
      statement: withoutContext({ ...waiting.statement, shape: internShape(waiting.statement.shape) }),
    }));
    session.settled = stored.settled;
    session.authenticated = stored.authenticated;
    session.backendPid = stored.backendPid;
    session.firstStatementMs = stored.firstStatementMs;
    session.statements = stored.statements;
    session.applicationName = stored.applicationName;
    session.serverVersion = stored.serverVersion;
    session.member.countedToMs = stored.countedToMs;
    // The end of its last statement is not stored; it was no later than this.
    session.member.silentSinceMs = stored.countedToMs;
    session.member.inTransaction = stored.inTransaction;
    session.transaction = new TransactionWatch(stored.transaction);
    session.revisionsCounted = session.profile.revisions;
    session.changed = false;
    session.announced = false;
    return session;
  }
}

function withoutContext(statement: Attributable): Attributable {
  return { ...statement, tags: { ...statement.tags, pairs: [], request: NO_REQUEST } };
}
