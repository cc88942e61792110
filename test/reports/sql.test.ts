// `pgwitness sql` and docs/SQL.md: each of the ten queries, on a store of known answers.
// They are run as a reader would run them.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { pgwitness, temporaryDirectory } from '../kit/sidecar.js';
import { entryOf, flushOf, poolOf, rollupOf, tagsOf, transactionsOf, verdictOf } from '../storage/flushes.js';

const MS = 1e6;
const RAW = 'aaaa000000000001';
const ORM = 'bbbb000000000001';
const NOW_MS = Date.now();
const MINUTE = Math.floor(NOW_MS / 60_000) - 3;
const HOUR = `${new Date(MINUTE * 60_000).toISOString().slice(0, 13)}:00:00Z`;
const SEEN = { firstSeenMs: MINUTE * 60_000, lastSeenMs: MINUTE * 60_000 };
const SEEN_AT = new Date(SEEN.firstSeenMs).toISOString();

function writeStore(dataDir: string): void {
  const store = openSqliteStore({ dataDir });
  const tens = Array.from({ length: 100 }, (_, n) => (n + 1) * MS);
  store.flush(
    flushOf({
      atMs: NOW_MS,
      rollups: [
        rollupOf({ minute: MINUTE, fingerprint: RAW, callsNs: tens, errors: ['57014', '57014'], rows: 500 }),
        rollupOf({
          minute: MINUTE,
          fingerprint: ORM,
          source: 'django-orm',
          construct: 'queryset',
          callsNs: Array(300).fill(MS),
          rows: 300,
        }),
      ],
      catalogue: [
        entryOf({ fingerprint: RAW, query: 'SELECT * FROM shop_order WHERE id > ?', keyHash: 'raw' }),
        entryOf({ fingerprint: ORM, query: 'SELECT "shop_book"."id" FROM "shop_book"', keyHash: 'orm' }),
      ],
      statements: [
        verdictOf({ fingerprint: RAW, ...SEEN }),
        verdictOf({
          fingerprint: ORM,
          source: 'django-orm',
          construct: 'queryset',
          firstSeenMs: NOW_MS - 3 * 86_400_000,
        }),
      ],
      tags: [
        tagsOf(
          { route: '/books/' },
          { minute: MINUTE, fingerprint: ORM, source: 'django-orm', calls: 300, serviceTotalNs: 300 * MS },
        ),
      ],
      pools: [poolOf('pool-a', 'django:app@shop')],
      poolMinutes: [
        {
          minute: MINUTE,
          pool: 'pool-a',
          opened: 2,
          closed: 1,
          lifetimeTotalMs: 1_000,
          connectionsMax: 2,
          busyMax: 1,
          activeMs: 10,
          idleMs: 100,
          idleInTransactionMs: 70,
          ...transactionsOf([20, 40]),
        },
      ],
      samples: [
        {
          fingerprint: RAW,
          source: 'raw',
          atMs: SEEN.firstSeenMs,
          serviceNs: 100 * MS,
          waitNs: 0,
          rows: 5,
          sqlstate: '',
          pool: 'pool-a',
          tagSet: '{"route":"/orders/"}',
          traceId: 'abc',
          requestId: '',
          transactionPosition: 2,
        },
      ],
    }),
  );
  store.close();
}

