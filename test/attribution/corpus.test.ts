// Rates on recorded, labelled traffic, as a confusion table, with the floors that were reached.
// The corpus is no part of the repository: PGWITNESS_CORPUS names its folder, else ../shared/corpus beside the checkout is tried.

import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { attributeLines } from '../../analyzer/attribution/attribute-lines.js';
import { UserRules } from '../../analyzer/attribution/rule-user.js';
import { loadLineReader } from '../../analyzer/line-reader.js';

const read = await loadLineReader(new UserRules([]));

const folder = process.env.PGWITNESS_CORPUS ?? resolve(import.meta.dirname, '../../../shared/corpus');
const present = existsSync(join(folder, 'sessions.jsonl.gz'));
const where = present ? folder : `skipped: no sessions.jsonl.gz in ${folder}, set PGWITNESS_CORPUS`;

interface Row {
  session?: string;
  sql: string;
  label: string;
}

interface Judged extends Row {
  source: string;
  construct: string;
  confidence: string;
}

function rowsOf(name: string): Row[] {
  const text = gunzipSync(readFileSync(join(folder, `${name}.jsonl.gz`))).toString('utf8');
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]));
}

function judge(rows: readonly Row[]): Judged[] {
  return attributeLines(
    rows.map((row, index) => JSON.stringify({ session: String(index), ...row })),
    { read },
  ).map((result) => {
    if ('error' in result) throw new Error(result.error.message);
    return result.output as unknown as Judged;
  });
}

function table(judged: readonly Judged[], label: (row: Judged) => string): string {
  const counts = new Map<string, number>();
  for (const row of judged) {
    const cell = `${label(row).padEnd(24)} → ${row.source} ${row.confidence}`;
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([cell, count]) => `${String(count).padStart(6)}  ${cell}`)
    .join('\n');
}

/** Labels of single texts, as the source they should get; those left out are not counted. */
const EXPECTED: Readonly<Record<string, string>> = {
  'django-orm': 'django-orm',
  raw: 'raw',
  'sqlalchemy-orm': 'sqlalchemy',
  'sqlalchemy-core': 'sqlalchemy',
};

/** By hand, but letter for letter what the ORM writes: nothing on the wire tells them apart. */
const FORGERIES = new Set([
  'SELECT "shop_author"."id", "shop_author"."name" FROM "shop_author"',
  'SELECT COUNT(*) AS "__count" FROM "shop_author"',
]);

describe.skipIf(!present)(`recorded traffic (${where})`, () => {
  test('with the connection: at least 99.3 % right, all but forgeries 99.7 %, none wrong and certain', () => {
    const judged = judge(rowsOf('sessions')).filter(({ label }) => label !== 'skip');
    console.log(table(judged, ({ label }) => label));
    const wrong = judged.filter((row) => row.source !== row.label);
    const unforged = wrong.filter((row) => !FORGERIES.has(row.sql));
    expect(wrong.filter(({ confidence }) => confidence === 'certain')).toEqual([]);
    expect(1 - wrong.length / judged.length).toBeGreaterThanOrEqual(0.993);
    expect(1 - unforged.length / judged.length).toBeGreaterThanOrEqual(0.997);
  });

  test('by the text alone: at least 98.9 % of distinct texts right, none wrong and certain', () => {
    const distinct = new Map<string, Row>();
    for (const name of ['django', 'sqlalchemy', 'raw'])
      for (const row of rowsOf(name)) if (!distinct.has(row.sql)) distinct.set(row.sql, row);
    const judged = judge([...distinct.values()].map(({ sql, label }) => ({ sql, label })));
    console.log(table(judged, ({ label }) => label));
    const counted = judged.filter(({ label }) => label in EXPECTED);
    const wrong = counted.filter((row) => row.source !== EXPECTED[row.label]);
    expect(wrong.filter(({ confidence }) => confidence === 'certain')).toEqual([]);
    expect(1 - wrong.length / counted.length).toBeGreaterThanOrEqual(0.989);
  });
});
