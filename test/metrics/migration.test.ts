// Metrics of the places of the ledger: which statements are counted for which version.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { createLog } from '../../config/log.js';
import { MetricsExporter } from '../../dashboards/metrics/exporter.js';
import { LedgerPlaces } from '../../dashboards/metrics/ledger-places.js';
import { MetricsState } from '../../dashboards/metrics/state/metrics-state.js';
import { temporaryDirectory } from '../storage/flushes.js';
import { parseExposition } from './exposition.js';

const RAW = 'aaaaaaaaaaaaaaa1';
const NEW = 'aaaaaaaaaaaaaaa2';
const SECOND = 'aaaaaaaaaaaaaaa3';
const FAMILIES = ['uses', 'executions', 'errors'].map((what) => `pgwitness_migration_${what}_total`);

let file: string;
let state: MetricsState;
let places: LedgerPlaces;
beforeEach(() => {
  file = join(temporaryDirectory(), 'migration.yaml');
  state = new MetricsState();
  places = new LedgerPlaces(file, { table: state.migration, log: createLog({ level: 'silent' }) });
});

function write(...entries: string[]): void {
  writeFileSync(file, `version: 1\nplaces:\n${entries.map((entry) => `  - {${entry}}\n`).join('')}`);
  places.look();
}

function ran(fingerprint: string, source: string, { calls = 1, errors = 0, construct = '' } = {}): void {
  state.recordRollup({ key: { fingerprint, source, construct }, calls, errors, serviceTotalNs: 1e9 }, 0);
}

async function scrape() {
  const exporter = new MetricsExporter(state);
  onTestFinished(() => exporter.close());
  return parseExposition(await exporter.render());
}

async function counted(place: string, version: string): Promise<Array<number | undefined>> {
  const { value } = await scrape();
  return FAMILIES.map((name) => value(name, { place, version }));
}

const PAIR = `id: p, at: 'shop/a.py:7', function: f, kind: raw, state: done, statements: [${RAW}], new: {fingerprint: [${NEW}, ${SECOND}]}`;

test('a version has series before it runs, and each use is an execution of its first statement', async () => {
  write(PAIR);
  expect(await counted('p', 'old')).toEqual([0, 0, 0]);
  expect(await counted('p', 'new')).toEqual([0, 0, 0]);
  ran(RAW, 'raw', { calls: 3, errors: 1 });
  ran(NEW, 'django-orm', { calls: 2 });
  ran(SECOND, 'django-orm', { calls: 10 });
  ran('aaaaaaaaaaaaaaa9', 'raw');
  expect(await counted('p', 'old')).toEqual([4, 4, 1]);
  expect(await counted('p', 'new')).toEqual([2, 12, 0]);
  const { value } = await scrape();
  expect(value('pgwitness_migration_seconds_total', { place: 'p', version: 'new' })).toBe(2);
  expect(value('pgwitness_migration_place_info', { place: 'p', at: 'shop/a.py:7', function: 'f', state: 'done' })).toBe(
    1,
  );
});

test("the ORM's statement is the new version, though it has the fingerprint of the raw one", async () => {
  write(`id: p, at: 'a.py:7', function: f, kind: raw, state: done, statements: [${RAW}], new: {fingerprint: ${RAW}}`);
  ran(RAW, 'raw');
  ran(RAW, 'django-orm', { construct: 'rawsql' });
  ran(RAW, 'django-orm', { construct: 'queryset', calls: 5 });
  expect(await counted('p', 'old')).toEqual([2, 2, 0]);
  expect(await counted('p', 'new')).toEqual([5, 5, 0]);
});

test('a source beside the fingerprint must fit, and a statement of several places is counted for each', async () => {
  write(
    `id: p, at: 'a.py:7', function: f, kind: raw, statements: [${RAW}], new: {fingerprint: ${NEW}, source: covetpy}`,
    `id: q, at: 'b.py:7', function: g, kind: sqlalchemy, state: doing, statements: [${RAW}]`,
  );
  ran(NEW, 'django-orm');
  ran(NEW, 'covetpy', { calls: 4 });
  ran(RAW, 'sqlalchemy', { calls: 7 });
  ran(RAW, 'unknown');
  expect(await counted('p', 'new')).toEqual([4, 4, 0]);
  expect(await counted('p', 'old')).toEqual([1, 1, 0]);
  expect(await counted('q', 'old')).toEqual([8, 8, 0]);
  // The ledger names nothing that replaces it.
  expect(await counted('q', 'new')).toEqual([undefined, undefined, undefined]);
});

test('a ledger that changed is read again, counts of what stays go on, and a fault changes nothing', async () => {
  write(PAIR);
  ran(RAW, 'raw');
  write(PAIR.replace('done', 'doing'), `id: q, at: 'b.py:7', function: g, kind: raw, statements: [${SECOND}]`);
  ran(RAW, 'raw');
  expect(await counted('p', 'old')).toEqual([2, 2, 0]);
  expect(await counted('q', 'old')).toEqual([0, 0, 0]);
  writeFileSync(file, 'version: 2\n');
  places.look();
  ran(RAW, 'raw');
  expect(await counted('p', 'old')).toEqual([3, 3, 0]);
  write(PAIR.replace('done', 'gone'));
  expect(await counted('p', 'old')).toEqual([undefined, undefined, undefined]);
});

test('a long ledger has metrics for its first places alone', async () => {
  const entries = Array.from({ length: limits.metricPlacesMax + 5 }, (_, n) => {
    const fingerprint = n.toString(16).padStart(16, 'a');
    return `id: p${n}, at: 'a.py:${n + 1}', function: f, kind: raw, statements: [${fingerprint}]`;
  });
  write(...entries);
  const { families } = await scrape();
  expect(families.get('pgwitness_migration_place_info')!.samples).toHaveLength(limits.metricPlacesMax);
  expect(families.get('pgwitness_migration_uses_total')!.samples).toHaveLength(limits.metricPlacesMax);
});
