// Asks the server for the generic plan of a statement, on a connection of our own.
// Invariant: nothing is executed (EXPLAIN without ANALYZE, in a read-only transaction that is rolled back), and no
// value is sent.
// Sources: PostgreSQL documentation of EXPLAIN (GENERIC_PLAN, from 16) and of plan_cache_mode (12 and later).
// Not here: which statements (observer/plan-collector.ts), their text with parameters
// (analyzer/fingerprint/plannable.ts).

import type { Plannable } from '../analyzer/fingerprint/plannable.js';
import type { Row, ServerConnection } from './own-connection.js';
import { ServerError } from './server-error.js';

/** Either the plan or the problem; the other one is ''. */
export interface ServerPlan {
  readonly plan: string;
  /** The server's error message, with the SQLSTATE. */
  readonly problem: string;
}

const GENERIC_SINCE = 16;
const NAME = 'pgwitness_plan';

/** Throws RuntimeError if the connection is lost. An error of the server about the statement is a result. */
export async function genericPlan(connection: ServerConnection, statement: Plannable): Promise<ServerPlan> {
  await connection.query('BEGIN READ ONLY');
  try {
    const rows =
      connection.major >= GENERIC_SINCE
        ? await connection.query(`EXPLAIN (GENERIC_PLAN) ${statement.sql}`)
        : await planOfPrepared(connection, statement);
    return { plan: rows.map(([line]) => line ?? '').join('\n'), problem: '' };
  } catch (error) {
    if (!(error instanceof ServerError)) throw error;
    return { plan: '', problem: `${error.message} (${error.sqlstate})` };
  } finally {
    await connection.query('ROLLBACK');
  }
}

async function planOfPrepared(connection: ServerConnection, { sql, parameters }: Plannable): Promise<Row[]> {
  await connection.query('SET LOCAL plan_cache_mode = force_generic_plan');
  await connection.query(`PREPARE ${NAME} AS ${sql}`);
  try {
    const nulls = Array.from({ length: parameters }, () => 'NULL').join(', ');
    return await connection.query(`EXPLAIN EXECUTE ${NAME}${parameters === 0 ? '' : `(${nulls})`}`);
  } finally {
    // A prepared statement outlives the transaction, even if its EXPLAIN failed.
    await connection.query(`DEALLOCATE ${NAME}`).catch(() => {});
  }
}
