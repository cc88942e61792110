// `pgwitness sql --store`: a person's SQL on a real ClickHouse; the tables of docs/FLEET.md.
// Invariant: whatever its user may do, nothing is written. Not here: `sql` on a data directory (test/reports).

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LogHistogram } from '../../facts/histogram.js';
import { CLUSTER, type Clickhouse, READER, startClickhouse, WRITER } from '../../scripts/lib/clickhouse.mjs';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { FleetClient } from '../../storage/clickhouse/connection/client.js';
import { prepareStore } from '../../storage/clickhouse/connection/prepare.js';
import { columnsOf } from '../../storage/clickhouse/schema/table.js';
import { TABLES } from '../../storage/clickhouse/schema/tables.js';
import { pgwitness } from '../cli/command.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';

const DATABASE = 'pgwitness';
const env = { PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };
const READING = { PGWITNESS_STORE_PASSWORD: READER.password };
const NS = Array.from({ length: 500 }, (_, n) => 1_000 * (n + 1) ** 2);
const FLEET_MD = readFileSync(path.join(ROOT, 'docs', 'FLEET.md'), 'utf8');

test('docs/FLEET.md has every table with its columns', () => {
  const rows = new Map(FLEET_MD.split('\n').map((line) => [/^\| `(\w+)` \|/.exec(line)?.[1], line]));
  for (const { name, columns } of TABLES) {
    const named = new Set([...(rows.get(name) ?? '').matchAll(/`(\w+)`/g)].map(([, word]) => word));
    const missing = columns.map(([column]) => column).filter((column) => !named.has(column));
    expect(missing, `columns of ${name}`).toEqual([]);
  }
});

