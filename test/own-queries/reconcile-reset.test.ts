// `pgwitness reconcile` where the server's counts began anew.
// By a crash, a reset of all, a reset of one statement: nothing of it may be called equal.

import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { Fingerprinter } from '../../analyzer/fingerprint/fingerprint.js';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { usePostgres } from '../kit/postgres.js';
import { resetServerCounts } from '../kit/server-counts.js';
import { pgwitness, temporaryDirectory, until, useSidecar } from '../kit/sidecar.js';
import { entryOf, flushOf, poolOf, rollupOf, verdictOf } from '../storage/flushes.js';

const QUERY = "SELECT 'one', 2 AS q";
const MINUTE_MS = 60_000;

const postgres = usePostgres();
const startSidecar = useSidecar();

const dsn = () => `postgres://postgres@${postgres().host}:${postgres().port}/postgres`;
const reconcile = (data: string, ...args: string[]) => pgwitness('reconcile', '--dsn', dsn(), '--data', data, ...args);

interface Answer {
  sums: Record<string, number>;
  statements: Array<{ query: string; outcome: string; server: { calls: number }; proxy: { calls: number } }>;
}

function outcomesOf(stdout: string): Array<[outcome: string, server: number, proxy: number]> {
  const { statements }: Answer = JSON.parse(stdout);
  return statements
    .filter(({ query }) => /AS q\b/.test(query))
    .map(({ outcome, server, proxy }) => [outcome, server.calls, proxy.calls]);
}

async function run(port: number, times: number): Promise<void> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  client.on('error', () => {});
  await client.connect();
  for (let i = 0; i < times; i++) await client.query(QUERY);
  await client.end();
}

/** What happens within half a minute from now lies in one minute. */
async function earlyInTheMinute(): Promise<void> {
  const leftMs = MINUTE_MS - (Date.now() % MINUTE_MS);
  if (leftMs < MINUTE_MS / 2) await new Promise((resolve) => setTimeout(resolve, leftMs + 50));
}

async function crash(): Promise<void> {
  const [[pid]] = await postgres().query("SELECT pid FROM pg_stat_activity WHERE backend_type = 'background writer'");
  process.kill(Number(pid), 'SIGKILL');
  await until('the server is back', async () => {
    try {
      const [[other]] = await postgres().query(
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'background writer'",
      );
      return other !== pid;
    } catch {
      return false;
    }
  });
}

/** A data directory that counted QUERY so often in a minute, and saw it for the first time long before. */
async function storeOf(minute: number, calls: number): Promise<string> {
  const dataDir = `${temporaryDirectory('reconcile')}/data`;
  const fingerprinter = await Fingerprinter.load({ analyse: () => undefined });
  const { fingerprint, query } = fingerprinter.identify(Buffer.from(QUERY), {
    backslashEscapes: false,
    missingBytes: 0,
  });
  const store = openSqliteStore({ dataDir });
  const pool = poolOf('pool-a', 'raw:postgres@postgres');
  store.flush(
    flushOf({
      atMs: Date.now(),
      rollups: [rollupOf({ minute, fingerprint, callsNs: Array(calls).fill(1_000), rows: calls })],
      catalogue: [entryOf({ fingerprint, query })],
      statements: [verdictOf({ fingerprint, firstSeenMs: (minute - 60) * MINUTE_MS, lastSeenMs: minute * MINUTE_MS })],
      pools: [{ ...pool, identity: { ...pool.identity, database: 'postgres' } }],
    }),
  );
  store.close();
  return dataDir;
}

async function resetMinute(): Promise<number> {
  await resetServerCounts(postgres(), 'postgres');
  const [[ms]] = await postgres().query('SELECT extract(epoch FROM stats_reset) * 1000 FROM pg_stat_statements_info');
  return Math.floor(Number(ms) / MINUTE_MS);
}

