// The tables of losses, and of those among them whose text was known.
// Invariant: writing a loss twice changes nothing. Where more texts of a minute are known than executions were lost in
// it, none of that minute is given.
// Not here: judging them (reports/check/lost.ts).

import type { LossRow, LostStatementRow } from '../../../facts/flush.js';
import type { MinuteRange } from '../../reading/levels.js';
import type { LossSum, LostStatement } from '../../reading/other-rows.js';
import type { Rows } from '../file/rows.js';
import { integer } from './rollup-tables.js';
import { totalSql } from './saturating.js';

const UPSERT_LOSS = `INSERT INTO loss (counter_id, minute_min, reason, count) VALUES (?, ?, ?, ?)
  ON CONFLICT (minute_min, reason, counter_id) DO UPDATE SET count = max(count, excluded.count)`;
const ADD = `INSERT INTO lost_statement VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET count = count + excluded.count`;
const IN = `SELECT reason, fingerprint, source, construct, pool_id AS pool, query, summary, sum(count) AS count,
    minute_min = ? AS mayPrecede
  FROM lost_statement AS known WHERE minute_min >= ? AND minute_min < ?
    AND (SELECT sum(count) FROM lost_statement WHERE minute_min = known.minute_min AND reason = known.reason)
      <= (SELECT ifnull(sum(count), 0) FROM loss WHERE minute_min = known.minute_min AND reason = known.reason)
  GROUP BY reason, fingerprint, source, construct, pool_id, mayPrecede
  ORDER BY source, fingerprint, reason, construct, pool_id, mayPrecede`;
const SUMS = `SELECT reason, ${totalSql('count')} AS count FROM loss
  WHERE minute_min >= ? AND minute_min < ? GROUP BY reason`;
const DROP = 'DELETE FROM lost_statement WHERE minute_min < ? LIMIT ?';

export function writeLoss(rows: Rows, { counterId, minute, reason, count }: LossRow): void {
  rows.run(UPSERT_LOSS, counterId, minute, reason, integer(count));
}

export function writeLostStatement(rows: Rows, row: LostStatementRow): void {
  const { minute, reason, fingerprint, source, construct, pool, query, summary, count } = row;
  rows.run(ADD, minute, reason, fingerprint, source, construct, pool, query, summary, count);
}

/** Lost in the minutes [since, until), by reason. */
export function lossSums(rows: Rows, { since, until }: MinuteRange): LossSum[] {
  return rows.all<LossSum>(SUMS, since, until);
}

/** Of the minutes [since, until); of `partly`, where it is one of them, a part is before the window. */
export function lostStatementsIn(
  rows: Rows,
  { since, until, partly }: MinuteRange & { partly: number | undefined },
): LostStatement[] {
  return rows
    .all<Omit<LostStatement, 'mayPrecede'> & { mayPrecede: number }>(IN, partly ?? -1, since, until)
    .map(({ mayPrecede, ...lost }) => ({ ...lost, mayPrecede: mayPrecede === 1 }));
}

export function dropLostStatements(rows: Rows, beforeMinute: number, rowsMax: number): void {
  rows.run(DROP, beforeMinute, rowsMax);
}
