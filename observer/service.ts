// The running observer: store, HTTP and flushing, for any number of links to relays.
// Invariant: each relay is acknowledged on its own link; what the links brought is stored before the service ends.
// Not here: where links come from (main.ts, link-server.ts), the steps of a statement (pipeline.ts).

import type { Duplex } from 'node:stream';
import { Tail } from '../analyzer/notable/tail.js';
import type { Config } from '../config/config.js';
import type { Log } from '../config/log.js';
import { readToken } from '../config/token.js';
import { MetricsExporter } from '../dashboards/metrics/exporter.js';
import { markFinder } from '../dashboards/metrics/mark-finder.js';
import { summaryFinder } from '../dashboards/metrics/summary-finder.js';
import { type HttpThreadOptions, startHttpThread } from '../dashboards/threads/http-thread.js';
import { parseDsn } from '../postgres/dsn.js';
import type { SupervisorStatus } from '../proxy/supervisor/messages.js';
import { openReader } from '../storage/sqlite/read/reader.js';
import { assemble, type LiveConfig, liveOptions } from './assemble.js';
import { holdCpuShare } from './intake/cpu-share.js';
import { Intake } from './intake/intake.js';
import { LinkGate } from './intake/link-gate.js';
import { PlanCollector } from './plan-collector.js';
import { type RecordedRelay, Recorder } from './recording.js';
import type { ExpectedRelays } from './relays.js';

export interface ObserverService {
  /** Takes a relay's link; resolves when it ended. */
  take(link: Duplex): Promise<void>;
  /** From now on these rules and networks judge; nothing that was counted changes. */
  reconfigure(changed: LiveConfig): void;
  /** One of several relays ended without a word. */
  relayDied(relayId: string, atMs: number): void;
  /** What the supervisor of several relays says of itself. */
  supervisor(status: SupervisorStatus): void;
  /** A last flush, then everything is closed. Links are the caller's. */
  stop(): Promise<void>;
}

export interface ObserverHow {
  log: Log;
  /** How often an observer of this run was started before: each records into a file of its own, because one may end in a torn frame. */
  restarts: number;
  relays: ExpectedRelays;
  /** Where HTTP is to be answered, when it is begun already. */
  httpWorker?: HttpThreadOptions['worker'];
}

/** Throws StoreError, UsageError or the system's error when it cannot work. */
export async function startObserver(
  config: Config,
  { log, restarts, relays, httpWorker }: ObserverHow,
): Promise<ObserverService> {
  const intakes = new Set<Intake>();
  const plans = planCollectorOf(config, log);
  const tail = new Tail();
  const { observer, pipeline, store, metrics } = await assemble(config, {
    log,
    relays,
    plans,
    tail,
    acknowledge: (relayId, sequence) => {
      for (const intake of intakes) if (intake.relayId === relayId) intake.acknowledge(sequence);
    },
  });
  const reader = openReader(config.dataDir);
  const exporter = new MetricsExporter(metrics, { summaryOf: summaryFinder(reader), lastMarks: markFinder(reader) });
  const token = config.httpTokenFile === '' ? '' : readToken(config.httpTokenFile, '--http-token-file');
  const { http: address, dataDir, logLevel } = config;
  const tailWithTexts = {
    batchAfter(sequence: number, nowMs: number) {
      const texts = new Map<string, string>();
      for (const { fingerprint, query } of pipeline.catalogue.pending()) texts.set(fingerprint, query);
      return { ...tail.batchAfter(sequence, nowMs), texts };
    },
  };
  const http = await startHttpThread({
    address,
    token,
    dataDir,
    logLevel,
    metrics: exporter,
    tail: tailWithTexts,
    log,
    worker: httpWorker,
  });
  const recorder =
    config.recordFile === ''
      ? undefined
      : new Recorder(restarts === 0 ? config.recordFile : `${config.recordFile}.${restarts}`, (error) =>
          log.error('recording ended', { error: error.message }),
        );
  const flushing = setInterval(() => {
    if (observer.flush(Date.now())) return;
    for (const intake of intakes) intake.heartbeat();
  }, config.flushIntervalMs);
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
      const gate = new LinkGate(link);
      const recorded: RecordedRelay = {};
      const intake = new Intake({
        link,
        gate,
        target: observer,
        log,
        record: recorder && ((kind, body) => recorder.frame(recorded, { kind, body })),
        configure: (changed) => reconfigure(changed as LiveConfig),
      });
      intakes.add(intake);
      const release = holdCpuShare(gate, config.observerCpuShare);
      await intake.ended;
      release();
      intakes.delete(intake);
      // The relay counts what is not acknowledged as lost, so it is stored before the end is.
      observer.flush(Date.now());
    },
    async stop() {
      clearInterval(flushing);
      plans?.stop();
      await http.close();
      observer.flush(Date.now());
      recorder?.close();
      exporter.close();
      reader.close();
      store.close();
      log.info('observer ended');
    },
  };
}

/** Only where the user named a server to ask. Throws UsageError for an address that cannot be read. */
function planCollectorOf({ samplesDsn }: Config, log: Log): PlanCollector | undefined {
  if (samplesDsn === '') return undefined;
  return new PlanCollector(parseDsn(samplesDsn, { where: '--samples-dsn', env: process.env }), log);
}
