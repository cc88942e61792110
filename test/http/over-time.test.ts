// The API's answers about time: comparisons, trends, pools and sources, over a made-up shop.
// Invariant: the server is the real one. Not here: comparing itself (test/reports/compare.test.ts).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEPLOY, MINUTES, shopFingerprint, WORSE, writeShop } from '../../scripts/lib/made-up-shop.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { pgwitness } from '../cli/command.js';
import { type Served, serveStore } from '../web/kit.js';

describe('over time', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgwitness-time-'));
  let served: Served;

  beforeAll(async () => {
    await build(() => {});
    await writeShop(directory);
    served = await serveStore(directory);
  });
  afterAll(async () => {
    await served?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  // biome-ignore lint/suspicious/noExplicitAny: each test looks at what it knows of the answer
  async function ask(path: string): Promise<{ status: number; json: any }> {
    const response = await fetch(`${served.url}/api/v1/${path}`);
    return { status: response.status, json: await response.json() };
  }

  test('what a mark changed is told by statement', async () => {
    const { json } = await ask(`compare?around=${encodeURIComponent(DEPLOY)}`);
    expect(json.mark.name).toBe(DEPLOY);
    const judged = new Map(json.rows.map((row: { key: string; judgement: string }) => [row.key, row.judgement]));
    expect(judged.get(shopFingerprint('lines'))).toBe('new');
    expect(judged.get(shopFingerprint('linesOfAll'))).toBe('gone');
    expect(json.rows_all).toBe(judged.size);
  });

  test('by route it is of requests', async () => {
    const { json } = await ask(`compare?around=${encodeURIComponent(DEPLOY)}&group-by=route`);
    expect((await ask(`compare?around=${encodeURIComponent(DEPLOY)}&group-by=tag:route`)).json).toEqual(json);
    // A key may have 64 characters, however it is written.
    for (const key of ['k'.repeat(64), `tag:${'k'.repeat(64)}`])
      expect((await ask(`compare?around=${encodeURIComponent(DEPLOY)}&group-by=${key}`)).status, key).toBe(200);
    const worse = json.rows.find((row: { key: string }) => row.key === WORSE.route);
    expect(worse).toMatchObject({ judgement: 'slower', of: 'requests' });
    expect(worse.per_request.statements.judgement).toBe('more');
    expect([worse.before.calls_per_request, worse.after.calls_per_request]).toEqual([4, 23]);
    const added = json.rows.find((row: { key: string }) => row.key === 'reports/top-sellers/');
    expect(added).toMatchObject({ judgement: 'new', before: null });
  });

  test('two values of a tag are compared, and a limit leaves the largest changes', async () => {
    const { json } = await ask('compare?tag=route%3Dreports%2Fslow-movers%2F%2Creports%2Ftop-sellers%2F&limit=1');
    expect(json.sides.map(({ label }: { label: string }) => label)).toEqual([
      'route=reports/slow-movers/',
      'route=reports/top-sellers/',
    ]);
    expect(json.rows.length).toBe(1);
    expect(json.rows_all).toBe(3);
  });

  test('old and new statements are compared as in the terminal, of a directory and of a sidecar', async () => {
    const [old, now] = [shopFingerprint('report'), shopFingerprint('topSellers')];
    const asked = { old, new: now, since: new Date(Date.now() - 86_400_000).toISOString() };
    const { json } = await ask(`compare?${new URLSearchParams(asked)}`);
    expect(json).toMatchObject({ judgement: 'faster', not_observed: 12, exact: true });
    expect([json.low < json.factor, json.factor < json.high, json.factor < 0.5]).toEqual([true, true, true]);
    expect(json.old.per_use).toMatchObject({ by: 'requests', calls: 1, rows: 40, variance: 'counted' });
    expect(json.new.statements).toMatchObject([
      { fingerprint: now, calls: json.new.per_use.uses, errors: 0, plan: null },
    ]);
    const flags = Object.entries(asked).flatMap(([name, value]) => [`--${name}`, value]);
    for (const place of [
      ['--data', directory],
      ['--url', served.url],
    ]) {
      const ran = await pgwitness(['compare', ...flags, ...place, '--json']);
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(ran.stdout)).toEqual(json);
    }
  });

  test('sets are narrowed to a route, and one that did not run there has no change', async () => {
    const [all, each] = [shopFingerprint('linesOfAll'), shopFingerprint('lines')];
    const within = (route: string) =>
      ask(
        `compare?${new URLSearchParams({ old: `${all},${shopFingerprint('orders')}`, new: each, tag: `route=${route}` })}`,
      );
    const { json } = await within(WORSE.route);
    // Its orders ran in all requests, its lines in one statement until the deployment.
    expect(json.old.per_use.variance).toBe('largest');
    expect(json.old.per_use.calls).toBeGreaterThan(1);
    expect(json.old.per_use.calls).toBeLessThan(2);
    expect(json.new.per_use).toMatchObject({ by: 'requests', calls: 20, variance: 'counted' });
    const { json: other } = await within('search/');
    expect(other).toMatchObject({ before: null, after: null, factor: null, low: null, old: { statements: [] } });
  });

  test.each([
    ['compare', 400, 'nothing to compare'],
    ['compare?before=3h..1h&around=x', 400, 'several comparisons'],
    ['compare?around=never', 404, 'there is no mark "never"'],
    ['compare?before=2h..1h&after=90m..', 400, 'overlap'],
    ['compare?around=deploy%2042&span=soon', 400, 'not a duration: parameter "span"'],
    ['compare?tag=route%3Dnone%2Cneither', 400, 'no statement has route=none'],
    ['compare?around=deploy%2042&group-by=a%20b', 400, 'nothing to group by'],
    ['compare?around=deploy%2042&group-by=tag:', 400, '"tag:" is nothing to group by: parameter "group-by"'],
    ['compare?old=a', 400, 'no fingerprint: parameter "new"'],
    ['compare?old=,&new=b', 400, 'no fingerprint: parameter "old"'],
    ['compare?old=zz&new=b', 400, '"zz" is not a fingerprint: parameter "old"'],
    ['compare?old=abc&new=b', 400, 'statements begin with abc: parameter "old"'],
    ['compare?old=ffff&new=b', 404, 'no statement ffff'],
    ['compare?old=a&new=b&around=deploy%2042', 400, 'several comparisons'],
    ['compare?old=a&new=b&tag=flag%3Doff%2Con', 400, 'several comparisons'],
    ['compare?old=a&new=b&group-by=route', 400, 'cannot be grouped: parameter "group-by"'],
    [`compare?new=b&old=${Array.from({ length: 61 }, () => 'a').join()}`, 400, 'too many: parameter "old"'],
    ['trends', 400, 'no statement: parameter "of"'],
    ['trends?of=abc', 400, '"abc" names no statement'],
    [`trends?of=${Array.from({ length: 61 }, () => `${'a'.repeat(16)}:raw`).join()}`, 400, 'too many'],
  ])('%.40s is refused in words', async (path, status, words) => {
    const answer = await ask(path);
    expect(answer.status).toBe(status);
    expect(answer.json.error).toContain(words);
  });

  test('trends have the same points for each statement, and add up to its time', async () => {
    const [one, other] = [shopFingerprint('lines'), shopFingerprint('report')];
    const { json } = await ask(`trends?of=${one}:django-orm,${other}:raw`);
    const [lines, report] = json.trends as Array<{ fingerprint: string; total_ms: number[] }>;
    expect([lines.fingerprint, report.fingerprint]).toEqual([one, other]);
    expect([lines.total_ms.length, report.total_ms.length]).toEqual([24, 24]);
    // It began with the deployment, after two thirds of the time.
    expect(lines.total_ms.slice(0, 15).every((ms) => ms === 0)).toBe(true);
    expect(lines.total_ms.at(-2)).toBeGreaterThan(0);
    const { json: whole } = await ask(`statements/${other}`);
    const sum = report.total_ms.reduce((all, ms) => all + ms, 0);
    expect(sum).toBeCloseTo(whole.statements[0].total_ms, 0);
  });

  test('pools have a history, and all together one of their own', async () => {
    const { json } = await ask('pools/history');
    expect(json.step_ms).toBe(60_000);
    expect(json.all.length).toBe(MINUTES);
    expect(json.all[0]).toMatchObject({ connections_max: 13 });
    expect(Object.keys(json.pools).sort()).toEqual(['django', 'sqlalchemy']);
    expect(json.pools.django.length).toBe(MINUTES);
    expect(json.pools.django[0]).toMatchObject({ connections_max: 8, idle_in_transaction_ms: 900 });
  });

  test('sources over time are those of the totals', async () => {
    const { json } = await ask('sources');
    expect(Object.keys(json.totals).sort()).toEqual(['django-orm', 'housekeeping', 'raw', 'sqlalchemy']);
    const ofRaw = json.points.map(
      (point: { sources: Record<string, { calls: number }> }) => point.sources.raw?.calls ?? 0,
    );
    expect(ofRaw.reduce((sum: number, calls: number) => sum + calls, 0)).toBe(json.totals.raw.calls);
  });
});
