// Decides whether a statement without an id goes on with its session's unit, or begins another.
// And which guess is a part of which unit.
// Invariant: pure. A transaction is never cut. Signs of the driver are looked for first, then transactions, then
// pauses. Not here: units that tags name (units.ts), how long a pause must be (pace.ts).

import type { Boundary } from '../../facts/rollup-row.js';
import type { UnitExecution } from './kept/unit-execution.js';
import { namesRoute } from './kept/unit-name.js';
import { GAP_MAX_MS, SHORT_LIFE_MS } from './pace.js';
import type { SessionWork } from './session-work.js';
import type { Unit } from './unit.js';

/** Within this time after COMMIT the same request goes on: SQLAlchemy loads again what COMMIT expired. */
const AFTER_COMMIT_MS = 2;

/** The sign that a new unit begins with this statement; undefined = it goes on with the session's unit. */
export function boundaryBefore(session: SessionWork, execution: UnitExecution): Boundary | undefined {
  const { unit, pace } = session;
  if (unit === undefined) return firstBoundary(session, execution);
  if (isInside(session, execution)) return undefined;
  if (session.returned) return 'driver';
  // Django asks whether a connection is usable after an error too, in the middle of a request.
  if (execution.housekeeping === 'ping' && !session.failed) return 'driver';
  if (pace.isPerRequest && execution.startMs - session.firstMs < SHORT_LIFE_MS) return undefined;
  const pauseMs = execution.startMs - session.lastEndMs;
  if (!session.autocommits && session.ended && pauseMs > AFTER_COMMIT_MS) return 'transaction';
  if (pauseMs > (session.isPinged ? GAP_MAX_MS : pace.gapMs)) return 'burst';
  return namesAnother(unit.name.given, execution.unitTagSet) ? 'burst' : undefined;
}

/** A statement that its session's transaction holds. */
export function isInside(session: SessionWork, { transactionBefore }: UnitExecution): boolean {
  return transactionBefore === '' ? session.inTransaction : transactionBefore !== 'I';
}

/** The connection goes back to its pool with this statement. */
export function givesBack({ autocommits }: SessionWork, { housekeeping, isRollback }: UnitExecution): boolean {
  if (housekeeping === 'reset') return true;
  return housekeeping === 'end' && isRollback && !autocommits;
}

/** It prepares the connection for the request that comes, rather than belonging to the one before. */
export function isPrelude({ housekeeping }: UnitExecution): boolean {
  return housekeeping === 'begin' || housekeeping === 'ping' || housekeeping === 'setting';
}

/** A guess that turns out to be a part of a unit which is known. */
export function isPartOf(unit: Unit, part: Unit): boolean {
  return part !== unit && part.found === 'heuristic' && !part.ended && part.counted === undefined;
}

/** The unit that took it over, if one did. */
export function wholeOf(unit: Unit): Unit {
  let whole = unit;
  while (whole.absorbedBy !== undefined) whole = whole.absorbedBy;
  return whole;
}

function firstBoundary({ pace, autocommits }: SessionWork, { housekeeping }: UnitExecution): Boundary {
  if (pace.isPerRequest) return 'connection';
  if (housekeeping === 'ping') return 'driver';
  return autocommits ? 'burst' : 'transaction';
}

function namesAnother(named: string, tagSet: string): boolean {
  return named !== '' && named !== tagSet && namesRoute(tagSet);
}
