// Runs an observer: store, HTTP and flushing, for any number of links to relays.
// Invariant: what the links brought is stored before the service ends. Not here: where links come from (main.ts,
// link-server.ts), the steps of a statement (analyzer/pipeline.ts).

import type { Duplex } from 'node:stream';
import { activityOf } from '../analyzer/activity.js';
import { Tail } from '../analyzer/notable/tail.js';
import type { Pipeline } from '../analyzer/pipeline.js';
import type { Config } from '../config/config.js';
import type { Log } from '../config/log.js';
import { readToken } from '../config/token.js';
import { STORE_UNUSABLE } from '../config/values/errors.js';
import { MetricsExporter } from '../dashboards/metrics/exporter.js';
import { findingCounter } from '../dashboards/metrics/finding-counter.js';
import { LedgerPlaces } from '../dashboards/metrics/ledger-places.js';
import { markFinder } from '../dashboards/metrics/mark-finder.js';
import type { MetricsState } from '../dashboards/metrics/state/metrics-state.js';
import { summaryFinder } from '../dashboards/metrics/summary-finder.js';
import { type HttpThreadOptions, startHttpThread } from '../dashboards/threads/http-thread.js';
import { parseDsn } from '../own-queries/dsn.js';
import type { SupervisorStatus } from '../proxy/supervisor/messages.js';
import { openReader, type Reader } from '../storage/sqlite/read/reader.js';
import type { SqliteStore } from '../storage/sqlite/sqlite-store.js';
import { StoreError } from '../storage/store-error.js';
import type { ExpectedRelays } from './accounts/relays.js';
import { assemble, type LiveConfig, liveOptions } from './assemble.js';
import { BypassSampler } from './bypass-sampler.js';
import { ObserverLinks } from './observer-links.js';
import { PlanCollector } from './plan-collector.js';
import { Recorder } from './recording.js';
import { type ShipThread, shipThreadOf } from './shipping/ship-thread.js';

export interface ObserverService {
  /** Takes a relay's link; resolves when it ended. */
  take(link: Duplex): Promise<void>;
  /** Judges later statements by these rules and networks; nothing that was counted changes. */
  reconfigure(changed: LiveConfig): void;
  /** One of several relays was killed or crashed. */
  relayDied(relayId: string, atMs: number): void;
  /** Takes the status of the supervisor of several relays. */
  supervisor(status: SupervisorStatus): void;
  /**
   * Flushes a last time and closes everything but the links, which are the caller's. `linksWereClosed`: by the
   * caller, not by their relays. Resolves with false when counts were lost that the store did not take.
   */
  stop(options?: { linksWereClosed: boolean }): Promise<boolean>;
}

export interface ServiceOptions {
  log: Log;
  /** Number of observers of this run before this one. */
  restarts: number;
  relays: ExpectedRelays;
  /** The thread for HTTP, when it was started already. */
  httpWorker?: HttpThreadOptions['worker'];
}

/** A turn takes some 15 ms of it. What a minute of 20,000 statements left in the journal is written within 15 s. */
const TURN_EVERY_MS = 125;
const LEDGER_LOOKED_AT_MS = 5_000;
/** The relay gives the observer ten seconds to end. */
const SHIP_AT_END_MS = 4_000;

