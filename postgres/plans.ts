// The generic plan of a statement, asked from the server on a connection of our own.
// Invariant: nothing is executed (EXPLAIN without ANALYZE, in a read-only transaction that is rolled back) and no value is ever sent.
// Sources: PostgreSQL documentation of EXPLAIN (GENERIC_PLAN, from 16) and of plan_cache_mode (12 and later).
// Not here: which statements (observer/plan-collector.ts), their text with parameters (analyzer/fingerprint/plannable.ts).

import type { Plannable } from '../analyzer/fingerprint/plannable.js';
import { type Row, type ServerConnection, ServerError } from './connection.js';

/** Exactly one of them is ''. */
export interface ServerPlan {
  readonly plan: string;
  /** The server's own words, with the SQLSTATE. */
  readonly problem: string;
}

const GENERIC_SINCE = 16;
const NAME = 'pgwitness_plan';

/** Throws RuntimeError when the connection is lost; what the server says of the statement is an answer. */
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
    // Prepared statements outlive the transaction; one that failed to be described is still there.
    await connection.query(`DEALLOCATE ${NAME}`).catch(() => {});
  }
}