test('101: a crash in the minute of the traffic: reset, exit 1, in text and JSON', async () => {
  const sidecar = await startSidecar(postgres());
  await earlyInTheMinute();
  await resetServerCounts(postgres(), 'postgres');
  await run(sidecar.port, 20);
  await crash();
  await run(sidecar.port, 8);

  const json = await reconcile(sidecar.data, '--json');
  expect(outcomesOf(json.stdout)).toEqual([['reset', 8, 28]]);
  expect(JSON.parse(json.stdout).sums).toMatchObject({ reset: 1, unexplained: 0 });
  expect(json.code).toBe(1);
  const text = await reconcile(sidecar.data);
  expect(text.stdout).toMatch(/1 cannot be compared \(reset\)/);
  expect(text.stdout).toMatch(/^reset +8 +28 /m);
  expect(text.stdout).not.toContain('Every statement that passed');
  expect(text.code).toBe(1);
}, 120_000);

describe('the minute of a reset', () => {
  test('101: all of the minute on both sides: equal, exit 0', async () => {
    const minute = await resetMinute();
    await run(postgres().port, 8);
    const { code, stdout } = await reconcile(await storeOf(minute, 8), '--json', '--all', '--settle', '0s');
    expect(outcomesOf(stdout)).toEqual([['equal', 8, 8]]);
    expect(code).toBe(0);
  });

  test('101: the server counted less, and part of the minute may lie before the reset: reset, exit 1', async () => {
    const minute = await resetMinute();
    await run(postgres().port, 8);
    const { code, stdout } = await reconcile(await storeOf(minute, 28), '--json', '--settle', '0s');
    expect(outcomesOf(stdout)).toEqual([['reset', 8, 28]]);
    expect(code).toBe(1);
  });

  test('101: the minute behind it is no excuse: unexplained, exit 1', async () => {
    const minute = await resetMinute();
    await run(postgres().port, 8);
    const { code, stdout } = await reconcile(await storeOf(minute + 1, 28), '--json', '--settle', '0s');
    expect(outcomesOf(stdout)).toEqual([['unexplained', 8, 28]]);
    expect(code).toBe(1);
  });
});

describe('since a file', () => {
  const saved = async (data: string) => {
    const file = `${data}.baseline`;
    const { code, stderr } = await reconcile(data, '--save', file, '--settle', '0s');
    expect(stderr).toBe('');
    expect(code).toBe(0);
    return file;
  };

  test('what was stored before the reset is in the file: no false difference', async () => {
    const data = await storeOf((await resetMinute()) - 5, 100);
    const file = await saved(data);
    const { code, stdout } = await reconcile(data, '--from', file, '--json', '--all', '--settle', '0s');
    expect(outcomesOf(stdout)).toEqual([]);
    expect(code).toBe(0);
  });

  test.each([0, 3])('101: one statement was reset since, and ran %i times after: reset, exit 1', async (after) => {
    const data = await storeOf(await resetMinute(), 8);
    await run(postgres().port, 8);
    const file = await saved(data);
    await postgres().query(
      "SELECT pg_stat_statements_reset(0, 0, queryid) FROM pg_stat_statements WHERE query LIKE '%AS q'",
    );
    await run(postgres().port, after);
    const { code, stdout } = await reconcile(data, '--from', file, '--json', '--settle', '0s');
    expect(outcomesOf(stdout)).toEqual([['reset', after, 0]]);
    expect(code).toBe(1);
  });

  test('101: pgwitness counts less than the file says: reset, exit 1', async () => {
    const minute = await resetMinute();
    const file = await saved(await storeOf(minute, 8));
    const { code, stdout } = await reconcile(await storeOf(minute, 3), '--from', file, '--json', '--settle', '0s');
    expect(outcomesOf(stdout)).toEqual([['reset', 0, 3]]);
    expect(code).toBe(1);
  });

  test('101: everything was reset since: an error that says so, exit 3', async () => {
    const data = await storeOf(await resetMinute(), 8);
    const file = await saved(data);
    await resetMinute();
    const { code, stderr } = await reconcile(data, '--from', file, '--settle', '0s');
    expect(stderr).toMatch(/was reset in between, by somebody or by a crash/);
    expect(code).toBe(3);
  });
});
