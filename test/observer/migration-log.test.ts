// Lines of the log while a store is brought up to date.

import { expect, test } from 'vitest';
import { createLog } from '../../config/log.js';
import { MigrationLog } from '../../observer/migration-log.js';

/** Steps with the time that each takes; returns the fields of each line. */
function toldOf(from: number, stepsMs: readonly number[]): unknown[] {
  const lines: unknown[] = [];
  const log = createLog({
    destination: { write: (line) => lines.push(JSON.parse(line)) },
  });
  let nowMs = 5;
  const migration = new MigrationLog(log, () => nowMs);
  stepsMs.forEach((ms, at) => {
    migration.begins({ to: from + at + 1, newest: from + stepsMs.length });
    nowMs += ms;
  });
  migration.ended();
  return lines;
}

test('each step when it begins, and the end', () => {
  const steps = Array.from({ length: 21 }, (_, at) => (at === 3 ? 65_000 : 20));
  expect(toldOf(1, steps)).toMatchObject([
    ...steps.map((_, at) => ({ schema: at + 2, msg: `bringing the database up to date: schema ${at + 2} of 22` })),
    { schema: 22, seconds: 65.4, msg: 'the database is up to date' },
  ]);
});

test('a store of today is no news', () => {
  expect(toldOf(14, [])).toEqual([]);
});
