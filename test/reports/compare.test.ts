// Comparing on real traffic, in three stories.
// A statement gets slower after a mark, one statement is replaced by several, two versions of an application run.

import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { build } from '../../scripts/lib/setup/build.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import { usePostgres } from '../kit/postgres.js';
import { pgwitness, temporaryDirectory, until } from '../kit/sidecar.js';

interface Row {
  key: string;
  query: string;
  factor: number;
  judgement: string;
  test: string | null;
  before: { calls: number; requests: number; calls_per_request: number | null };
  after: { calls: number; requests: number; calls_per_request: number | null };
}

const trace = (n: number) => `traceparent='00-${n.toString(16).padStart(32, '0')}-00000000000000ff-01'`;

describe('compare', () => {
  const postgres = usePostgres();
  let data: string;
  let sidecar: Awaited<ReturnType<typeof startSidecar>>;

  beforeAll(async () => {
    await build(() => {});
    data = `${temporaryDirectory('compare')}/data`;
    sidecar = await startSidecar({ upstream: postgres(), data });
    const client = new pg.Client({ host: sidecar.host, port: sidecar.port, user: 'postgres', database: 'postgres' });
    await client.connect();
    await client.query('CREATE TABLE item (id int PRIMARY KEY, name text)');
    await client.query("INSERT INTO item SELECT n, 'item ' || n FROM generate_series(1, 2000) n");
    for (let n = 0; n < 30; n++) {
      // Each route is a request of its own.
      const tags = (version: number, route: string) =>
        `/* app_version='${version}',route='${route}',${trace(10_000 * route.length + version + 100 * n)} */`;
      await client.query(`SELECT count(pg_sleep(0.001)) ${tags(41, '/books/')}`);
      await client.query(
        `WITH all_items AS (SELECT id, name FROM item) SELECT count(*), pg_sleep(0.004) FROM all_items ${tags(41, '/old/')}`,
      );
      for (let each = 0; each < 3; each++) {
        await client.query(`SELECT name, pg_sleep(0.02) FROM item WHERE id = ${each + 1} ${tags(42, '/new/')}`);
      }
    }
    for (let n = 300; n < 350; n++) {
      await client.query(`SELECT min(name) FROM item /* flag='${n % 2 === 0 ? 'on' : 'off'}',${trace(n)} */`);
    }
    for (let n = 0; n < 20; n++) for (const word of ['BEGIN', 'ROLLBACK']) await client.query(word);
    // Requests that take turns on two connections, a statement here and a statement there.
    const other = new pg.Client({ host: sidecar.host, port: sidecar.port, user: 'postgres', database: 'postgres' });
    await other.connect();
    for (let turn = 0; turn < 4; turn++) {
      for (let n = 200; n < 205; n++) {
        await (turn % 2 === 0 ? client : other).query(`SELECT max(name) FROM item /* route='/turns/',${trace(n)} */`);
      }
    }
    await other.end();
    for (let n = 100; n < 130; n++) {
      await client.query(`SELECT count(pg_sleep(0.012)) /* app_version='42',route='/books/',${trace(n)} */`);
    }
    await client.query('CREATE INDEX item_name ON item (name)');
    await client.end();
    await until('everything is stored', async () => {
      const { statements } = await json('top', '--limit', '0');
      const answer = await fetch(`${sidecar.httpUrl}/api/v1/requests?by=app_version`);
      const { groups } = (await answer.json()) as { groups: Record<string, { requests: number }> };
      const ended = groups[41]?.requests === 60 && groups[42]?.requests === 60;
      return ended && statements.some(({ query }: { query: string }) => query.startsWith('CREATE INDEX'));
    });
    return () => sidecar.stop();
  });

  // biome-ignore lint/suspicious/noExplicitAny: what each command prints is checked by the tests.
  async function json(...args: string[]): Promise<any> {
    const { code, stdout, stderr } = await pgwitness(...args, '--json', '--data', data);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  }

  async function fingerprintOf(part: string): Promise<string> {
    const { statements } = await json('top', '--limit', '0');
    return statements.find(({ query }: { query: string }) => query.includes(part)).fingerprint;
  }

  test('two values of a tag: the slower one is named, with its factor and the test', async () => {
    const { rows } = (await json('compare', '--tag', 'app_version=41,42')) as { rows: Row[] };
    const row = rows.find(({ query }) => query.includes('count(pg_sleep')) as Row;
    expect(row).toMatchObject({
      judgement: 'slower',
      test: "Welch's t on means",
      of: 'requests',
      before: { calls: 30 },
      after: { calls: 30 },
    });
    // By how much depends on how busy the machine is.
    expect(row.factor).toBeGreaterThan(1);
  });

  test('one statement against the three that replaced it: per request, not per execution', async () => {
    const [old, now] = [await fingerprintOf('all_items'), await fingerprintOf('SELECT name, pg_sleep')];
    const compared = await json('compare', '--old', old, '--new', now);
    expect(compared.old.per_use).toMatchObject({ uses: 30, by: 'requests', calls: 1 });
    expect(compared.new.per_use).toMatchObject({ uses: 30, by: 'requests', calls: 3 });
    expect(compared).toMatchObject({ judgement: 'slower', test: "Welch's t on means" });
    expect(compared.factor).toBeGreaterThan(2);
  });

  test('requests that take turns on several connections count once each', async () => {
    const turns = await fingerprintOf('max(name)');
    const compared = await json('compare', '--old', turns, '--new', turns);
    expect(compared.old.per_use).toMatchObject({ uses: 5, by: 'requests', calls: 4 });
  });

  test('grouped by a tag: a row per value, with calls per request', async () => {
    const { rows } = (await json('compare', '--tag', 'app_version=41,42', '--group-by', 'route')) as { rows: Row[] };
    expect(rows.map(({ key }) => key).sort()).toEqual(['/books/', '/new/', '/old/']);
    expect(rows.find(({ key }) => key === '/new/')).toMatchObject({
      judgement: 'new',
      after: { calls_per_request: 3 },
    });
    // As `top` takes it, so that one spelling does for both.
    const named = await json('compare', '--tag', 'app_version=41,42', '--group-by', 'tag:route');
    expect(named).toMatchObject({ group_by: 'route', rows });
  });

  test('CREATE INDEX on the wire and a new app_version are marks, and so is what a person names', async () => {
    const { code, stderr } = await pgwitness('mark', 'deploy 42', '--data', data);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { marks } = await json('mark');
    expect(marks).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'ddl', name: expect.stringContaining('CREATE INDEX') }),
        expect.objectContaining({ kind: 'app-version', name: '41' }),
        expect.objectContaining({ kind: 'app-version', name: '42' }),
        expect.objectContaining({ kind: 'manual', name: 'deploy 42' }),
      ]),
    );
  });

  test('sets as one route uses them: uses by other routes do not count', async () => {
    const turns = await fingerprintOf('SELECT name, pg_sleep');
    const args = ['compare', '--old', turns, '--new', turns];
    expect((await json(...args, '--tag', 'route=/new/')).old.per_use).toMatchObject({ uses: 30, calls: 3 });
    const elsewhere = await pgwitness(...args, '--tag', 'route=/books/', '--data', data);
    expect(elsewhere.stdout).toContain('did not run in this window with route=/books/');
  });

  test('two routes, two values of a flag and two sources in one window are pairs; other tags narrow both sides', async () => {
    const routes = await json('compare', '--tag', 'route=/old/,/new/', '--tag', 'app_version=42');
    expect(routes.sides.map(({ label }: { label: string }) => label)).toEqual(['route=/old/', 'route=/new/']);
    expect(routes.whole).toMatchObject({ before: null, after: { executions: 90, requests: 30 } });
    const flags = await json('compare', '--tag', 'flag=off,on');
    expect(flags.whole).toMatchObject({ before: { executions: 25 }, after: { executions: 25 } });
    const sources = await json('compare', '--source', 'raw,housekeeping');
    expect(sources.whole.before.executions).toBeGreaterThan(200);
    expect(sources.whole.after).toMatchObject({ executions: 40 });
  });

  test('housekeeping is left out, and said, unless it is asked for', async () => {
    const sources = ({ rows }: { rows: Array<{ source: string }> }) => new Set(rows.map(({ source }) => source));
    const window = ['compare', '--before', '3h..2h', '--after', '2h..'];
    const plain = await json(...window);
    expect(plain.left_out).toEqual({ housekeeping: [0, 40] });
    expect(sources(plain)).not.toContain('housekeeping');
    expect(sources(await json(...window, '--all'))).toContain('housekeeping');
    const text = await pgwitness(...window, '--data', data);
    expect(text.stdout).toContain('housekeeping: 0 → 40 executions left out, --all compares them');
  });

  test('windows are clipped to what was recorded, and counts are per minute where they differ', async () => {
    const { sides, whole } = await json('compare', '--before', '3h..1h', '--after', '1h..');
    expect(sides[0]).toMatchObject({ recorded: null, minutes: 0 });
    expect(sides[1].minutes).toBeLessThan(10);
    const { executions, executions_per_minute } = whole.after;
    expect(executions_per_minute).toBeCloseTo(executions / sides[1].minutes);
    const text = await pgwitness('compare', '--before', '3h..1h', '--after', '1h..', '--data', data);
    expect(text.stdout).toContain('(2 h), nothing of it recorded');
    expect(text.stdout).toContain('One side was not recorded, so "new" and "gone" say nothing yet.');
    expect(text.stdout).toContain(`${sides[1].minutes} min of it recorded`);
    expect(text.stdout).toContain('executions/min');
  });

  test('around a mark: what ran before it only is gone', async () => {
    const marked = await pgwitness(
      'mark',
      'later',
      '--at',
      new Date(Date.now() + 120_000).toISOString(),
      '--data',
      data,
    );
    expect(marked.code).toBe(0);
    const { rows, mark } = (await json('compare', '--around', 'later')) as {
      rows: Row[];
      mark: { name: string; left_out: { since: string; until: string } };
    };
    expect(mark.name).toBe('later');
    expect(Date.parse(mark.left_out.until) - Date.parse(mark.left_out.since)).toBe(60_000);
    const text = await pgwitness('compare', '--around', 'later', '--data', data);
    expect(text.stdout).toMatch(/The minute of "later", \d\d:\d\d – \d\d:\d\d UTC, is in neither\./);
    expect(text.stdout).not.toMatch(/before +before/);
    expect(rows.length).toBeGreaterThan(3);
    expect(new Set(rows.map(({ judgement }) => judgement))).toEqual(new Set(['gone']));
  });

  test('a mark is a moment: in --since and --until, in windows, and in the API', async () => {
    const at = new Date(Date.now() - 60_000).toISOString();
    expect((await pgwitness('mark', 'a moment', '--at', at, '--data', data)).code).toBe(0);
    const minute = `${at.slice(0, 16)}:00.000Z`;
    expect((await json('top', '--since', 'a moment')).window.since).toBe(minute);
    expect((await json('compare', '--before', '..a moment', '--after', 'a moment..')).sides[1].window.since).toBe(
      minute,
    );
    const answer = await fetch(`${sidecar.httpUrl}/api/v1/statements?since=a%20moment`);
    expect(((await answer.json()) as { window: { since: string } }).window.since).toBe(minute);
    const unknown = await fetch(`${sidecar.httpUrl}/api/v1/statements?since=nowhere`);
    expect(unknown.status).toBe(400);
    expect(await unknown.text()).toContain('the name of a mark');
  });

  test('Markdown for a pull request, text for a terminal', async () => {
    const markdown = await pgwitness('compare', '--tag', 'app_version=41,42', '--markdown', '--data', data);
    expect(markdown.stdout).toContain('| change | mean |');
    expect(markdown.stdout).toMatch(/\d× slower \(p \\< 0\.001\)/);
    const text = await pgwitness('compare', '--tag', 'app_version=41,42', '--data', data);
    expect(text.stdout).toMatch(/\d+\.\d+× slower \(p < 0\.001\)/);
    const verbose = await pgwitness('compare', '--tag', 'app_version=41,42', '--verbose', '--data', data);
    expect(verbose.stdout).toMatch(/\d+\.\d+× slower \(Welch's t on means, p < 0\.001\)/);
  });

  test('a running sidecar answers as its data directory does', async () => {
    const fingerprint = await fingerprintOf('all_items');
    const remote = await pgwitness('history', fingerprint, '--json', '--url', sidecar.httpUrl);
    expect(JSON.parse(remote.stdout)).toEqual(await json('history', fingerprint));
  });

  test('history: every execution is in one point, and two places merge', async () => {
    const fingerprint = await fingerprintOf('all_items');
    const once = await json('history', fingerprint);
    const sum = (points: Array<{ calls: number }>) => points.reduce((calls, point) => calls + point.calls, 0);
    expect(sum(once.points)).toBe(30);
    const twice = await json('history', fingerprint, '--url', sidecar.httpUrl);
    expect(sum(twice.points)).toBe(60);
    const text = await pgwitness('history', fingerprint, '--data', data);
    expect(text.stdout).toMatch(/^raw · \/old\/ · \S+$/m);
  });

  test('slow samples lead back to the request', async () => {
    const { slow_samples } = await json('show', await fingerprintOf('SELECT name, pg_sleep'));
    expect(slow_samples[0]).toMatchObject({
      tags: { app_version: '42', route: '/new/' },
      trace_id: expect.stringMatching(/^0{28}[0-9a-f]{4}$/),
    });
  });

  test.each([
    [['compare'], 'nothing to compare'],
    [['compare', '--tag', 'x'], 'is not key=a,b'],
    [
      ['compare', '--tag', 'app_version=41,99'],
      'no statement has app_version=99 in this window: --tag: there is 41, 42',
    ],
    [['compare', '--tag', 'nothing=a,b'], 'no statement has the tag "nothing" here: --tag'],
    [['compare', '--before', '1h..', '--after', '2h..'], 'overlap'],
    [['compare', '--before', '1h..30m'], 'only one window'],
    [['compare', '--tag', 'app_version=41,42', '--group-by', 'nothing'], 'no statement has the tag'],
    [['compare', '--tag', 'app_version=41,42', '--group-by', 'tag:'], '"tag:" is nothing to group by: --group-by'],
    [['compare', '--tag', 'app_version=41,42', '--group-by', `tag:${'k'.repeat(64)}`], 'no statement has the tag "kkk'],
    [['top', '--group-by', 'tag:'], '"tag:" is nothing to group by: --group-by'],
  ])('%s is a usage error', async (args, message) => {
    const { code, stderr } = await pgwitness(...args, '--data', data);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  test('a mark that is not there is told with those that are', async () => {
    const { code, stderr } = await pgwitness('compare', '--around', 'nowhere', '--data', data);
    expect(stderr).toContain('there is no mark "nowhere"');
    expect(code).toBe(3);
  });
});