await describeWithClickhouse('sql on a store', (library) => {
  let clickhouse: Clickhouse;
  let hosts: string;
  let store: string;
  const folder = mkdtempSync(path.join(tmpdir(), 'pgwitness-fleet-sql-'));
  const sql = (...args: string[]) => pgwitness(['sql', '--store', store, ...args], { env: READING });

  beforeAll(async () => {
    await build(() => {});
    clickhouse = await startClickhouse({ library, shards: 2 });
    hosts = clickhouse.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',');
    store = `clickhouse://${READER.user}@${hosts}/${DATABASE}`;
    const address = parseStoreAddress(`clickhouse://${hosts}/${DATABASE}`, { where: '--ship', env });
    await prepareStore(address, {
      cluster: { name: CLUSTER, hasReplicas: false },
      retention: { minutes: 7, hours: 90, days: 400 },
    });
    const client = new FleetClient(address);
    const table = TABLES.find(({ name }) => name === 'tag_rollup')!;
    const histogram: Record<string, number> = {};
    const whole = new LogHistogram();
    for (const ns of NS) whole.add(ns);
    for (const [index, count] of whole.buckets) histogram[index] = count;
    const minute = Math.floor(Date.now() / 60_000) - 5;
    const row = (instance: string, calls: number, version: number) => [
      ...['shop', 'staging', instance, 1, 60, minute, 'f', 'raw', '{"route":"/a/"}'],
      ...[calls, 0, 0, 2 ** 62, 1, 5, null, 5, histogram, version],
    ];
    for (const [calls, version] of [
      [10, 7],
      [12, 8],
      [10, 7],
    ]) {
      const columns = columnsOf(table).map(([column]) => column);
      await client.insert('tag_rollup', columns, [row('a', calls, version), row('b', 1, 7)]);
    }
    await client.close();
  }, 240_000);
  afterAll(async () => {
    await clickhouse?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a row that was sent twice counts once, in every form', async () => {
    const question = 'SELECT instance, sum(calls) AS calls FROM tag_rollup GROUP BY instance ORDER BY instance';
    expect(JSON.parse((await sql('--json', question)).stdout)).toEqual([
      { instance: 'a', calls: 12 },
      { instance: 'b', calls: 1 },
    ]);
    expect((await sql('--csv', `${question};`)).stdout).toBe('instance,calls\na,12\nb,1\n');
    expect((await sql(question)).stdout).toMatch(/^instance +calls\na +12\nb +1\n\(2 rows\)\n$/);
    const others = 'SELECT 9007199254740993 AS large, [1, 2] AS list, service_min_ns AS none FROM tag_rollup LIMIT 1';
    expect((await sql('--csv', others)).stdout).toBe('large,list,none\n9007199254740993,"[1,2]",\n');
    expect((await sql('SELECT number FROM numbers(100001)')).stderr).toContain('only the first 100000 rows');
  });

  test('the percentile of docs/FLEET.md is that of reports', async () => {
    const example = /```sql\n(WITH sumMap[\s\S]+?)```/.exec(FLEET_MD)![1];
    const whole = new LogHistogram();
    for (const ns of NS) whole.add(ns);
    const [{ p99_ms }] = JSON.parse((await sql('--json', example)).stdout);
    expect(p99_ms).toBeCloseTo(whole.percentile(0.99) / 1e6, 6);
  });

  test.each([
    'DROP TABLE tag_rollup',
    'DROP DATABASE pgwitness',
    'TRUNCATE TABLE tag_rollup_local',
    'INSERT INTO mark (mark_id) SELECT 1',
    'INSERT INTO mark (mark_id) VALUES (1)',
    'ALTER TABLE tag_rollup_local DELETE WHERE 1',
    'CREATE TABLE t (a Int8) ENGINE = Memory',
    'SELECT 1 SETTINGS readonly = 0',
    'SELECT 1; DROP TABLE tag_rollup',
    "INSERT INTO FUNCTION file('left-behind.csv', 'CSV', 'n UInt8') SELECT 5",
    "/* a */ WITH 5 AS n INSERT INTO FUNCTION file('left-behind.csv', 'CSV', 'n UInt8') SELECT n",
    "EXPLAIN PIPELINE INSERT INTO FUNCTION file('left-behind.csv', 'CSV', 'n UInt8') SELECT 5",
    "BACKUP TABLE tag_rollup_local TO File('left-behind')",
    "KILL QUERY WHERE query_id = 'none'",
    'SYSTEM STOP MERGES',
  ])('%s is refused, even of a user who may', async (statement) => {
    const { code, stdout, stderr } = await pgwitness(
      ['sql', '--store', `clickhouse://${hosts}/${DATABASE}`, statement],
      { env },
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/only statements that read|Multi-statements|Syntax error/);
    expect(await clickhouse.query('SELECT count() FROM tag_rollup FINAL', DATABASE)).toBe('2');
    expect(await clickhouse.query('SELECT count() FROM mark', DATABASE)).toBe('0');
    const files = clickhouse.nodes.flatMap(({ directory }) => readdirSync(directory));
    expect(files.filter((name) => name.startsWith('left-behind'))).toEqual([]);
  });

  test.each([
    'SHOW TABLES',
    'DESCRIBE tag_rollup',
    'EXISTS TABLE mark',
    'EXPLAIN SELECT 1',
    '/* one */ (SELECT 1);',
    'FROM mark SELECT 1',
  ])('%s is answered', async (statement) => {
    expect(await sql('--csv', statement)).toMatchObject({ code: 0, stderr: '' });
  });

  test('a mistake says what it is, and a slow statement is stopped', async () => {
    const mistake = await sql('SELECT no_such FROM tag_rollup');
    expect(mistake).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('no_such') });
    expect(mistake.stderr).toContain('see docs/FLEET.md');
    const large = await sql('SELECT groupArray(number) FROM numbers(1000000) SETTINGS max_memory_usage = 100000');
    expect(large).toMatchObject({ code: 3, stderr: expect.stringContaining('try again later, or ask for less') });
    const slow = await sql(
      '--timeout',
      '1s',
      'SELECT count() FROM numbers(10000000000000) WHERE sipHash64(number) = 1',
    );
    expect(slow).toMatchObject({ code: 3, stderr: expect.stringContaining('took longer than 1s and was stopped') });
    const running =
      "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64%' AND query NOT LIKE '%processes%'";
    await expect.poll(() => clickhouse.query(running), { timeout: 30_000 }).toBe('0');
  });

  test('the password comes from a file or the environment, and is in no error', async () => {
    const file = path.join(folder, 'password');
    writeFileSync(file, `${READER.password}\n`);
    const asked = (from: Record<string, string>, at = store) =>
      pgwitness(['sql', '--csv', '--store', at], { env: from, input: 'SELECT 1 AS n' });
    expect(await asked({ PGWITNESS_STORE_PASSWORD_FILE: file })).toMatchObject({ code: 0, stdout: 'n\n1\n' });
    const variable = await pgwitness(['sql', '--csv', 'SELECT 2 AS n'], {
      env: { ...READING, PGWITNESS_STORE: store },
    });
    expect(variable.stdout).toBe('n\n2\n');
    const wrong = await asked({ PGWITNESS_STORE_PASSWORD: 'hunter2' });
    expect(wrong).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('Check user and password') });
    const inAddress = await asked({}, `clickhouse://${READER.user}:hunter2@${hosts}/${DATABASE}`);
    expect(inAddress).toMatchObject({ code: 2, stderr: expect.stringContaining('the address holds a password') });
    expect(wrong.stderr + inAddress.stderr).not.toContain('hunter2');
    const away = await asked(READING, `clickhouse://${READER.user}@127.0.0.1:1,${hosts}/${DATABASE}`);
    expect(away.stdout).toBe('n\n1\n');
  });

  test('what only a directory or a report knows is refused in words', async () => {
    const both = await sql('--data', folder, 'SELECT 1');
    expect(both).toMatchObject({ code: 2, stderr: expect.stringContaining('--data, --store') });
    const part = await pgwitness(['sql', '--store', `${store}?service=shop`, 'SELECT 1'], { env: READING });
    expect(part).toMatchObject({ code: 2, stderr: expect.stringContaining("WHERE service = '…'") });
  });
});
