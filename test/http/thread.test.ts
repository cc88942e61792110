// The HTTP thread: it answers while the main thread does not.

import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createLog } from '../../config/log.js';
import type { HttpCountsDelta } from '../../dashboards/metrics/state/http-counts.js';
import { databasePath } from '../../storage/sqlite/file/data-directory.js';
import { writeSampleStore } from '../cli/sample-store.js';
import { temporaryDirectory } from '../storage/flushes.js';
import { writeManyStatements } from '../web/kit.js';
import { useHttpThread } from './built-thread.js';

/** Later than anything in the sample store. */
const T0 = Date.UTC(2030, 0, 1);
const TOKEN = '0123456789abcdef0123456789abcdef';
const start = useHttpThread();

test('the API, the page and the metrics are answered from the thread', async () => {
  const { url } = await start();
  const { statements } = await (await fetch(`${url}/api/v1/statements`)).json();
  expect(statements).toHaveLength(5);
  expect((await fetch(url)).headers.get('content-type')).toContain('text/html');
  expect(await (await fetch(`${url}/metrics`)).text()).toBe('a 1\n');
});

test('executions are asked of the main thread', async () => {
  const { url } = await start();
  expect(await (await fetch(`${url}/api/v1/tail`)).json()).toEqual({ sequence: 7, missed: 0, executions: [] });
  expect((await fetch(`${url}/api/v1/tail?after=x`)).status).toBe(400);
  const activity = { at: '1970-01-01T00:00:00.007Z', activity: [], more: 0 };
  expect(await (await fetch(`${url}/api/v1/activity`)).json()).toEqual(activity);
  expect((await fetch(`${url}/api/v1/activity?since=1h`)).status).toBe(400);
});

test('78: reports say from the observer itself since when nothing is stored', async () => {
  const { url, tellUnstored } = await start();
  const storing = async () => {
    const { storing, observed } = await (await fetch(`${url}/api/v1/status`)).json();
    return { ...storing, exact: observed.exact };
  };
  tellUnstored(T0);
  expect(await storing()).toEqual({ failing: true, stored_until: new Date(T0).toISOString(), exact: false });
  // The thread of reports is there already.
  tellUnstored(T0 + 1_000);
  expect(await storing()).toMatchObject({ stored_until: new Date(T0 + 1_000).toISOString() });
  tellUnstored(undefined);
  expect(await storing()).toMatchObject({ failing: false });
});

test('81: a report that meets damage tells the observer', async () => {
  const told: string[] = [];
  const fill = (dataDir: string) => {
    writeSampleStore(dataDir);
    const db = new Database(databasePath(dataDir));
    db.prepare("UPDATE rollup SET histogram = x'ff'").run();
    db.close();
  };
  const { url } = await start({ fill, onDamage: (reason) => told.push(reason) });
  const answer = await fetch(`${url}/api/v1/statements`);
  expect(answer.status).toBe(503);
  expect((await answer.json()).error).toContain('(corrupt)');
  await vi.waitFor(() => expect(told.join()).toContain('damaged'));
});

test('a scrape is fresh where the main thread answers in time', async () => {
  let renders = 0;
  const { url } = await start({ render: async () => `a ${++renders}\n` });
  const scrape = async () => Number((await (await fetch(`${url}/metrics`)).text()).slice(2));
  const first = await scrape();
  // On a busy machine it may be late for some: those are given what is kept.
  await vi.waitFor(async () => expect(await scrape()).toBeGreaterThan(first), { timeout: 30_000 });
});

test('a main thread that does not answer does not keep a scraper waiting', async () => {
  let stuck = false;
  const { url } = await start({ render: () => (stuck ? new Promise<string>(() => {}) : Promise.resolve('a 1\n')) });
  await (await fetch(`${url}/metrics`)).text();
  stuck = true;
  expect(await (await fetch(`${url}/metrics`)).text()).toBe('a 1\n');
});

test('a scrape does not wait for the reports that were asked for before it', async () => {
  const { url } = await start({ fill: (dataDir) => writeManyStatements(dataDir, 2_000) });
  // The thread of reports is there already.
  await (await fetch(`${url}/api/v1/status`)).arrayBuffer();
  const order: string[] = [];
  const noted = async (path: string, what: string) => {
    const answer = await fetch(`${url}${path}`);
    order.push(what);
    expect(answer.status).toBe(200);
    await answer.arrayBuffer();
  };
  const reports = Array.from({ length: 5 }, () => noted('/api/v1/statements?limit=0', 'report'));
  await Promise.all([...reports, noted('/metrics', 'scrape')]);
  expect(order.slice(0, 5)).toContain('scrape');
  expect(order).toHaveLength(6);
});

