// The exposition of metrics against the catalogue: families, labels, bounds and escaping.

import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { CATALOGUE } from '../../dashboards/metrics/catalogue/catalogue.js';
import { metricsDoc } from '../../dashboards/metrics/catalogue/catalogue-doc.js';
import { MetricsExporter } from '../../dashboards/metrics/exporter.js';
import { formatFor } from '../../dashboards/metrics/exposition-format.js';
import { cleanLabel, commandLabel } from '../../dashboards/metrics/state/labels.js';
import {
  MetricsState,
  type PoolConnections,
  type RecordedStatement,
} from '../../dashboards/metrics/state/metrics-state.js';
import type { MigrationDelta, NamedPlace } from '../../dashboards/metrics/state/migration-series.js';
import type { PoolDelta } from '../../dashboards/metrics/state/pool-series.js';
import type { RouteDelta } from '../../dashboards/metrics/state/top-routes.js';
import type { TopDelta } from '../../dashboards/metrics/state/top-statements.js';
import type { ShippingStatus } from '../../facts/fleet/shipping-status.js';
import { LogHistogram } from '../../facts/histogram.js';
import { EXPORTED_FIELDS, RELAY_STATUS, type StatusFigure } from '../../proxy/stream/relay-status.js';
import { parseExposition } from './exposition.js';

const open: MetricsExporter[] = [];
afterEach(() => {
  for (const exporter of open.splice(0)) exporter.close();
});

async function scrape(state: MetricsState) {
  const exporter = new MetricsExporter(state, { summaryOf: () => 'SELECT shop_order' });
  open.push(exporter);
  return parseExposition(await exporter.render());
}

function statement(over: Partial<RecordedStatement> = {}): RecordedStatement {
  return {
    source: 'raw',
    confidence: 'strong',
    poolName: 'django:app@shop',
    command: 'SELECT',
    outcome: 'ok',
    calls: 1,
    serviceNs: 1_500_000,
    batched: false,
    traceId: '',
    atMs: 0,
    ...over,
  };
}

function topDelta(
  fingerprint: string,
  over: Partial<Omit<TopDelta, 'key'>> & { source?: string; construct?: string } = {},
): TopDelta & MigrationDelta {
  const { source = 'raw', construct = '', ...rest } = over;
  return { key: { fingerprint, source, construct }, calls: 1, errors: 0, serviceTotalNs: 1e6, ...rest };
}

function routeDelta(route: string, over: Partial<RouteDelta> = {}): RouteDelta {
  return {
    tagSet: route === '' ? '' : JSON.stringify({ route }),
    requests: 1,
    statements: 4,
    errors: 0,
    serviceTotalNs: 1e6,
    ...over,
  };
}

/** Its old version is the raw statement a, its new one a and b of the ORM. */
function placeOf(id: string, over: Partial<NamedPlace> = {}): NamedPlace {
  return {
    id,
    at: 'shop/a.py:7',
    function: 'f',
    state: 'done',
    old: { fingerprints: ['a'], fits: ({ source }) => source === 'raw' },
    new: { fingerprints: ['a', 'b'], fits: () => true },
    ...over,
  };
}

function connections(name: string, over: Partial<PoolConnections> = {}): PoolConnections {
  return { name, active: 1, idle: 2, idleInTransaction: 3, idleInTransactionLongestMs: 4_500, ...over };
}

/** Transactions of these durations, and a second of each kind of time. */
function poolDelta(durationsMs: readonly number[] = [3]): PoolDelta {
  const transactionHistogram = new LogHistogram();
  for (const ms of durationsMs) transactionHistogram.add(ms * 1e6);
  return {
    activeMs: 1_000,
    idleMs: 1_000,
    idleInTransactionMs: 1_000,
    transactions: durationsMs.length,
    transactionStatements: 2 * durationsMs.length,
    transactionTotalMs: durationsMs.reduce((sum, ms) => sum + ms, 0),
    transactionHistogram,
  };
}

