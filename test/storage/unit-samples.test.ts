// Single requests kept as examples of their route, through a store on disk to `routes ROUTE`.
// Not here: how units are found (../work/).

import { describe, expect, it } from 'vitest';
import { routeText } from '../../cli/views/route-details.js';
import { limits } from '../../config/limits.js';
import type { UnitSample } from '../../facts/rollup-row.js';
import type { RouteDetails } from '../../facts/work/routes.js';
import { routeDetailsFromJson, routeDetailsJson } from '../../reports/forms/route-details-json.js';
import { mergeRouteDetails, reportRoute } from '../../reports/work/route-details.js';
import type { SqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { Playing, T0 } from '../work/playing.js';
import { entryOf, flushOf, openStore, openTestReader, poolOf, temporaryDirectory } from './flushes.js';

const HOUR_MS = 3_600_000;
const SCREEN = { width: 160, colours: false };
/** `item` is a statement whose text the store has. */
const CATALOGUE = [entryOf({ fingerprint: 'item', query: 'SELECT "item"."id" FROM "item" WHERE "item"."id" = ?' })];

/** A request of one route: a page, then an item for each of `items`, each of `ms`, on two pools. */
function request(playing: Playing, at: number, { items, ms = 1 }: { items: number; ms?: number }): void {
  const tags = { route: '/list' };
  const requestId = `at-${at}`;
  playing.send({ sql: 'page', at, ms: 2, requestId, tags: { caller: 'a.py:1', ...tags }, source: 'django-orm' });
  for (let n = 0; n < items; n++)
    playing.send({
      sql: 'item',
      at: at + 2 + n * ms,
      ms,
      requestId,
      tags: { caller: 'b.py:2', ...tags },
      session: 'other',
      pool: 'pool-b',
      source: 'sqlalchemy',
      sqlstate: n === items - 1 ? '23505' : '',
    });
}

function flush(store: SqliteStore, playing: Playing, atMs = T0): void {
  const { requests, samples } = playing.units;
  store.flush(flushOf({ atMs, requests: requests.pending(), unitSamples: samples.pending(), catalogue: CATALOGUE }));
  requests.stored();
  samples.stored();
}

function openPools(): { dataDir: string; store: SqliteStore } {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  store.flush(flushOf({ pools: [poolOf('pool-a', 'django:app@shop'), poolOf('pool-b', 'sqlalchemy:app@shop')] }));
  return { dataDir, store };
}

function details(dataDir: string, name = '/list', bounds = {}): RouteDetails {
  return reportRoute(openTestReader(dataDir), name, bounds)!;
}

describe('examples of a route', () => {
  it('are the slowest, and of those drawn the one nearest to the median', () => {
    const { dataDir, store } = openPools();
    const playing = new Playing();
    for (let n = 0; n < 9; n++) request(playing, n * 5_000, { items: n === 4 ? 30 : 3 });
    playing.pass(3_000);
    flush(store, playing);
    const { typical, slowest, route } = details(dataDir);
    expect(route.requests).toBe(9);
    expect(slowest).toMatchObject({ kind: 'slowest', request: 'at-20000', executions: 31, serviceNs: 32e6 });
    expect(slowest?.statements).toHaveLength(31);
    expect(typical).toMatchObject({ kind: 'random', found: 'direct', boundary: 'tags', tagSet: '{"route":"/list"}' });
    expect(typical?.statements.slice(0, 2)).toEqual([
      { ...BARE, fingerprint: 'page', serviceMs: 2, source: 'django-orm', pool: 'django:app@shop', caller: 'a.py:1' },
      {
        ...{ ...BARE, fingerprint: 'item', startMs: 2, source: 'sqlalchemy', pool: 'sqlalchemy:app@shop' },
        ...{ connection: 2, caller: 'b.py:2' },
      },
    ]);
  });

  it('are drawn from all requests alike, over flushes, hours and days', () => {
    const drawn = new Map<string, number>();
    for (let round = 0; round < 200; round++) {
      const playing = new Playing();
      const kept = new Map<string, UnitSample>();
      for (let n = 0; n < 4; n++) {
        request(playing, n * 5_000, { items: 1 });
        playing.pass(3_000);
        // As the store does it: the highest rank stays.
        for (const sample of playing.units.samples.pending())
          if (sample.kind === 'random' && sample.rank > (kept.get('one')?.rank ?? 0)) kept.set('one', sample);
        playing.units.samples.stored();
      }
      const { request: id } = kept.get('one')!;
      drawn.set(id, (drawn.get(id) ?? 0) + 1);
    }
    // 50 each are expected; 20 and 90 are more than four standard deviations away.
    expect(drawn.size).toBe(4);
    for (const times of drawn.values()) expect(times > 20 && times < 90, `${times}`).toBe(true);
  });

  it('keep the highest rank of an hour and of a day, whatever came first; old hours go, days stay', () => {
    const { dataDir, store } = openPools();
    const playing = new Playing();
    for (const [hour, items] of [
      [0, 5],
      [1, 9],
      [1, 2],
      [30, 4],
    ])
      request(playing, hour * HOUR_MS + items * 60_000, { items });
    playing.pass(3_000);
    flush(store, playing);
    const hours = () => details(dataDir).slowest!.executions;
    expect(hours()).toBe(10);
    const first = details(dataDir, '/list', { sinceMs: T0, untilMs: T0 + HOUR_MS / 2 });
    expect(first.slowest?.executions).toBe(6);
    for (let slice = 0; slice < 40; slice++) store.maintain(T0 + 60 * HOUR_MS + slice * 60_000);
    const count = (spanS: number) =>
      openTestReader(dataDir).readRows((rows) =>
        rows.get<{ n: number }>('SELECT count(*) AS n FROM unit_sample WHERE span_s = ?', spanS),
      )!.n;
    expect(count(3_600)).toBe(0);
    expect(count(86_400)).toBeGreaterThan(0);
    expect(hours()).toBe(10);
  });

  it('are bounded in statements, and by those that wait', () => {
    const playing = new Playing();
    request(playing, 0, { items: 500 });
    playing.pass(3_000);
    for (const sample of playing.units.samples.pending()) {
      expect(sample.statements).toHaveLength(limits.unitSampleStatementsMax);
      expect(sample.executions).toBe(501);
    }
    expect(playing.units.samples.droppedTotal).toBe(0);
    for (let n = 0; n < 300; n++)
      for (let sent = 0; sent < 200; sent++)
        playing.send({ sql: 'x', at: 20_000 + n, requestId: `r${n}`, tags: { route: `/${n}` }, session: `s${n}` });
    playing.pass(3_000);
    const waiting = [...playing.units.samples.pending()].reduce((sum, { statements }) => sum + statements.length, 0);
    expect(waiting).toBeLessThanOrEqual(limits.unitSamplesStatementsMax);
    expect(waiting).toBeGreaterThan(limits.unitSamplesStatementsMax / 2);
    // Two of each route: what does not wait is counted.
    const kept = [...playing.units.samples.pending()].length;
    expect(playing.units.samples.droppedTotal).toBe(2 * 301 - kept);
  });

  it('travel as JSON, merge over places, and print as a waterfall', () => {
    const { dataDir, store } = openPools();
    const playing = new Playing();
    request(playing, 0, { items: 12, ms: 4 });
    playing.pass(3_000);
    flush(store, playing);
    const found = details(dataDir);
    const sent = (one: RouteDetails | undefined) =>
      routeDetailsFromJson(JSON.parse(JSON.stringify(routeDetailsJson(one))));
    expect(routeDetailsJson(sent(found))).toEqual(routeDetailsJson(found));
    expect(sent(undefined)).toBeUndefined();
    const merged = mergeRouteDetails([found, undefined, found])!;
    expect(merged.route.requests).toBe(2);
    expect(merged.slowest).toEqual(found.slowest);
    const text = routeText(found, { slowest: false, screen: SCREEN });
    expect(text).toContain('1 request · each 13 statements (11 repeated)');
    expect(text).toContain('13 statements in 50.0 ms over 50.0 ms, request at-0');
    expect(text).toMatch(/2\.00 ms +█+·+ +44\.0 ms +11× .*sqlalchemy.*b\.py:2 +SELECT "id" FROM "item"/);
    expect(text).toMatch(/46\.0 ms +·+█+ .* 23505 unique_violation: SELECT/);
    const narrow = routeText(found, { slowest: false, screen: { width: 80, colours: false } });
    for (const [shown, width] of [[text, SCREEN.width] as const, [narrow, 80] as const])
      for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
    expect(reportRoute(openTestReader(dataDir), 'nosuch')).toBeUndefined();
  });
});

const BARE = { startMs: 0, serviceMs: 1, rows: 1, sqlstate: '', construct: '', connection: 1 };