test('a port that is in use is told of as without a thread', async () => {
  const { address } = await start();
  await expect(start({ address })).rejects.toThrow(/the port is in use/);
});

test('what was refused reaches the main thread with the next scrape', async () => {
  const counted: HttpCountsDelta[] = [];
  const { url } = await start({ onCounted: (counts) => counted.push(counts), token: TOKEN });
  await fetch(`${url}/api/v1/status`, { headers: { authorization: 'Bearer of another' } });
  await fetch(`${url}/api/v1/status`);
  await (await fetch(`${url}/metrics`)).text();
  await (await fetch(`${url}/metrics`)).text();
  expect(counted).toMatchObject([
    { wrongTokens: 1, refused: { wrong_token: 1, no_token: 1, cross_site: 0 } },
    { wrongTokens: 0, refused: { wrong_token: 0, no_token: 0 } },
  ]);
});

test('a store that cannot be read is told of, and the metrics are there all the same', async () => {
  const { url } = await start({ fill: () => {} });
  const answer = await fetch(`${url}/api/v1/statements`);
  expect(answer.status).toBe(503);
  expect((await answer.json()).error).toMatch(/there is no witness.db/);
  expect(await (await fetch(`${url}/metrics`)).text()).toBe('a 1\n');
});

test('the thread of reports goes when nobody asks, and comes when somebody does', async () => {
  const built: string = '../../dist/dashboards/threads/reports-thread.js';
  const { ReportsThread } = (await import(built)) as typeof import('../../dashboards/threads/reports-thread.js');
  const dataDir = temporaryDirectory();
  writeSampleStore(dataDir);
  const log = createLog({ level: 'silent' });
  const reports = new ReportsThread({
    dataDir,
    observes: true,
    files: { ledger: '', code: '' },
    log,
    onLiveAsked: () => {},
    idleMs: 1,
  });
  onTestFinished(() => reports.close());
  const asked = async () => JSON.parse(Buffer.from((await reports.answer('/api/v1/statements')).body).toString());
  for (let turn = 0; turn < 3; turn++) {
    expect((await asked()).statements).toHaveLength(5);
    // Longer than it is kept: the next turn begins another one.
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const both = await Promise.all([asked(), asked()]);
  expect(both.map(({ statements }) => statements.length)).toEqual([5, 5]);
});

test.skipIf(!existsSync('/proc/thread-self'))('the threads behind HTTP are known by their numbers', async () => {
  const { url, threads } = await start();
  expect(threads()).toHaveLength(1);
  await (await fetch(`${url}/api/v1/status`)).text();
  await vi.waitFor(() => expect(threads()).toHaveLength(2));
  for (const thread of threads()) expect(existsSync(`/proc/self/task/${thread}`)).toBe(true);
});

test('a mark is set with the token alone, and once however often the same is asked for', async () => {
  const { url } = await start({ token: TOKEN });
  const mark = `${url}/api/v1/marks?name=deploy%2042&at=2026-03-01T00:00:30Z`;
  const right = { authorization: `Bearer ${TOKEN}` };
  expect((await fetch(mark, { method: 'POST' })).status).toBe(401);
  expect((await fetch(mark, { method: 'POST', headers: right, body: 'x' })).status).toBe(400);
  expect((await fetch(`${url}/api/v1/marks?name=`, { method: 'POST', headers: right })).status).toBe(400);
  expect((await fetch(`${url}/api/v1/pools`, { method: 'POST', headers: right })).status).toBe(405);
  const set = await fetch(mark, { method: 'POST', headers: right });
  expect(set.status).toBe(200);
  expect(await set.json()).toEqual({ at: '2026-03-01T00:00:30.000Z', name: 'deploy 42' });
  const { marks } = await (await fetch(`${url}/api/v1/marks`, { headers: right })).json();
  expect(marks).toEqual([{ at: '2026-03-01T00:00:30.000Z', kind: 'manual', name: 'deploy 42', fingerprint: '' }]);
});

test('without a token file no mark is set, on loopback neither', async () => {
  const { url } = await start();
  const refused = await fetch(`${url}/api/v1/marks?name=deploy`, { method: 'POST' });
  expect(refused.status).toBe(403);
  expect((await refused.json()).hint).toContain('--http-token-file');
});
