// Two versions of a route on real traffic: an N+1 of 21 statements, and its repair with two.
// Its statements are slower on average and its requests faster: every row and the whole say so.

import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { compareRequests } from '../../reports/compare/noise/per-request.js';
import type { RequestGroup } from '../../reports/requests.js';
import { build } from '../../scripts/lib/setup/build.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import { usePostgres } from '../kit/postgres.js';
import { pgwitness, temporaryDirectory, until } from '../kit/sidecar.js';

const REQUESTS = 30;
const ROUTES = ['/raw/', '/other/'];

describe('a fixed N+1', () => {
  const postgres = usePostgres();
  let data: string;
  let sidecar: Awaited<ReturnType<typeof startSidecar>>;

  beforeAll(async () => {
    await build(() => {});
    data = `${temporaryDirectory('per-request')}/data`;
    sidecar = await startSidecar({ upstream: postgres(), data });
    const { user, database } = postgres();
    const client = new pg.Client({ host: sidecar.host, port: sidecar.port, user, database });
    await client.connect();
    let request = 0;
    const send = async (flag: string, route: string, texts: readonly string[]): Promise<void> => {
      request++;
      const trace = `traceparent='00-${request.toString(16).padStart(32, '0')}-00000000000000ff-01'`;
      for (const text of texts) await client.query(`${text} /* flag='${flag}',route='${route}',${trace} */`);
    };
    const list = 'SELECT n, pg_sleep(0.0002) FROM generate_series(1, 2) n';
    const each = Array.from({ length: 20 }, (_, n) => `SELECT ${n}, pg_sleep(0.001)`);
    const all = 'SELECT n, pg_sleep(0.0002) FROM generate_series(1, 20) n WHERE n IN (1, 2, 3)';
    for (let n = 0; n < REQUESTS; n++) {
      for (const route of ROUTES) {
        await send('off', route, [list, ...each]);
        await send('on', route, [list, `${all} AND pg_sleep(0.004) IS NOT NULL LIMIT 1`]);
      }
    }
    // The same statement on a route that neither value of the flag has.
    await client.query(`${list} /* route='/neither/',traceparent='00-${'f'.repeat(32)}-00000000000000ff-01' */`);
    // Tags without an id: the pauses between two requests tell them apart.
    for (const [flag, texts] of [
      ['many', [list, ...each]],
      ['few', [list, all]],
    ] as const) {
      for (const text of texts) await client.query(`${text} /* flag='${flag}',route='/guessed/' */`);
      await sleep(100);
    }
    await client.end();
    await until('all requests are stored', async () => {
      const answer = await fetch(`${sidecar.httpUrl}/api/v1/requests?by=flag`);
      const { groups } = (await answer.json()) as {
        groups: Record<string, { requests: number; serviceTotalNs: number }>;
      };
      const guessed = [groups.many, groups.few].every((group) => (group?.requests ?? 0) > 0);
      return guessed && groups.off?.requests === 2 * REQUESTS && groups.on?.requests === 2 * REQUESTS;
    });
    return () => sidecar.stop();
  });

  // biome-ignore lint/suspicious/noExplicitAny: what the command prints is checked by the tests.
  async function json(...args: string[]): Promise<any> {
    const { code, stdout, stderr } = await pgwitness('compare', ...args, '--json', '--data', data);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  }

  test('grouped by route: each row and the whole are faster, by the ratio of their requests', async () => {
    const { whole, rows } = await json('--tag', 'flag=off,on', '--group-by', 'route');
    expect(rows.map(({ key }: { key: string }) => key).sort()).toEqual([...ROUTES].sort());
    for (const row of [whole, ...rows]) {
      const requests = row === whole ? 2 * REQUESTS : REQUESTS;
      expect(row).toMatchObject({ of: 'requests', judgement: 'faster', per_execution: { judgement: 'slower' } });
      expect(row.per_request.before).toMatchObject({ requests, guessed: 0, statements: 21 });
      expect(row.per_request.after).toMatchObject({ requests, guessed: 0, statements: 2 });
      expect(row.per_request.statements).toMatchObject({ judgement: 'fewer' });
      expect(row.per_request.statements.factor).toBeCloseTo(2 / 21);
      expect(row.factor).toBeCloseTo(row.per_request.after.ms / row.per_request.before.ms);
      expect(row.per_request.time.low).toBeLessThan(row.factor);
      expect(row.per_request.time.high).toBeGreaterThan(row.factor);
      // The times of all its executions, divided by its requests: what one adds up by hand.
      const before = row.before.total_ms / requests;
      expect(row.per_request.before.ms).toBeCloseTo(before, 3);
      expect(row.before.calls_per_request).toBe(21);
    }
  });

  test('two routes in one window, and statements within them', async () => {
    const { whole, rows } = await json('--tag', 'route=/raw/,/other/', '--tag', 'flag=on');
    expect(whole.per_request).toMatchObject({ before: { requests: REQUESTS }, after: { requests: REQUESTS } });
    const shared = rows.find(({ per_request }: { per_request: object | null }) => per_request !== null);
    expect(shared.per_request.before.statements).toBe(1);
  });

  test('a source alone has no requests of its own: executions are compared', async () => {
    const { whole } = await json('--tag', 'flag=off,on', '--source', 'raw');
    expect(whole).toMatchObject({ of: 'executions', per_request: null, per_execution: null });
    // Nor does anything say how many requests ran one or another of its statements.
    expect([whole.before, whole.after]).toMatchObject([{ calls_per_request: null }, { calls_per_request: null }]);
  });

  test('text: requests stand first, and stay on a narrow screen', async () => {
    for (const columns of ['80', '200']) {
      process.env.COLUMNS = columns;
      const { stdout } = await pgwitness('compare', '--tag', 'flag=off,on', '--group-by', 'route', '--data', data);
      delete process.env.COLUMNS;
      expect(stdout).toMatch(/21\.0 in [\d.]+ ms → 2\.0 in [\d.]+ ms/);
      expect(stdout).toMatch(
        /Requests: 60 → 60, [\d.]+× faster \(p < 0\.001\) per request, [\d.]+ to [\d.]+× with 95 %/,
      );
      expect(stdout).not.toContain('slower');
    }
  });

  test('text: requests that are guessed stand first too', async () => {
    const { stdout } = await pgwitness('compare', '--tag', 'flag=many,few', '--data', data);
    expect(stdout).toContain('guessed from the traffic');
    expect(stdout).toMatch(/^change +per request /m);
    expect(stdout).toMatch(/1\.0 in [\d.]+ .?s → 1\.0 in [\d.]+ .?s .*generate_series/);
  });

  test('the ledger pairs them by the tag flag: progress says the factor per request, with its interval', async () => {
    const ledger = `${data}/migration.yaml`;
    const side = (flag: string): string => `{flag: '${flag}', route: /raw/}`;
    writeFileSync(
      ledger,
      `version: 1\nplaces:\n  - {id: a, at: 'a.py:1', function: f, kind: raw, state: doing, old: ${side('off')}, new: ${side('on')}}\n`,
    );
    const { stdout, stderr, code } = await pgwitness('progress', '--data', data, '--ledger', ledger, '--json');
    if (code !== 0) throw new Error(stderr);
    const [pair] = JSON.parse(stdout).ledger.pairs;
    const { whole } = await json('--tag', 'flag=off,on', '--tag', 'route=/raw/');
    expect(pair).toMatchObject({ by: 'ledger', per: 'request', old_before: false, judgement: 'faster', reason: null });
    expect(pair.old).toMatchObject({ uses: REQUESTS, statements: 21 });
    expect(pair.new).toMatchObject({ uses: REQUESTS, statements: 2 });
    const { factor, low, high } = whole.per_request.time;
    expect([pair.factor, pair.low, pair.high]).toEqual([factor, low, high]);
  });

  test('a running sidecar answers as its data directory does', async () => {
    const args = ['compare', '--tag', 'flag=off,on', '--group-by', 'route', '--json'];
    const remote = await pgwitness(...args, '--url', sidecar.httpUrl);
    expect(JSON.parse(remote.stdout)).toEqual(await json('--tag', 'flag=off,on', '--group-by', 'route'));
  });
});