const SHIPPING: ShippingStatus = {
  place: '127.0.0.1:8123/fleet',
  rows: { minutes: 4, hours: 3, days: 2, others: 1 },
  failures: { unreachable: 1 },
  failingSinceMs: undefined,
  error: undefined,
  sentMs: 1,
  waitingSinceMs: undefined,
  expired: { minutes: 0, hours: 0, days: 0 },
  dropped: { minutes: 0, hours: 0, days: 0 },
};

const RELAY = {
  sessionsOpen: 7,
  sessionsTotal: 9,
  connectErrorsTotal: 1,
  clientBytesTotal: 100,
  serverBytesTotal: 200,
  sessionsAdrift: 1,
  sessionsOpaque: 2,
  adriftTotal: 3,
  opaqueTotal: 2,
  observerRestartsTotal: 4,
  queueBytes: 5,
  refusedConnectionsTotal: 4,
  refusedPerAddressTotal: 5,
  refusedNotLoggedInTotal: 6,
  observingPaused: 1,
  observingPausesTotal: 2,
  loopLagNs: 2_000_000,
  cpuNs: 3_000_000_000,
  residentBytes: 1_000,
};

describe('exposition', () => {
  test('exactly the families of the catalogue are exported, with their help and type', async () => {
    const state = new MetricsState({ notObservedReasons: ['queue_full'], topSeries: 2 });
    state.recordStatement(statement());
    state.recordRollup(topDelta('a'), 0);
    state.recordRequests(routeDelta('orders/'), 0);
    state.migration.setPlaces([placeOf('p1')]);
    state.setRelayStatus(RELAY);
    state.setPoolConnections([connections('p')]);
    state.recordPool({ name: 'p', owner: 'django' }, poolDelta());
    const { families } = await scrape(state);
    expect([...families].map(([name, { type, help }]) => ({ name, type, help }))).toEqual(
      CATALOGUE.map(({ name, type, help }) => ({ name, type, help })),
    );
  });

  test('samples carry the labels of the catalogue and no others', async () => {
    const state = new MetricsState({ notObservedReasons: ['queue_full'], topSeries: 2 });
    state.recordStatement(statement());
    state.recordRollup(topDelta('a'), 0);
    state.recordRequests(routeDelta('orders/'), 0);
    state.migration.setPlaces([placeOf('p1')]);
    state.setRelayStatus(RELAY);
    state.setPoolConnections([connections('p')]);
    state.recordPool({ name: 'p', owner: 'django' }, poolDelta());
    state.setShipping(SHIPPING);
    const { families } = await scrape(state);
    for (const { name, labels } of CATALOGUE) {
      const { samples } = families.get(name)!;
      expect(samples.length, name).toBeGreaterThan(0);
      for (const sample of samples) {
        const names = Object.keys(sample.labels).filter((label) => label !== 'le');
        expect(names.sort(), name).toEqual([...labels].sort());
      }
    }
  });

  test.each(EXPORTED_FIELDS)('the figure %s of the relay is a sample of its family', async (field) => {
    const metric: NonNullable<StatusFigure['metric']> = RELAY_STATUS[field].metric;
    const { family, labels } = metric;
    const state = new MetricsState();
    const zeros = Object.fromEntries(EXPORTED_FIELDS.map((name) => [name, 0])) as unknown as typeof RELAY;
    state.setRelayStatus({ ...zeros, [field]: 5e9 });
    const unit = CATALOGUE.find(({ name }) => name === `pgwitness_${family}`)?.unit;
    const shown = labels ?? (family === 'sessions' ? { state: 'tracked' } : {});
    const { value } = await scrape(state);
    expect(value(`pgwitness_${family}`, shown)).toBe(unit === 'seconds' ? 5 : 5e9);
  });

  test('a label value with every awkward character survives the format', async () => {
    const state = new MetricsState();
    state.recordStatement(statement({ poolName: 'a"b\\c\nd\u001be}{,=\u202e' }));
    const { families } = await scrape(state);
    const sample = families.get('pgwitness_statement_duration_seconds')!.samples[0];
    expect(sample.labels.pool).toBe('a"b\\cde}{,=');
  });

  test('a counter of losses is there before the first loss', async () => {
    const { value } = await scrape(new MetricsState({ notObservedReasons: ['queue_full'], topSeries: 2 }));
    expect(value('pgwitness_not_observed_total', { reason: 'queue_full' })).toBe(0);
  });

  test('sessions opaque for minutes are not mixed with executions', async () => {
    const state = new MetricsState();
    state.setNotObserved('opaque_session', 3);
    state.setNotObserved('queue_full', 8);
    const { value, families } = await scrape(state);
    expect(value('pgwitness_opaque_session_seconds_total', {})).toBe(180);
    expect(families.get('pgwitness_not_observed_total')!.samples).toHaveLength(1);
  });

  test('the state of sessions sums to those open', async () => {
    const state = new MetricsState();
    state.setRelayStatus(RELAY);
    const { value } = await scrape(state);
    expect(value('pgwitness_sessions', { state: 'tracked' })).toBe(4);
    expect(value('pgwitness_observer_restarts_total', {})).toBe(4);
    expect(value('pgwitness_cpu_seconds_total', { process: 'relay' })).toBe(3);
  });
});

