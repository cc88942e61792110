// Sparklines of `top`: they are of the executions that the list counts, whatever narrows it.
// Not here: the points of one statement (test/reports/groups.test.ts).

import { expect, onTestFinished, test } from 'vitest';
import { openPlaces, type Place } from '../../cli/reading/place.js';
import { trendsOf } from '../../cli/views/trends.js';
import { createLog } from '../../config/log.js';
import { Api } from '../../dashboards/http/api.js';
import { startHttp } from '../../dashboards/http/server.js';
import type { StatementFilter } from '../../facts/answers.js';
import { openReader } from '../../storage/sqlite/read/reader.js';
import {
  DAY_START_MIN,
  entryOf,
  FINGERPRINT,
  flushOf,
  MINUTE_MS,
  openStore,
  rollupOf,
  temporaryDirectory,
  verdictOf,
} from '../storage/flushes.js';

/** The same statement by Core in the first minutes, and by text() in the last ones of an hour. */
function store(): string {
  const dataDir = temporaryDirectory();
  const opened = openStore(dataDir);
  const ran = (minute: number, construct: 'core' | 'text') =>
    rollupOf({ minute: DAY_START_MIN + minute, source: 'sqlalchemy', construct, callsNs: [5e6] });
  opened.flush(
    flushOf({
      rollups: [ran(0, 'core'), ran(9, 'core'), ran(50, 'text'), ran(59, 'text')],
      catalogue: [entryOf({ query: 'SELECT id FROM stock', summary: 'SELECT stock' })],
      statements: [verdictOf({ source: 'sqlalchemy', construct: 'core' })],
    }),
  );
  opened.close();
  return dataDir;
}

const RANGE = { sinceMs: DAY_START_MIN * MINUTE_MS, untilMs: (DAY_START_MIN + 60) * MINUTE_MS };

async function barOf(place: Place, filter: StatementFilter): Promise<string | undefined> {
  const rows = [{ fingerprint: FINGERPRINT, source: 'sqlalchemy' }];
  const trends = await trendsOf(place, { rows, range: RANGE, filter });
  return trends === undefined ? undefined : [...trends.values()][0];
}

async function checkBars(place: Place): Promise<void> {
  const whole = await barOf(place, {});
  expect(whole).toMatch(/^\S+ +\S+$/);
  expect(await barOf(place, { construct: 'core' })).toMatch(/^\S+ +$/);
  expect(await barOf(place, { construct: 'text' })).toMatch(/^ +\S+$/);
  expect(await barOf(place, { handwritten: true })).toMatch(/^ +\S+$/);
  expect(await barOf(place, { find: ['stock'], table: 'stock' })).toBe(whole);
  expect(await barOf(place, { table: 'book' })).toBeUndefined();
}

test('of a data directory', async () => {
  const place = await openPlaces({ directories: [store()], urls: [] });
  onTestFinished(() => place.close());
  await checkBars(place);
});

test('of several data directories', async () => {
  const place = await openPlaces({ directories: [store(), store()], urls: [] });
  onTestFinished(() => place.close());
  await checkBars(place);
  const statements = [{ fingerprint: FINGERPRINT, source: 'sqlalchemy' }];
  const [{ points, window }] = await place.sketches({ statements, range: RANGE, pointsMax: 60 });
  expect(points.map(({ serviceTotalNs }) => serviceTotalNs)).toEqual([1e7, 1e7, 1e7, 1e7]);
  expect(window).toEqual(RANGE);
});

test('of a running sidecar', async () => {
  const reader = openReader(store());
  const metrics = { contentType: 'text/plain', render: async () => '' };
  const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
  const server = await startHttp({ address, metrics, api: new Api({ reader }), log: createLog({ level: 'silent' }) });
  onTestFinished(async () => {
    await server.close();
    reader.close();
  });
  const place = await openPlaces({ directories: [], urls: [new URL(`http://127.0.0.1:${server.address.port}`)] });
  await checkBars(place);
  place.close();
});