/** Throws StoreError, UsageError or the system's error when it cannot work. */
export async function startObserver(config: Config, options: ServiceOptions): Promise<ObserverService> {
  const { log, restarts, relays, httpWorker } = options;
  const links = new ObserverLinks();
  const plans = planCollectorOf(config, log);
  const bypass = samplerOf(config, log);
  const tail = new Tail();
  const acknowledge = (relayId: string, sequence: number) => links.acknowledge(relayId, sequence);
  const assembled = await assemble(config, { log, relays, plans, bypass, tail, acknowledge });
  const { observer, pipeline, parameterKey, store, metrics, identity } = assembled;
  const reader = openReader(config.dataDir);
  bypass?.begin(() => reader.read((stored) => stored.openSessions()));
  const exporter = exporterOf(metrics, reader);
  const lookingAtLedger = lookAtLedger(config, metrics, log);
  const http = await startHttpThread({
    address: config.http,
    hosts: config.httpHosts,
    token: config.httpTokenFile === '' ? '' : readToken(config.httpTokenFile, '--http-token-file'),
    dataDir: config.dataDir,
    files: { ledger: config.ledger, code: config.code },
    logLevel: config.logLevel,
    metrics: exporter,
    onCounted: (counts) => metrics.http.add(counts),
    live: liveAnswers(tail, pipeline),
    onDamage: (reason) => observer.damageMet(reason),
    log,
    worker: httpWorker,
  });
  const recorder = recorderOf(config, { log, restarts });
  const flushing = setInterval(() => {
    if (!observer.flush(Date.now())) links.heartbeat();
    http.tellUnstored(observer.unstoredSinceMs);
    if (observer.isStuck) endStuck(log);
  }, config.flushIntervalMs);
  const turning = setInterval(() => observer.turn(Date.now()), TURN_EVERY_MS);
  const ship = shipThreadOf(config, { identity, onStatus: (status) => metrics.setShipping(status), log });
  log.info('observing', { data: config.dataDir, http: `${http.address.host}:${http.address.port}` });
  const reconfigure = (changed: LiveConfig): void => {
    pipeline.reconfigure(liveOptions(changed));
    log.info('rules taken', { rules: changed.rules.length, networks: changed.clientNetworks.length });
  };
  return {
    reconfigure,
    relayDied: (relayId, atMs) => observer.relayDied(relayId, atMs),
    supervisor: (status) => metrics.setSupervisor(status),
    async take(link) {
      const cpuShare = {
        share: config.observerCpuShare,
        otherThreads: () => [...http.threads, ...(ship?.threads ?? [])],
      };
      await links.take(link, { target: observer, parameterKey, log, recorder, reconfigure, cpuShare });
      // The relay counts what is not acknowledged as lost, so everything is stored before the link's end is answered.
      observer.flush(Date.now());
    },
    async stop({ linksWereClosed } = { linksWereClosed: false }) {
      for (const timer of [flushing, turning, lookingAtLedger]) clearInterval(timer);
      plans?.stop();
      bypass?.stop();
      await http.close();
      const stored = observer.lastFlush(Date.now(), { linksWereClosed });
      await endShipping(ship, store);
      recorder?.close();
      exporter.close();
      reader.close();
      store.close();
      log.info('observer ended', { stored });
      return stored;
    },
  };
}

function lookAtLedger(config: Config, metrics: MetricsState, log: Log): NodeJS.Timeout {
  const ledger = new LedgerPlaces(config.ledger, { table: metrics.migration, log });
  ledger.look();
  return setInterval(() => ledger.look(), LEDGER_LOOKED_AT_MS);
}

function exporterOf(metrics: MetricsState, reader: Reader): MetricsExporter {
  return new MetricsExporter(metrics, {
    summaryOf: summaryFinder(reader),
    lastMarks: markFinder(reader),
    findings: findingCounter(reader, Date.now()),
  });
}

/** The minutes that are not over are shipped too: a pod's disk may go with it. */
async function endShipping(ship: ShipThread | undefined, store: SqliteStore): Promise<void> {
  if (ship === undefined) return;
  try {
    store.endMinutes();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
  await ship.end(SHIP_AT_END_MS);
}

/** As a kill -9: what was not acknowledged the relay counts, and it starts another observer. */
function endStuck(log: Log): never {
  log.error('a lock of the database cannot be given back: this observer ends, another one is started');
  process.exit(STORE_UNUSABLE);
}

/** What goes on now and went on last, with the texts that the store does not have yet. */
function liveAnswers(tail: Tail, { sessions, judge, catalogue }: Pipeline): HttpThreadOptions['live'] {
  return (question, nowMs) => {
    const texts = new Map<string, string>();
    for (const { fingerprint, query } of catalogue.pending()) texts.set(fingerprint, query);
    if (question.of === 'tail') return { ...tail.batchAfter(question.after, nowMs), texts };
    return { ...activityOf(sessions.all(), { judge, nowMs }), texts };
  };
}

/** An observer that was started again records into a file of its own: the earlier one may end in a torn frame. */
function recorderOf(
  { recordFile }: Config,
  { log, restarts }: Pick<ServiceOptions, 'log' | 'restarts'>,
): Recorder | undefined {
  if (recordFile === '') return undefined;
  const file = restarts === 0 ? recordFile : `${recordFile}.${restarts}`;
  return new Recorder(file, (error) => log.error('recording ended', { error: error.message }));
}

/** Undefined where the user named no server. Throws UsageError for an address that cannot be read. */
function planCollectorOf({ samplesDsn }: Config, log: Log): PlanCollector | undefined {
  if (samplesDsn === '') return undefined;
  return new PlanCollector(parseDsn(samplesDsn, { where: '--samples-dsn', env: process.env }), log);
}

/** As planCollectorOf. */
function samplerOf({ bypassDsn }: Config, log: Log): BypassSampler | undefined {
  if (bypassDsn === '') return undefined;
  return new BypassSampler(parseDsn(bypassDsn, { where: '--bypass-dsn', env: process.env }), log);
}
