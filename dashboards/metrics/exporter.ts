// The exposition: MetricsState as text for Prometheus.
// Invariant: every family of the catalogue is rendered, and no other; a scrape changes no counter and holds the loop for SLICE_MS at a time.
// Not here: counting (metrics-state.ts), how a line is written (exposition.ts), serving (http/).

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { packageVersion } from '../../config/version.js';
import {
  CATALOG,
  DURATION_BOUNDS_SECONDS,
  type Family,
  type FamilyName,
  OTHER,
  TRANSACTION_BOUNDS_SECONDS,
} from './catalogue.js';
import { type Format, headerOf, trailerOf } from './exposition.js';
import { FamilyRegistry, type Sample } from './family-registry.js';
import { HistogramLines, type HistogramSeries } from './histogram-lines.js';
import { cleanLabel } from './labels.js';
import type { MetricsState } from './metrics-state.js';
import type { TopSeries } from './top-statements.js';

export interface ExporterOptions {
  /** Summary of a statement from the catalogue, '' while it is not known. Asked at a scrape, until it is known. */
  readonly summaryOf?: (fingerprint: string) => string;
  /** When a mark of each kind was set last, Unix ms. */
  readonly lastMarks?: () => ReadonlyMap<string, number>;
}

const LAG_RESOLUTION_MS = 10;
/** As long as people mostly wait between scrapes: none of them misses a stall. */
const LAG_WINDOW_MS = 15_000;
/** Rendering yields to what waits after this long. */
const SLICE_MS = 2;

export class MetricsExporter {
  readonly #state: MetricsState;
  readonly #summaryOf: (fingerprint: string) => string;
  readonly #lastMarks: () => ReadonlyMap<string, number>;
  readonly #histograms: ReadonlyMap<string, { lines: HistogramLines; series: () => Iterable<HistogramSeries> }>;
  readonly #families: FamilyRegistry;
  #lagBeforeNs = 0;
  #lagSinceMs = performance.now();
  readonly #lag: IntervalHistogram = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });

