// Makes of a unit of work what is kept of it as an example: its statements in order.
// Invariant: bounded, without a literal; the unit is not changed.
// Not here: which units are kept (analyzer/work/unit-samples.ts, analyzer/findings/finding-samples.ts).

import { callerIn } from '../../config/values/tag-set.js';
import type { SampledStatement, SampledUnit } from '../rollup-row.js';
import type { UnitStatement, WorkUnit } from './unit.js';

/** `from`: the first statement that is kept; `most`: how many are. */
export function sampledUnit(unit: WorkUnit, { from = 0, most }: { from?: number; most: number }): SampledUnit {
  const connections = new Map<string, number>();
  return {
    found: unit.found,
    boundary: unit.boundary,
    tagSet: unit.tagSet,
    request: unit.id,
    atMs: unit.firstMs,
    durationMs: unit.lastMs - unit.firstMs,
    serviceNs: unit.serviceNs,
    executions: unit.kept + unit.statementsDropped,
    statements: unit.statements.slice(from, from + most).map((statement) => {
      const connection = connections.get(statement.session) ?? connections.size + 1;
      connections.set(statement.session, connection);
      return sampledOf(statement, { firstMs: unit.firstMs, connection });
    }),
  };
}

function sampledOf(
  statement: UnitStatement,
  { firstMs, connection }: { firstMs: number; connection: number },
): SampledStatement {
  const { fingerprint, rows, sqlstate, source, construct, pool, tagSet } = statement;
  return {
    fingerprint,
    startMs: Math.max(0, statement.startMs - firstMs),
    serviceMs: statement.serviceNs / 1e6,
    rows,
    sqlstate,
    source,
    construct,
    pool,
    connection,
    caller: callerIn(tagSet),
  };
}
