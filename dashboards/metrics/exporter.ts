// The exposition: MetricsState as Prometheus text, by a prom-client registry of our own. The only door to prom-client.
// Invariant: every family of the catalogue is rendered, and no other; a scrape changes no counter.
// Not here: counting (metrics-state.ts), serving (http/).

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { type Metric, Registry } from 'prom-client';
import { packageVersion } from '../../config/version.js';
import { CATALOG, DURATION_BOUNDS_SECONDS, type FamilyName, OTHER } from './catalog.js';
import type { DurationSeries } from './duration-series.js';
import { cleanLabel } from './labels.js';
import type { MetricsState } from './metrics-state.js';
import type { TopSeries } from './top-statements.js';

interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Where it differs from the family's name. */
  readonly metricName?: string;
  /** prom-client formats these once per object. */
  readonly sharedLabels?: object;
}

export interface ExporterOptions {
  /** Summary of a statement from the catalogue, '' while it is not known. Asked at a scrape, until it is known. */
  readonly summaryOf?: (fingerprint: string) => string;
}

const LAG_RESOLUTION_MS = 10;

export class MetricsExporter {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #state: MetricsState;
  readonly #summaryOf: (fingerprint: string) => string;
  readonly #lag: IntervalHistogram = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });

  constructor(state: MetricsState, options: ExporterOptions = {}) {
    this.#state = state;
    this.#summaryOf = options.summaryOf ?? (() => '');
    this.contentType = this.#registry.contentType;
    this.#lag.enable();
    for (const family of CATALOG) {
      const { name, help, type } = family;
      const get = async () => ({ name, help, type, aggregator: 'sum', values: this.#samples(family.key) });
      // The registry asks a metric for nothing but this; prom-client's own classes would keep a second copy of every value.
      this.#registry.registerMetric({ name, help, type, get, reset() {} } as unknown as Metric);
    }
  }

  /** Prometheus text format 0.0.4. */
  async render(): Promise<string> {
    return this.#registry.metrics();
  }

  close(): void {
    this.#lag.disable();
  }

  #samples(family: FamilyName): Sample[] {
    const state = this.#state;
    const { relay } = state;
    switch (family) {
      case 'statement_duration_seconds':
        return state.durations.all.flatMap(histogramSamples);
      case 'statements_total':
        return [...state.statements].flatMap(([source, byConfidence]) =>
          [...byConfidence].map(([confidence, value]) => ({ value, labels: { source, confidence } })),
        );
      case 'statement_seconds_total':
        return [...state.serviceNsBySource].map(([source, ns]) => ({ value: ns / 1e9, labels: { source } }));
      case 'top_statement_executions_total':
        return [...state.top.series()].map((series) => ({ value: series.executions, labels: topLabels(series) }));
      case 'top_statement_errors_total':
        return [...state.top.series()].map((series) => ({ value: series.errors, labels: topLabels(series) }));
      case 'top_statement_seconds_total':
        return [...state.top.series()].map((series) => ({ value: series.serviceNs / 1e9, labels: topLabels(series) }));
      case 'statement_info':
        return this.#infoSamples();
      case 'pool_connections':
        return [...state.poolConnections()].flatMap(([pool, counts]) =>
          Object.entries(counts).map(([name, value]) => ({ value, labels: { pool, state: name } })),
        );
      case 'not_observed_total':
        return [...state.notObserved].map(([reason, value]) => ({ value, labels: { reason: cleanLabel(reason) } }));
      case 'opaque_session_seconds_total':
        return one(60 * state.opaqueSessionMinutes);
      case 'series_overflow_total':
        return Object.entries(state.overflow).map(([label, value]) => ({ value, labels: { label } }));
      case 'event_loop_lag_seconds':
        return byProcess(relay?.loopLagNs, this.#takeLagNs()).map(inSeconds);
      case 'cpu_seconds_total':
        return byProcess(relay?.cpuNs, ownCpuNs()).map(inSeconds);
      case 'resident_memory_bytes':
        return byProcess(relay?.residentBytes, process.memoryUsage.rss());
      case 'build_info':
        return [{ value: 1, labels: { version: packageVersion(), node: process.versions.node } }];
    }
    if (relay === undefined) return [];
    switch (family) {
      case 'sessions': {
        const { sessionsAdrift: adrift, sessionsOpaque: opaque } = relay;
        const counts = { tracked: Math.max(0, relay.sessionsOpen - adrift - opaque), adrift, opaque };
        return Object.entries(counts).map(([name, value]) => ({ value, labels: { state: name } }));
      }
      case 'sessions_total':
        return one(relay.sessionsTotal);
      case 'sessions_adrift_total':
        return one(relay.adriftTotal);
      case 'sessions_opaque_total':
        return one(relay.opaqueTotal);
      case 'connect_errors_total':
        return one(relay.connectErrorsTotal);
      case 'forwarded_bytes_total':
        return [
          { value: relay.clientBytesTotal, labels: { from: 'client' } },
          { value: relay.serverBytesTotal, labels: { from: 'server' } },
        ];
      case 'link_queue_bytes':
        return one(relay.queueBytes);
      case 'observer_restarts_total':
        return one(relay.observerRestartsTotal);
    }
  }

  #infoSamples(): Sample[] {
    const samples: Sample[] = [];
    for (const series of this.#state.top.series()) {
      if (series.fingerprint === OTHER) continue;
      if (series.summary === '') series.summary = this.#summaryOf(series.fingerprint);
      samples.push({ value: 1, labels: { ...topLabels(series), summary: cleanLabel(series.summary) } });
    }
    return samples;
  }

  /** Worst delay since the last scrape. The histogram holds the time between ticks, the interval asked for included. */
  #takeLagNs(): number {
    const ns = Math.max(0, this.#lag.max - LAG_RESOLUTION_MS * 1e6);
    this.#lag.reset();
    return ns;
  }
}

const BUCKET = 'pgwitness_statement_duration_seconds_bucket';

function histogramSamples(series: DurationSeries): Sample[] {
  const sharedLabels = series.labels;
  const samples: Sample[] = [];
  let cumulative = 0;
  for (const [index, bound] of DURATION_BOUNDS_SECONDS.entries()) {
    cumulative += series.counts[index];
    samples.push({ metricName: BUCKET, value: cumulative, labels: { le: String(bound) }, sharedLabels });
  }
  samples.push({ metricName: BUCKET, value: series.count, labels: { le: '+Inf' }, sharedLabels });
  const sum = 'pgwitness_statement_duration_seconds_sum';
  samples.push({ metricName: sum, value: series.sumNs / 1e9, labels: {}, sharedLabels });
  samples.push({
    metricName: 'pgwitness_statement_duration_seconds_count',
    value: series.count,
    labels: {},
    sharedLabels,
  });
  return samples;
}

function one(value: number): Sample[] {
  return [{ value, labels: {} }];
}

function byProcess(relay: number | undefined, observer: number): Sample[] {
  const samples: Sample[] = [{ value: observer, labels: { process: 'observer' } }];
  if (relay !== undefined) samples.push({ value: relay, labels: { process: 'relay' } });
  return samples;
}

function topLabels({ source, fingerprint }: TopSeries): { source: string; fingerprint: string } {
  return { source, fingerprint };
}

function inSeconds(sample: Sample): Sample {
  return { ...sample, value: sample.value / 1e9 };
}

function ownCpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1_000;
}