  constructor(state: MetricsState, options: ExporterOptions = {}) {
    this.#state = state;
    this.#summaryOf = options.summaryOf ?? (() => '');
    this.#lastMarks = options.lastMarks ?? (() => new Map([['manual', 0]]));
    this.#lag.enable();
    const keyOf = new Map(CATALOG.map(({ name, key }) => [name, key]));
    this.#histograms = new Map([
      histogram('statement_duration_seconds', DURATION_BOUNDS_SECONDS, () => state.durations.all),
      histogram('transaction_duration_seconds', TRANSACTION_BOUNDS_SECONDS, () => state.pools.all()),
    ]);
    const small = CATALOG.filter(({ type }) => type !== 'histogram');
    this.#families = new FamilyRegistry(small, (family) => this.#samples(keyOf.get(family.name) as FamilyName));
  }

  /** Each family and each duration series is of one moment; the whole is of as many as it took turns. */
  async render(format: Format = 'text'): Promise<string> {
    let text = '';
    let sliceEnds = performance.now() + SLICE_MS;
    for await (const part of this.#parts(format)) {
      text += part;
      if (performance.now() < sliceEnds) continue;
      await nextTurn();
      sliceEnds = performance.now() + SLICE_MS;
    }
    return text + trailerOf(format);
  }

  close(): void {
    this.#lag.disable();
  }

  async *#parts(format: Format): AsyncGenerator<string> {
    for (const family of CATALOG) {
      const histogram = this.#histograms.get(family.name);
      if (histogram === undefined) {
        yield await this.#families.textOf(family, format);
        continue;
      }
      yield headerOf(family, format);
      // Series that come while a scrape yields are in the next one.
      for (const series of [...histogram.series()]) yield histogram.lines.textOf(series, format);
    }
  }

  #samples(family: FamilyName): Iterable<Sample> {
    const state = this.#state;
    const { relay, supervisor } = state;
    switch (family) {
      case 'statement_duration_seconds':
      case 'transaction_duration_seconds':
        return [];
      case 'exposition_timestamp_seconds':
        return one(Date.now() / 1e3);
      case 'transaction_statements_total':
        return [...state.pools.all()].map(({ statements, labels }) => ({ value: statements, labels }));
      case 'pool_connection_seconds_total':
        return [...state.pools.all()].flatMap(({ milliseconds, labels }) =>
          Object.entries(milliseconds).map(([name, ms]) => ({ value: ms / 1e3, labels: { ...labels, state: name } })),
        );
      case 'idle_in_transaction_longest_seconds':
        return [...state.idleInTransactionLongestMs()].map(([pool, ms]) => ({ value: ms / 1e3, labels: { pool } }));
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
      case 'attribution_revisions_total':
        return one(state.revisions);
      case 'series_overflow_total':
        return Object.entries(state.overflow).map(([label, value]) => ({ value, labels: { label } }));
      case 'event_loop_lag_seconds':
        return byProcess(this.#lagNs(), { relay: relay?.loopLagNs, supervisor: supervisor?.loopLagNs }).map(inSeconds);
      case 'cpu_seconds_total':
        return byProcess(ownCpuNs(), { relay: relay?.cpuNs, supervisor: supervisor?.cpuNs }).map(inSeconds);
      case 'resident_memory_bytes':
        return byProcess(process.memoryUsage.rss(), {
          relay: relay?.residentBytes,
          supervisor: supervisor?.residentBytes,
        });
      case 'relays_connected':
        return one(state.relaysConnected);
      case 'relay_restarts_total':
        return one(supervisor?.relayRestartsTotal ?? 0);
      case 'last_mark_timestamp_seconds':
        return [...this.#lastMarks()].map(([kind, ms]) => ({ value: ms / 1e3, labels: { kind } }));
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
      case 'sessions_opened_total':
        return one(relay.sessionsTotal);
      case 'sessions_adrift_total':
        return one(relay.adriftTotal);
      case 'sessions_opaque_total':
        return one(relay.opaqueTotal);
      case 'connect_errors_total':
        return one(relay.connectErrorsTotal);
      case 'connections_refused_total':
        return [
          { value: relay.refusedConnectionsTotal, labels: { reason: 'max_connections' } },
          { value: relay.refusedPerSourceTotal, labels: { reason: 'max_connections_per_source' } },
          { value: relay.refusedNotLoggedInTotal, labels: { reason: 'not_logged_in' } },
        ];
      case 'observing_paused':
        return one(relay.observingPaused);
      case 'observing_pauses_total':
        return one(relay.observingPausesTotal);
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

  /** One by one: each may ask the store. */
  *#infoSamples(): Generator<Sample> {
    for (const series of this.#state.top.series()) {
      if (series.fingerprint === OTHER) continue;
      if (series.summary === '') series.summary = this.#summaryOf(series.fingerprint);
      yield { value: 1, labels: { ...topLabels(series), summary: cleanLabel(series.summary) } };
    }
  }

  /** Worst delay of the last LAG_WINDOW_MS to twice that. The histogram holds the time between ticks, the interval asked for included. */
  #lagNs(): number {
    const nowMs = performance.now();
    const currentNs = Math.max(0, this.#lag.max - LAG_RESOLUTION_MS * 1e6);
    const worstNs = Math.max(this.#lagBeforeNs, currentNs);
    if (nowMs - this.#lagSinceMs >= LAG_WINDOW_MS) {
      this.#lagBeforeNs = currentNs;
      this.#lagSinceMs = nowMs;
      this.#lag.reset();
    }
    return worstNs;
  }
}

function histogram(key: FamilyName, boundsSeconds: readonly number[], series: () => Iterable<HistogramSeries>) {
  const name: Family['name'] = `pgwitness_${key}`;
  return [name, { lines: new HistogramLines(name, boundsSeconds), series }] as const;
}

function one(value: number): Sample[] {
  return [{ value, labels: {} }];
}

function byProcess(observer: number, others: Record<string, number | undefined>): Sample[] {
  const samples: Sample[] = [{ value: observer, labels: { process: 'observer' } }];
  for (const [process, value] of Object.entries(others)) {
    if (value !== undefined) samples.push({ value, labels: { process } });
  }
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