describe('durations', () => {
  const labels = { source: 'raw', pool: 'django:app@shop', command: 'SELECT', outcome: 'ok' };

  test('buckets are cumulative and their bounds inclusive', async () => {
    const state = new MetricsState();
    for (const serviceNs of [100_000, 100_001, 1_000_000, 20e9]) state.recordStatement(statement({ serviceNs }));
    const { value } = await scrape(state);
    const bucket = (le: string) => value('pgwitness_statement_duration_seconds_bucket', { ...labels, le });
    expect([bucket('0.0001'), bucket('0.0002'), bucket('0.001'), bucket('10'), bucket('+Inf')]).toEqual([
      1, 2, 3, 3, 4,
    ]);
    expect(value('pgwitness_statement_duration_seconds_count', labels)).toBe(4);
    expect(value('pgwitness_statement_duration_seconds_sum', labels)).toBeCloseTo(20.001200001, 9);
  });

  test('several executions count as several', async () => {
    const state = new MetricsState();
    state.recordStatement(statement({ calls: 5, serviceNs: 2_000_000 }));
    const { value } = await scrape(state);
    expect(value('pgwitness_statements_total', { source: 'raw', confidence: 'strong' })).toBe(5);
    expect(value('pgwitness_statement_duration_seconds_sum', labels)).toBeCloseTo(0.01, 9);
  });

  test('pipelined executions are counted but stay out of the histogram', async () => {
    const state = new MetricsState();
    state.recordStatement(statement({ batched: true, calls: 3 }));
    const { value, families } = await scrape(state);
    expect(value('pgwitness_statements_total', { source: 'raw', confidence: 'strong' })).toBe(3);
    expect(value('pgwitness_statement_seconds_total', { source: 'raw' })).toBeCloseTo(0.0045, 9);
    expect(families.get('pgwitness_statement_duration_seconds')!.samples).toEqual([]);
  });
});

