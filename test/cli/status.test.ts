// `pgwitness status` around a deployment: one statement is new, one slower, one gone.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { DAY_START_MIN, entryOf, flushOf, MINUTE_MS, poolOf, rollupOf, tagsOf, verdictOf } from '../storage/flushes.js';
import { pgwitness } from './command.js';

const MS = 1_000_000;
const GONE = 'aaaa000000000001';
const SLOWER = 'aaaa000000000002';
const NEW = 'aaaa000000000003';
const STEADY = 'aaaa000000000004';
const DEPLOY_MIN = DAY_START_MIN + 10;
const UNTIL = new Date((DAY_START_MIN + 20) * MINUTE_MS).toISOString();

const root = mkdtempSync(join(tmpdir(), 'pgwitness-status-'));
const data = join(root, 'data');
const unmarked = join(root, 'unmarked');

function around(times: number, ms: number): number[] {
  return Array.from({ length: times }, (_, at) => (ms + (at % 5) / 10) * MS);
}

function writeStore(dataDir: string): void {
  const store = openSqliteStore({ dataDir });
  const names = { [GONE]: 'gone', [SLOWER]: 'slower', [NEW]: 'fresh', [STEADY]: 'steady' };
  const before = { minute: DAY_START_MIN + 1 };
  const after = { minute: DEPLOY_MIN + 1 };
  store.flush(
    flushOf({
      atMs: Date.parse(UNTIL),
      rollups: [
        rollupOf({ ...before, fingerprint: GONE, callsNs: around(100, 1) }),
        rollupOf({ ...before, fingerprint: SLOWER, callsNs: around(100, 2) }),
        rollupOf({ ...after, fingerprint: SLOWER, callsNs: around(100, 9) }),
        rollupOf({ ...before, fingerprint: STEADY, callsNs: around(100, 3) }),
        rollupOf({ ...after, fingerprint: STEADY, callsNs: around(100, 3) }),
        rollupOf({ ...after, fingerprint: NEW, callsNs: around(40, 5) }),
      ],
      catalogue: Object.entries(names).map(([fingerprint, table]) =>
        entryOf({ fingerprint, keyHash: fingerprint, query: `SELECT * FROM ${table}`, summary: `SELECT ${table}` }),
      ),
      statements: Object.keys(names).map((fingerprint) =>
        verdictOf({
          fingerprint,
          firstSeenMs: (fingerprint === NEW ? DEPLOY_MIN + 1 : DAY_START_MIN) * MINUTE_MS + 1_000,
          lastSeenMs: Date.parse(UNTIL),
        }),
      ),
      tags: [tagsOf({ caller: 'shop/reports.py:41' }, { ...after, fingerprint: NEW })],
      pools: [poolOf('pool-a', 'django:app@shop')],
      poolMinutes: [],
      losses: [{ counterId: 'relay-1', minute: DAY_START_MIN, reason: 'queue_full', count: 2 }],
    }),
  );
  store.close();
}

beforeAll(async () => {
  await build(() => {});
  writeStore(data);
  writeStore(unmarked);
  const at = new Date(DEPLOY_MIN * MINUTE_MS).toISOString();
  await pgwitness(['mark', 'deploy 42', '--data', data, '--at', at]);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('status', () => {
  test('says in ten lines what was lost, new, slower, gone, which pools, and what was not asked', async () => {
    const { code, stdout, stderr } = await pgwitness(['status', '--data', data, '--until', UNTIL]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toEqual([
      expect.stringContaining(`2026-03-01 00:00 – 00:20 UTC`),
      expect.stringMatching(/^Observed +540 executions, lost: 2 \(queue_full 2\), 0 % of unknown source$/),
      expect.stringMatching(/^Sources +raw 100 % of the time$/),
      expect.stringMatching(/^Slowest +\d+ % of the time: SELECT from slower \(raw, aaaa0000\)$/),
      expect.stringMatching(/^Since +deploy 42, 2026-03-01 00:10 UTC, .* ago$/),
      expect.stringMatching(/^New +1: shop\/reports\.py:41 SELECT from fresh \(raw, aaaa0000\), 40×$/),
      expect.stringMatching(/^Slower +1: SELECT from slower \(raw, aaaa0000\) 4\.\d×, now 9\.\d+ ms$/),
      expect.stringMatching(/^Gone +1: SELECT from gone \(raw, aaaa0000\), 100×$/),
      expect.stringMatching(/^Pools +1: django:app@shop 0 now; at most 0 held, 0 busy at once$/),
      expect.stringMatching(/^Bypass +not asked: --dsn/),
    ]);
  });

  test('JSON says the same, and CSV has the changes', async () => {
    const { stdout } = await pgwitness(['status', '--data', data, '--until', UNTIL, '--json']);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      observed: { executions: 540, not_observed: 2, not_observed_by_reason: { queue_full: 2 } },
      mark: { name: 'deploy 42' },
      bypass: null,
    });
    const changes = report.changes.map(({ change, fingerprint }: Record<string, string>) => [change, fingerprint]);
    expect(changes).toEqual([
      ['new', NEW],
      ['slower', SLOWER],
      ['gone', GONE],
    ]);
    expect(report.changes[0].caller).toEqual(['shop/reports.py:41']);
    const csv = await pgwitness(['status', '--data', data, '--until', UNTIL, '--format', 'csv']);
    expect(csv.stdout.trimEnd().split('\n')).toHaveLength(4);
    expect(csv.stdout).toMatch(/^new,aaaa000000000003,raw,SELECT fresh,SELECT \* FROM fresh,shop\/reports\.py:41,/m);
  });

  test('Markdown is a table of nine rows', async () => {
    const { stdout } = await pgwitness(['status', '--data', data, '--until', UNTIL, '--format', 'markdown']);
    expect(stdout.split('\n').filter((line) => line.startsWith('| '))).toHaveLength(10);
    expect(stdout).toContain('| New | 1: shop/reports.py:41 SELECT from fresh (raw, aaaa0000), 40× |');
  });

  test('without a mark it says so, and a mark that is not there names those that are', async () => {
    const { stdout, code } = await pgwitness(['status', '--data', unmarked, '--until', UNTIL]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Since +there is no mark yet: pgwitness mark NAME sets one$/m);
    expect(stdout).toMatch(/^New +not known without a mark$/m);
    const wrong = await pgwitness(['status', '--data', data, '--mark', 'deploy 43']);
    expect(wrong.stderr).toBe(`pgwitness: there is no mark "deploy 43": ${data}: the last ones are "deploy 42"\n`);
    expect(wrong.code).toBe(3);
  });
});
