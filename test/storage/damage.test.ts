// 81: pages of the file are overwritten while it is open: found, and its minutes are not exact.
// Not here: damage that is there at a start, or met by the writer itself (store.test.ts), the whole way from a report
// to the writer (test/faults/damage.test.ts).

import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { reportStatements } from '../../reports/statements.js';
import { databasePath } from '../../storage/sqlite/file/data-directory.js';
import { openSqliteStore, type SqliteStore } from '../../storage/sqlite/sqlite-store.js';
import type { StoreError } from '../../storage/store-error.js';
import { DAY_START_MIN, flushOf, MINUTE_MS, openTestReader, rollupOf, temporaryDirectory } from './flushes.js';

const NOW_MS = DAY_START_MIN * MINUTE_MS + MINUTE_MS;

/** A store whose rows lie in the file, not in its log. */
function filled(checkEveryMs: number, open = openSqliteStore) {
  const dataDir = temporaryDirectory();
  const moved: string[] = [];
  const store = open({ dataDir, checkEveryMs, onMovedAside: (aside) => moved.push(aside) });
  onTestFinished(() => store.close());
  const rollups = Array.from({ length: 500 }, (_, n) =>
    rollupOf({ fingerprint: n.toString(16).padStart(16, '0'), callsNs: [1 + n] }),
  );
  store.flush(flushOf({ rollups }));
  store.maintain(NOW_MS);
  return { dataDir, moved, store };
}

/** Every page but the first, which says what the file is. */
function damage(dataDir: string): void {
  const file = openSync(databasePath(dataDir), 'r+');
  for (let page = 2; page < 40; page++) writeSync(file, Buffer.alloc(4096, 0x5a), 0, 4096, page * 4096);
  closeSync(file);
}

function codeOf(act: () => void): string {
  try {
    act();
  } catch (error) {
    // By its name: that of the build is another class.
    if (error instanceof Error && error.name === 'StoreError') return (error as StoreError).code;
    throw error;
  }
  return 'no error';
}

function expectAnew({ dataDir, moved, store }: { dataDir: string; moved: string[]; store: SqliteStore }): void {
  expect(moved).toHaveLength(1);
  store.flush(flushOf({ rollups: [rollupOf({ callsNs: [1, 2] })] }));
  const { observed } = reportStatements(openTestReader(dataDir));
  expect(observed).toMatchObject({ executions: 2, exact: false });
  expect(observed.notObservedByReason.get('damaged')).toBe(1);
}

test('81: a reader that meets damage is believed when the file is damaged', () => {
  const at = filled(3_600_000);
  expect(codeOf(() => at.store.lookForDamage('a page is malformed'))).toBe('no error');
  expect(at.moved).toEqual([]);
  damage(at.dataDir);
  expect(codeOf(() => at.store.lookForDamage('a page is malformed'))).toBe('corrupt');
  expectAnew(at);
});

test('81: damage that nobody meets is found by upkeep, whose thread looks for it', { timeout: 180_000 }, async () => {
  // The thread is a file of the build.
  const path: string = '../../dist/storage/sqlite/sqlite-store.js';
  const built = (await import(path)) as typeof import('../../storage/sqlite/sqlite-store.js');
  const at = filled(0, built.openSqliteStore as typeof openSqliteStore);
  expect(await codesOf(at, () => false, 4)).toEqual(['no error']);
  damage(at.dataDir);
  expect(await codesOf(at, (code) => code !== 'no error')).toEqual(['no error', 'corrupt']);
  expectAnew(at);
});

/** The codes that upkeep gives, each once, until one is wanted; at most so many calls. */
async function codesOf({ store }: { store: SqliteStore }, isLast: (code: string) => boolean, callsMax = 3000) {
  const codes = new Set<string>();
  for (let call = 0; call < callsMax; call++) {
    const code = codeOf(() => store.maintain(NOW_MS + 6_000));
    codes.add(code);
    if (isLast(code)) break;
    await sleep(50);
  }
  return [...codes];
}