describe('bounds', () => {
  test('many pools end in "other", whose executions are counted', async () => {
    const state = new MetricsState();
    for (let i = 0; i < 1_000; i++) state.recordStatement(statement({ poolName: `pool ${i}` }));
    const { families, value } = await scrape(state);
    const { samples } = families.get('pgwitness_statement_duration_seconds')!;
    const pools = new Set(samples.map((sample) => sample.labels.pool));
    expect(pools.size).toBe(limits.metricPoolsMax + 1);
    expect(value('pgwitness_series_overflow_total', { label: 'pool' })).toBe(1_000 - limits.metricPoolsMax);
  });

  test('duration series stop at the cap and lose no execution', async () => {
    const state = new MetricsState();
    const commands = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'COPY'];
    for (let pool = 0; pool < 50; pool++)
      for (const command of commands) state.recordStatement(statement({ poolName: `p${pool}`, command }));
    expect(state.durations.all.length).toBe(limits.durationSeriesMax + 1);
    const counted = state.durations.all.reduce((sum, series) => sum + series.count, 0);
    expect(counted).toBe(300);
    const { value } = await scrape(state);
    expect(value('pgwitness_series_overflow_total', { label: 'duration' })).toBe(300 - limits.durationSeriesMax);
  });

  test('connections of pools beyond the cap are summed', async () => {
    const state = new MetricsState();
    const pools = Array.from({ length: 60 }, (_, i) => connections(`p${i}`, { idle: 1 }));
    state.setPoolConnections(pools);
    const { value } = await scrape(state);
    expect(value('pgwitness_pool_connections', { pool: 'other', state: 'idle' })).toBe(60 - limits.metricPoolsMax);
  });

  test('transactions of pools beyond the cap are in one series, and none is lost', async () => {
    const state = new MetricsState();
    for (let i = 0; i < 200; i++) state.recordPool({ name: `p${i}`, owner: `o${i % 3}` }, poolDelta([3, 40]));
    const { families, value } = await scrape(state);
    const { samples } = families.get('pgwitness_transaction_statements_total')!;
    expect(samples).toHaveLength(limits.metricPoolsMax + 1);
    expect(samples.reduce((sum, sample) => sum + sample.value, 0)).toBe(800);
    const other = { owner: 'other', pool: 'other' };
    expect(value('pgwitness_transaction_duration_seconds_count', other)).toBe(2 * (200 - limits.metricPoolsMax));
  });

  test('one name for pools of many owners makes no more series', async () => {
    const state = new MetricsState();
    for (let i = 0; i < 200; i++) state.recordPool({ name: 'web', owner: `owner ${i}` }, poolDelta());
    const { families } = await scrape(state);
    expect(families.get('pgwitness_transaction_statements_total')!.samples).toHaveLength(limits.metricPoolsMax + 1);
  });

  test('commands outside the closed list are "other"', () => {
    expect(commandLabel('SELECT')).toBe('SELECT');
    expect(commandLabel('CREATE TABLE')).toBe('CREATE');
    expect(commandLabel('DROP_ALL_MY_TABLES')).toBe('other');
    expect(commandLabel('')).toBe('other');
  });

  test('a label is cut between characters', () => {
    const label = cleanLabel('é'.repeat(100));
    expect(label).toBe('é'.repeat(limits.labelBytesMax / 2));
    expect(cleanLabel('x' + 'é'.repeat(100))).toBe('x' + 'é'.repeat(limits.labelBytesMax / 2 - 1));
    expect(cleanLabel('\u0000')).toBe('(empty)');
  });
});

describe('transactions', () => {
  const labels = { owner: 'django', pool: 'p' };

  test('what flushes add is in buckets, sums and counts', async () => {
    const state = new MetricsState();
    state.recordPool({ name: 'p', owner: 'django' }, poolDelta([0.5, 3, 40]));
    state.recordPool({ name: 'p', owner: 'django' }, poolDelta([40, 400_000]));
    const { value } = await scrape(state);
    const bucket = (le: string) => value('pgwitness_transaction_duration_seconds_bucket', { ...labels, le });
    expect([bucket('0.001'), bucket('0.005'), bucket('0.05'), bucket('300'), bucket('+Inf')]).toEqual([1, 2, 4, 4, 5]);
    expect(value('pgwitness_transaction_duration_seconds_sum', labels)).toBeCloseTo(400.0835, 9);
    expect(value('pgwitness_transaction_duration_seconds_count', labels)).toBe(5);
    expect(value('pgwitness_transaction_statements_total', labels)).toBe(10);
    expect(value('pgwitness_pool_connection_seconds_total', { ...labels, state: 'idle_in_transaction' })).toBe(2);
  });

  test('who waits longest is told by pool', async () => {
    const state = new MetricsState();
    const longest = (idleInTransactionLongestMs: number) => connections('web', { idleInTransactionLongestMs });
    state.setPoolConnections([longest(100), longest(70_500), connections('idle', { idleInTransactionLongestMs: 0 })]);
    const { value } = await scrape(state);
    expect(value('pgwitness_idle_in_transaction_longest_seconds', { pool: 'web' })).toBe(70.5);
    expect(value('pgwitness_idle_in_transaction_longest_seconds', { pool: 'idle' })).toBe(0);
  });
});

