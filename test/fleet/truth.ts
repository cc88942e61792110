// Compares a data directory with what the store of a fleet shows of it, value by value.
// Invariant: every table that is shipped is compared, on every level. Not here: shipping itself.

import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { LogHistogram } from '../../facts/histogram.js';
import type { FleetClient } from '../../storage/clickhouse/connection/client.js';
import { TABLES } from '../../storage/clickhouse/schema/tables.js';

/** Where the rows of a table with ids come from. */
const JOINS: Readonly<Record<string, string>> = {
  rollup: 'JOIN series USING (series_id)',
  rollup_error: 'JOIN series USING (series_id)',
  tag_rollup: 'JOIN tag_series USING (tag_series_id)',
  request_rollup: 'JOIN request_series USING (request_series_id)',
  request_part_rollup: 'JOIN request_series USING (request_series_id)',
  request_statement_rollup: 'JOIN tag_series USING (tag_series_id)',
  unit_sample: 'JOIN request_series USING (request_series_id)',
};

function plain(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  const histogram = new LogHistogram();
  histogram.mergeEncoded(value);
  return Object.fromEntries(histogram.buckets);
}

function sorted(rows: Record<string, unknown>[], columns: readonly string[]): string[] {
  return rows.map((row) => JSON.stringify(columns.map((column) => row[column]))).sort();
}

/** `tables`: default all. Only buckets that are over and minutes that are not are compared by their level. */
export async function expectTruth(
  dataDir: string,
  client: Pick<FleetClient, 'rows'>,
  { where = '', without = [] }: { where?: string; without?: readonly string[] } = {},
): Promise<number> {
  const db = new Database(`${dataDir}/witness.db`, { readonly: true });
  try {
    const store = db.prepare('SELECT store FROM outbox_clock').pluck().get() as number;
    let compared = 0;
    for (const { name, of, columns } of TABLES) {
      if (name === 'instance_state' || without.includes(name)) continue;
      const names = columns.map(([column]) => column);
      const isRollup = names.includes('bucket_min') && name !== 'unit_sample';
      const levels = isRollup ? `WHERE span_s > 0 ${where}` : '';
      const truth = db.prepare(`SELECT ${names.join(', ')} FROM ${name} ${JOINS[name] ?? ''} ${levels}`).all();
      const expected = (truth as Record<string, unknown>[]).map((row) =>
        Object.fromEntries(Object.entries(row).map(([column, value]) => [column, plain(value)])),
      );
      const mine = of === 'instance' ? `WHERE store = ${store}` : '';
      const shown = await client.rows<Record<string, unknown>>(`SELECT ${names.join(', ')} FROM ${name} FINAL ${mine}`);
      if (of === 'instance') expect(sorted(shown, names), name).toEqual(sorted(expected, names));
      else expect(sorted(shown, names), name).toEqual(expect.arrayContaining(sorted(expected, names)));
      compared += expected.length;
    }
    return compared;
  } finally {
    db.close();
  }
}
