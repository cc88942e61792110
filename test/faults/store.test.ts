// 56: somebody reads the store's file with a program of their own and does not let go.
// Other faults of the file are in test/storage.

import { statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { reportStatements } from '../../reports/statements.js';
import { DAY_START_MIN, flushOf, openStore, openTestReader, rollupOf, temporaryDirectory } from '../storage/flushes.js';

test('56: a snapshot held for long: flushes go on, and the log is used anew once it is let go', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  let flushes = 0;
  const flush = () => {
    const rollups = Array.from({ length: 200 }, (_, n) =>
      rollupOf({ minute: DAY_START_MIN + flushes, fingerprint: n.toString(16).padStart(16, '0'), callsNs: [n] }),
    );
    store.flush(flushOf({ rollups }));
    flushes++;
  };
  const logBytes = () => statSync(path.join(dataDir, 'witness.db-wal')).size;
  flush();
  const reader = new Database(path.join(dataDir, 'witness.db'), { readonly: true });
  onTestFinished(() => void reader.close());
  reader.exec('BEGIN');
  const seen = reader.prepare('SELECT count(*) AS n FROM rollup').get();
  for (let i = 0; i < 60; i++) flush();
  store.maintain(Date.now());
  expect(logBytes()).toBeGreaterThan(1024 * 1024);
  expect(reader.prepare('SELECT count(*) AS n FROM rollup').get()).toEqual(seen);
  reader.exec('COMMIT');
  store.maintain(Date.now());
  const longest = logBytes();
  for (let i = 0; i < 30; i++) flush();
  expect(logBytes()).toBe(longest);
  expect(reportStatements(openTestReader(dataDir)).observed.executions).toBe(flushes * 200);
});