test('an exposition says when it was written', async () => {
  const before = Date.now() / 1e3;
  const { value } = await scrape(new MetricsState());
  const written = value('pgwitness_exposition_timestamp_seconds', {})!;
  expect(written).toBeGreaterThanOrEqual(before);
  expect(written).toBeLessThanOrEqual(Date.now() / 1e3);
});

test('an exposition says when it was begun, for rendering yields to work that may take long', async () => {
  const state = new MetricsState({ topSeries: 1 });
  state.recordRollup(topDelta('a'), 0);
  const slow = (): string => {
    for (const until = Date.now() + 60; Date.now() < until; );
    return 'SELECT a';
  };
  const exporter = new MetricsExporter(state, { summaryOf: slow });
  const before = Date.now();
  const { value } = parseExposition(await exporter.render());
  exporter.close();
  expect(Date.now() - before).toBeGreaterThanOrEqual(60);
  expect(value('pgwitness_exposition_timestamp_seconds', {})! * 1e3).toBeLessThan(before + 60);
});

describe('statements with metrics of their own', () => {
  const MINUTE = 60_000;

  async function fingerprints(state: MetricsState): Promise<string[]> {
    const { families } = await scrape(state);
    return families.get('pgwitness_top_statement_seconds_total')!.samples.map(({ labels }) => labels.fingerprint);
  }

  test('the rest is counted as other, so that nothing is missing from the sum', async () => {
    const state = new MetricsState({ topSeries: 2 });
    for (const name of ['a', 'b', 'c', 'd']) state.recordRollup(topDelta(name, { calls: 2, errors: 1 }), 0);
    expect(await fingerprints(state)).toEqual(['a', 'b', 'other']);
    const { value } = await scrape(state);
    expect(value('pgwitness_top_statement_executions_total', { fingerprint: 'other' })).toBe(6);
    expect(value('pgwitness_top_statement_errors_total', { fingerprint: 'a' })).toBe(1);
    expect(value('pgwitness_statement_info', { fingerprint: 'a', summary: 'SELECT shop_order' })).toBe(1);
    expect(value('pgwitness_statement_info', { fingerprint: 'other' })).toBeUndefined();
  });

  test('a place is kept for its tenure and then goes to who takes much more time', async () => {
    const state = new MetricsState({ topSeries: 1 });
    state.recordRollup(topDelta('first'), 0);
    for (let minute = 1; minute <= 14; minute++) {
      state.recordRollup(topDelta('first'), minute * MINUTE);
      state.recordRollup(topDelta('slow', { serviceTotalNs: 9e6 }), minute * MINUTE);
    }
    expect(await fingerprints(state)).toEqual(['first', 'other']);
    state.recordRollup(topDelta('slow', { serviceTotalNs: 9e6 }), 16 * MINUTE);
    expect(await fingerprints(state)).toEqual(['slow', 'other']);
  });

  test('who takes only somewhat more time gets no place', async () => {
    const state = new MetricsState({ topSeries: 1 });
    for (let minute = 0; minute <= 40; minute++) {
      state.recordRollup(topDelta('first'), minute * MINUTE);
      state.recordRollup(topDelta('similar', { serviceTotalNs: 1.5e6 }), minute * MINUTE);
    }
    expect(await fingerprints(state)).toEqual(['first', 'other']);
  });

  test('many statements do not make many series', async () => {
    const state = new MetricsState({ topSeries: 30 });
    for (let i = 0; i < 100_000; i++) state.recordRollup(topDelta(`f${i}`, { serviceTotalNs: i }), i * 20);
    expect((await fingerprints(state)).length).toBe(31);
  });

  test('sources that are not watched one by one have none, and 0 turns it off', async () => {
    const state = new MetricsState({ topSeries: 2 });
    state.recordRollup(topDelta('a', { source: 'django-orm' }), 0);
    expect(await fingerprints(state)).toEqual([]);
    const off = new MetricsState();
    off.recordRollup(topDelta('a'), 0);
    expect(await fingerprints(off)).toEqual([]);
  });
});