describe('means of requests', () => {
  const group = (requests: number, sums: Partial<RequestGroup>): RequestGroup =>
    ({ requests, guessed: 0, ...sums }) as RequestGroup;
  const of = (values: readonly number[]): RequestGroup =>
    group(values.length, {
      statements: values.reduce((sum, value) => sum + value, 0),
      statementsSquared: values.reduce((sum, value) => sum + value ** 2, 0),
      serviceTotalNs: values.reduce((sum, value) => sum + value, 0),
      serviceSquaredNs2: values.reduce((sum, value) => sum + value ** 2, 0),
      rows: 0,
      rowsSquared: 0,
    });

  test('fewer than 20 requests give no verdict', () => {
    const few = compareRequests(of(Array(19).fill(21)), of(Array(30).fill(2)));
    expect(few?.time.judgement).toBe('too few');
    expect(few?.time.factor).toBeCloseTo(2 / 21);
  });

  test('noise is no difference, and its interval holds 1', () => {
    const noisy = (shift: number) => Array.from({ length: 100 }, (_, n) => 100 + ((n * 37 + shift) % 50));
    const { time } = compareRequests(of(noisy(0)), of(noisy(7)))!;
    expect(time.judgement).toBe('no clear difference');
    expect(time.low!).toBeLessThan(1);
    expect(time.high!).toBeGreaterThan(1);
  });

  test('the interval holds the true ratio in about 95 of 100 samples', () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    const sample = (mean: number) => Array.from({ length: 60 }, () => -mean * Math.log(random()));
    let held = 0;
    for (let n = 0; n < 1000; n++) {
      const { time } = compareRequests(of(sample(100)), of(sample(50)))!;
      if (time.low! <= 0.5 && 0.5 <= time.high!) held++;
    }
    expect(held).toBeGreaterThan(920);
    expect(held).toBeLessThan(980);
  });

  test('a side without requests is not compared by requests', () => {
    expect(compareRequests(undefined, of([1]))).toBeUndefined();
    expect(compareRequests(group(0, {}), of([1]))).toBeUndefined();
  });
});