/** Question number → its SQL. */
function questionsOf(file: string): Map<number, string> {
  const text = readFileSync(file, 'utf8');
  return new Map(
    [...text.matchAll(/^### (\d+)\. .*\n\n```sql\n([\s\S]*?)```/gm)].map(([, n, sql]) => [Number(n), sql]),
  );
}

describe('SQL for people', () => {
  const questions = questionsOf(path.join(ROOT, 'docs', 'SQL.md'));
  let data: string;
  const run = async (sql: string) => {
    const { code, stdout, stderr } = await pgwitness('sql', sql, '--json', '--data', data);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return JSON.parse(stdout);
  };

  beforeAll(async () => {
    await build(() => {});
    data = `${temporaryDirectory('sql')}/data`;
    writeStore(data);
  });

  test('docs/SQL.md asks ten questions', () => {
    expect([...questions.keys()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  test.each<[number, unknown[]]>([
    [1, [{ calls: 100, total_ms: 5050, query: 'SELECT * FROM shop_order WHERE id > ?' }]],
    [
      2,
      [
        { source: 'django-orm', calls: 300, percent: 75 },
        { source: 'raw', calls: 100, percent: 25 },
      ],
    ],
    [3, [{ hour: HOUR, calls: 100, total_ms: 5050 }]],
    [4, [{ sqlstate: '57014', errors: 2, query: 'SELECT * FROM shop_order WHERE id > ?' }]],
    [5, [{ route: '/books/', calls: 300, total_ms: 300 }]],
    [
      6,
      [
        { source: 'raw', calls: 100 },
        { source: 'django-orm', calls: 300 },
      ],
    ],
    [
      7,
      [
        { rows_per_call: 5, calls: 100, source: 'raw' },
        { rows_per_call: 1, calls: 300 },
      ],
    ],
    [8, [{ name: 'django:app@shop', transactions: 2, mean_ms: 30, max_ms: 40, statements: 2, idle_ms: 70 }]],
    [9, [{ first_seen: SEEN_AT, source: 'raw', calls: 100 }]],
    [10, [{ service_ms: 100, pool: 'django:app@shop', tag_set: '{"route":"/orders/"}', trace_id: 'abc', place: 2 }]],
  ])('question %i', async (number, rows) => {
    expect(await run(questions.get(number) as string)).toMatchObject(rows);
  });

  test('percentile() of merged histograms is within 1 % of the nearest rank', async () => {
    const [row] = await run(
      "SELECT percentile(merged(histogram), 95) / 1e6 AS p95 FROM rollup r JOIN series USING (series_id) WHERE span_s = 60 AND source = 'raw'",
    );
    expect(Math.abs(row.p95 - 95) / 95).toBeLessThan(0.01);
  });

  test.each([
    "INSERT INTO mark (at_ms, kind, name) VALUES (1, 'manual', 'x')",
    'DROP TABLE rollup',
    'VACUUM',
    'PRAGMA journal_mode = DELETE',
    'CREATE TEMP TABLE x (y)',
  ])('%s changes nothing and is a usage error', async (sql) => {
    const before = readFileSync(path.join(data, 'witness.db'));
    const { code } = await pgwitness('sql', sql, '--data', data);
    expect(code).toBe(2);
    expect(readFileSync(path.join(data, 'witness.db')).equals(before)).toBe(true);
  });

  test('no other file is written', async () => {
    const target = path.join(data, 'copy.db');
    const { code } = await pgwitness('sql', `VACUUM INTO '${target}'`, '--data', data);
    expect(code).toBe(2);
    expect(existsSync(target)).toBe(false);
  });

  test('a mistake is told in SQLite’s words', async () => {
    const { code, stderr } = await pgwitness('sql', 'SELECT no_such FROM statements', '--data', data);
    expect(stderr).toContain('no such column: no_such');
    expect(code).toBe(2);
  });

  test('export: CSV has a row per statement and source, JSON is that of top', async () => {
    const csv = await pgwitness('export', '--format', 'csv', '--data', data);
    const lines = csv.stdout.trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain('fingerprint,source,construct,confidence,query');
    expect(lines[2]).toContain('"SELECT ""shop_book"".""id"" FROM ""shop_book"""');
    const json = await pgwitness('export', '--data', data);
    const top = await pgwitness('top', '--json', '--limit', '0', '--data', data);
    expect(JSON.parse(json.stdout)).toEqual(JSON.parse(top.stdout));
  });

  test('export of two data directories adds them up', async () => {
    const { stdout } = await pgwitness('export', '--data', data, '--data', data);
    const { statements } = JSON.parse(stdout);
    expect(statements.find(({ fingerprint }: { fingerprint: string }) => fingerprint === RAW).calls).toBe(200);
  });
});
