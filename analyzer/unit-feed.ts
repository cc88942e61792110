// Feeds executions to the units of work: says what is known of each before its session settles.
// Invariant: every execution is fed once, when it comes. Those that an earlier process left waiting are in no unit: it
// may have counted their request. Not here: which unit it is (work/units.ts), its source and pool (counting.ts).

import { startupKeyOf } from './attribution/connection/siblings.js';
import { clueBit } from './attribution/shape/clues.js';
import type { Attributable, ExecutionContext, ObservedSession, Waiting } from './sessions/observed-session.js';
import { type UnitExecution, unfilledExecution } from './work/kept/unit-execution.js';
import type { SessionWork } from './work/session-work.js';
import type { Units } from './work/units.js';

const AUTOCOMMIT = clueBit('autocommit');

/** An execution, and what the server says around it. */
export type Fed = Pick<Waiting, 'statement' | 'measured'> & {
  context: ExecutionContext;
  transactionAfter: UnitExecution['transactionAfter'];
};

export class UnitFeed {
  readonly #units: Units;
  /** Of a settled session: it is counted before the next one comes. */
  readonly #counted = unfilledExecution();

  constructor(units: Units) {
    this.#units = units;
  }

  /** Hot path: once per execution, after the session's profile has seen it. */
  take(session: ObservedSession, fed: Fed): UnitExecution {
    const { statement, measured, context, transactionAfter } = fed;
    session.work ??= this.#workOf(session);
    const { request } = statement.tags;
    const execution = session.settled ? this.#counted : unfilledExecution();
    execution.fingerprint = statement.fingerprint;
    execution.session = session.work.name;
    execution.startMs = measured.completedAtMs - measured.serviceNs / 1e6;
    execution.endMs = measured.completedAtMs;
    execution.serviceNs = measured.serviceNs;
    execution.rows = measured.rows;
    execution.sqlstate = measured.sqlstate;
    execution.command = measured.command;
    execution.batched = measured.batched;
    execution.reads = statement.shape.reads;
    execution.housekeeping = statement.shape.housekeeping;
    execution.transactionBefore = context.transactionBefore;
    execution.transactionAfter = transactionAfter;
    execution.parameterHash = measured.parameterHash;
    execution.parameterCount = measured.parameterCount;
    execution.parametersCut = measured.parametersCut;
    execution.source = execution.construct = execution.pool = '';
    execution.tagSet = statement.tagSet;
    execution.isRollback = isRollback(statement);
    execution.unitTagSet = statement.unitTagSet;
    execution.idleRequests = request.idleRequests;
    execution.unit = undefined;
    session.work.autocommits = (session.profile.clueBits & AUTOCOMMIT) !== 0;
    this.#units.take(session.work, execution, request);
    return execution;
  }

  closed(session: ObservedSession, atMs: number): void {
    const { work, facts } = session;
    if (work === undefined) return;
    this.#units.closed(work, { lifetimeMs: atMs - facts.openedAtMs, openingMs: work.firstMs - facts.openedAtMs });
  }

  #workOf({ facts, statements, member }: ObservedSession): SessionWork {
    const { relayId, sessionId, startup } = facts;
    return this.#units.sessionOf(`${relayId}.${sessionId}`, {
      startup: startupKeyOf(startup),
      partial: statements > 0 || startup.length === 0,
      member,
    });
  }
}

function isRollback({ shape }: Attributable): boolean {
  return shape.housekeeping === 'end' && shape.clues.includes('rollback');
}
