// Feeds executions to the units of work: says what is known of each before its session settles.
// Invariant: every execution is fed once, when it comes. Those that an earlier process left waiting are in no unit: it
// may have counted their request. Not here: which unit it is (work/units.ts), its source and pool (counting.ts).

import { startupKeyOf } from './attribution/connection/siblings.js';
import { clueBit } from './attribution/shape/clues.js';
import { requestIdsOf } from './notable/request-tags.js';
import type { Attributable, ExecutionContext, ObservedSession, Waiting } from './sessions/observed-session.js';
import type { SessionWork } from './work/session-work.js';
import type { UnitExecution } from './work/unit.js';
import type { UnitTagSets } from './work/unit-tag-sets.js';
import type { Units } from './work/units.js';

const AUTOCOMMIT = clueBit('autocommit');

/** An execution, and what the server says around it. */
export type Fed = Pick<Waiting, 'statement' | 'measured' | 'transactionPosition'> & {
  context: ExecutionContext;
  transactionAfter: UnitExecution['transactionAfter'];
};

export class UnitFeed {
  readonly #units: Units;
  readonly #tagSets: UnitTagSets;

  constructor(units: Units, tagSets: UnitTagSets) {
    this.#units = units;
    this.#tagSets = tagSets;
  }

  /** Hot path: once per execution, after the session's profile has seen it. */
  take(session: ObservedSession, fed: Fed): UnitExecution {
    const { statement, measured, context, transactionPosition, transactionAfter } = fed;
    session.work ??= this.#workOf(session);
    const { requestId, traceId, idleRequests } = requestIdsOf(statement.tags.pairs);
    const execution: UnitExecution = {
      fingerprint: statement.fingerprint,
      session: session.work.name,
      startMs: measured.completedAtMs - measured.serviceNs / 1e6,
      endMs: measured.completedAtMs,
      serviceNs: measured.serviceNs,
      rows: measured.rows,
      sqlstate: measured.sqlstate,
      command: measured.command,
      batched: measured.batched,
      housekeeping: statement.shape.housekeeping,
      transactionBefore: context.transactionBefore,
      transactionAfter,
      transactionPosition,
      parameterHash: measured.parameterHash,
      parameterCount: measured.parameterCount,
      parametersCut: measured.parametersCut,
      source: '',
      construct: '',
      pool: '',
      tagSet: statement.tagSet,
      isRollback: isRollback(statement),
      unitTagSet: this.#tagSets.of(statement.tagSet),
      idleRequests,
      unit: undefined,
    };
    const autocommits = (session.profile.clueBits & AUTOCOMMIT) !== 0;
    this.#units.take(session.work, execution, { requestId, traceId, autocommits });
    return execution;
  }

  closed(session: ObservedSession, atMs: number): void {
    if (session.work !== undefined) this.#units.closed(session.work, atMs - session.facts.openedAtMs);
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
