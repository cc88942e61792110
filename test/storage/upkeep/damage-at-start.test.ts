// A file that was closed cleanly, and is damaged where a start reads it.
// It is moved aside, and work goes on. Not here: damage under a store that is open (../damage.test.ts).

import { closeSync, openSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { reportStatements } from '../../../reports/statements.js';
import { databasePath } from '../../../storage/sqlite/file/data-directory.js';
import { StoreError } from '../../../storage/store-error.js';
import {
  DAY_START_MIN,
  flushOf,
  MINUTE_MS,
  openStore,
  openTestReader,
  rollupOf,
  temporaryDirectory,
} from '../flushes.js';

const NOW_MS = (DAY_START_MIN + 5) * MINUTE_MS;

/** The first page of each index of that table, or of the table itself where it has none. */
function damagePagesOf(dataDir: string, table: string): void {
  const db = new Database(databasePath(dataDir), { readonly: true });
  const rootsOf = (type: string) =>
    db
      .prepare('SELECT rootpage FROM sqlite_schema WHERE tbl_name = ? AND type = ?')
      .pluck()
      .all(table, type) as number[];
  const indexes = rootsOf('index');
  const pages = indexes.length > 0 ? indexes : rootsOf('table');
  db.close();
  const file = openSync(databasePath(dataDir), 'r+');
  for (const page of pages) writeSync(file, Buffer.alloc(4096, 0xab), 0, 4096, (page - 1) * 4096);
  closeSync(file);
}

test.each(['series', 'journal'])('%s is damaged', (table) => {
  const dataDir = temporaryDirectory();
  const moved: string[] = [];
  const open = () => openStore(dataDir, { onMovedAside: (aside) => moved.push(aside) });
  const first = open();
  first.flush(flushOf({ rollups: [rollupOf({ callsNs: [1] })] }));
  first.maintain(NOW_MS);
  first.close();
  damagePagesOf(dataDir, table);

  const store = open();
  const failures: unknown[] = [];
  const attempt = (act: () => unknown) => {
    try {
      act();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      failures.push(error.code);
    }
  };
  attempt(() => store.maintain(NOW_MS));
  expect(moved).toHaveLength(1);
  expect(failures.every((code) => code === 'corrupt')).toBe(true);
  store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1, 2] })] }));
  store.maintain(NOW_MS);
  expect(reportStatements(openTestReader(dataDir)).observed).toMatchObject({ executions: 2, exact: false });
  expect(moved).toHaveLength(1);
});
