// Metrics of routes: what they count, and that their number stays the same whatever passes.

import { expect, onTestFinished, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { MetricsExporter } from '../../dashboards/metrics/exporter.js';
import { MetricsState } from '../../dashboards/metrics/state/metrics-state.js';
import { parseExposition } from './exposition.js';

const MINUTE = 60_000;
const FAMILIES = ['requests', 'statements', 'seconds', 'errors'].map((what) => `pgwitness_route_${what}_total`);

async function scrape(state: MetricsState) {
  const exporter = new MetricsExporter(state);
  onTestFinished(() => exporter.close());
  return parseExposition(await exporter.render());
}

function requests(tags: Readonly<Record<string, string>> | undefined, over = {}) {
  const tagSet = tags === undefined ? '' : JSON.stringify(tags);
  return { tagSet, requests: 2, statements: 8, errors: 1, serviceTotalNs: 3e6, ...over };
}

test('requests are counted by route, job and command; untagged ones by themselves', async () => {
  const state = new MetricsState({ topSeries: 5 });
  state.recordRequests(requests({ route: 'orders/', app: 'shop' }), 0);
  state.recordRequests(requests({ route: 'orders/', app: 'admin' }), 0);
  state.recordRequests(requests({ job: 'nightly' }), 0);
  state.recordRequests(requests(undefined), 0);
  const { value } = await scrape(state);
  const orders = { kind: 'route', route: 'orders/' };
  expect(FAMILIES.map((name) => value(name, orders))).toEqual([4, 16, 0.006, 2]);
  expect(value(FAMILIES[0], { kind: 'job', route: 'nightly' })).toBe(2);
  expect(value(FAMILIES[0], { kind: '', route: '(untagged)' })).toBe(2);
});

test('10,000 routes that pass leave the number of series where it was', async () => {
  const state = new MetricsState({ topSeries: 30 });
  const seen = new Set<string>();
  for (let n = 0; n < 10_000; n++) {
    // Later ones are slower, so that each would take a place if it could: 100 a minute.
    state.recordRequests(requests({ route: `passing/${n}` }, { serviceTotalNs: 1e6 * (n + 1) }), n * (MINUTE / 100));
    if (n % 1_000 !== 999) continue;
    const { families } = await scrape(state);
    for (const name of FAMILIES) expect(families.get(name)!.samples).toHaveLength(31);
    for (const { labels } of families.get(FAMILIES[0])!.samples) seen.add(labels.route);
  }
  // A place changes hands once in a quarter of an hour at most; all this was in 100 minutes.
  expect(seen.size).toBeLessThanOrEqual(1 + 30 * 8);
  const { families } = await scrape(state);
  const sum = families.get(FAMILIES[0])!.samples.reduce((total, { value }) => total + value, 0);
  // What lost its place took its counts with it: they are not in "other", which must not fall.
  expect(sum).toBeGreaterThan(10_000);
  expect(sum).toBeLessThanOrEqual(20_000);
});

test('without a place a request is in "other", also one whose tags had no place in the observer', async () => {
  const state = new MetricsState({ topSeries: 1 });
  state.recordRequests(requests({ route: 'a/' }), 0);
  state.recordRequests(requests({ route: 'b/' }), 0);
  state.recordRequests({ ...requests(undefined), tagSet: '(other)' }, 0);
  const { value, families } = await scrape(state);
  expect(families.get(FAMILIES[0])!.samples).toHaveLength(2);
  expect(value(FAMILIES[0], { kind: '', route: 'other' })).toBe(4);
  const off = new MetricsState();
  off.recordRequests(requests({ route: 'a/' }), 0);
  off.recordRequests({ ...requests(undefined), tagSet: '(other)' }, 0);
  expect((await scrape(off)).families.get(FAMILIES[0])!.samples).toEqual([]);
});

test('long names that begin alike are one series, not one series twice', async () => {
  const state = new MetricsState({ topSeries: 5 });
  const long = 'x'.repeat(limits.labelBytesMax);
  state.recordRequests(requests({ route: `${long}1` }), 0);
  state.recordRequests(requests({ route: `${long}2` }), 0);
  const { families } = await scrape(state);
  expect(families.get(FAMILIES[0])!.samples).toMatchObject([{ labels: { route: long }, value: 4 }]);
});