describe('OpenMetrics', () => {
  async function openmetrics(state: MetricsState): Promise<string> {
    const exporter = new MetricsExporter(state);
    open.push(exporter);
    return exporter.render('openmetrics');
  }

  test.each([
    ['application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'openmetrics'],
    ['text/plain', 'text'],
    ['application/openmetrics-text;q=0, text/plain', 'text'],
    ['*/*', 'text'],
    [undefined, 'text'],
  ] as const)('Accept: %s is answered in %s', (accept, format) => {
    expect(formatFor(accept)).toBe(format);
  });

  test('families go without the suffix of their samples, and the end is marked', async () => {
    const state = new MetricsState({ notObservedReasons: ['queue_full'] });
    const text = await openmetrics(state);
    expect(text).toContain('# TYPE pgwitness_not_observed counter\n');
    expect(text).toContain('pgwitness_not_observed_total{reason="queue_full"} 0\n');
    expect(text).toContain('# UNIT pgwitness_statement_duration_seconds seconds\n');
    expect(text.endsWith('\n# EOF\n')).toBe(true);
  });

  test('a bucket names the last execution in it that had a trace', async () => {
    const state = new MetricsState();
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    state.recordStatement(statement({ traceId: '0'.repeat(32), atMs: 1_000 }));
    state.recordStatement(statement({ traceId, atMs: 1_700_000_000_500 }));
    state.recordStatement(statement());
    const lines = (await openmetrics(state)).split('\n').filter((line) => line.includes(' # '));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /le="0\.002"\} 3 # \{trace_id="4bf92f3577b34da6a3ce929d0e0e4736"\} 0\.0015 1700000000\.5$/,
    );
  });

  test.each(['x"} 1\n', 'short', 'a'.repeat(65), '4bf92f35 77b34da6'])('%j is no trace id', async (traceId) => {
    const state = new MetricsState();
    state.recordStatement(statement({ traceId }));
    expect(await openmetrics(state)).not.toContain('trace_id');
  });
});

test('a scrape lets other work in between', async () => {
  const state = new MetricsState({ topSeries: 5 });
  for (const name of ['a', 'b', 'c', 'd', 'e']) state.recordRollup(topDelta(name), 0);
  const exporter = new MetricsExporter(state, {
    // Longer than a slice, so that the scrape must yield whatever the machine.
    summaryOf: () => {
      const end = performance.now() + 3;
      while (performance.now() < end);
      return '';
    },
  });
  open.push(exporter);
  let rendered = false;
  const rendering = exporter.render().then(() => {
    rendered = true;
  });
  let turns = 0;
  while (!rendered) {
    await new Promise((resolve) => setImmediate(resolve));
    if (!rendered) turns++;
  }
  await rendering;
  expect(turns).toBeGreaterThan(0);
});

test('the time of the last mark is exported in seconds', async () => {
  const exporter = new MetricsExporter(new MetricsState(), { lastMarks: () => new Map([['ddl', 1_700_000_000_500]]) });
  open.push(exporter);
  const { value } = parseExposition(await exporter.render());
  expect(value('pgwitness_last_mark_timestamp_seconds', { kind: 'ddl' })).toBe(1_700_000_000.5);
});

test('what did not change is not written anew, and what did is', async () => {
  const state = new MetricsState();
  state.recordStatement(statement());
  const exporter = new MetricsExporter(state);
  open.push(exporter);
  const count = async () =>
    parseExposition(await exporter.render()).value('pgwitness_statement_duration_seconds_count', { source: 'raw' });
  expect(await count()).toBe(1);
  expect(await count()).toBe(1);
  state.recordStatement(statement());
  expect(await count()).toBe(2);
});

test('docs/METRICS.md is what the catalogue makes', () => {
  expect(readFileSync(new URL('../../docs/METRICS.md', import.meta.url), 'utf8')).toBe(metricsDoc());
});
