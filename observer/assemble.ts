// Puts an observer together from the configuration, for a live link and for a replay alike.
// Not here: processes and links (main.ts), files of recordings (replay.ts).

import { hostname } from 'node:os';
import { UserRules } from '../analyzer/attribution/rules/rule-user.js';
import type { LiveOptions } from '../analyzer/judge.js';
import type { Tail } from '../analyzer/notable/tail.js';
import { Pipeline } from '../analyzer/pipeline.js';
import type { PipelineOptions } from '../analyzer/pipeline-options.js';
import { networkFinder } from '../analyzer/sessions/networks.js';
import type { KnownPool } from '../analyzer/sessions/sessions.js';
import type { Config } from '../config/config.js';
import { limits } from '../config/limits.js';
import type { Log } from '../config/log.js';
import { poolNamer } from '../config/pool-names.js';
import { MetricsState } from '../dashboards/metrics/state/metrics-state.js';
import type { Identity } from '../facts/fleet/identity.js';
import { LOSS_REASONS } from '../proxy/stream/observation.js';
import type { ParameterKey } from '../proxy/stream/parameters.js';
import type { StoredFacts } from '../storage/reading/stored-facts.js';
import { openReader } from '../storage/sqlite/read/reader.js';
import { openSqliteStore, type SqliteStore } from '../storage/sqlite/sqlite-store.js';
import { STORE_REFUSED } from '../storage/store.js';
import { type ExpectedRelays, Relays } from './accounts/relays.js';
import type { BypassSampler } from './bypass-sampler.js';
import { MigrationLog } from './migration-log.js';
import { Observer } from './observer.js';
import type { PlanCollector } from './plan-collector.js';

/** The part of the configuration that the observer needs. */
export type ObserverConfig = Pick<
  Config,
  | 'dataDir'
  | 'rules'
  | 'pools'
  | 'clientNetworks'
  | 'findings'
  | 'dimensionKeys'
  | 'contextKeys'
  | 'retention'
  | 'topSeries'
  | 'service'
  | 'environment'
  | 'instance'
>;

/** The part that may change while an observer runs. */
export type LiveConfig = Pick<ObserverConfig, 'rules' | 'clientNetworks' | 'findings'>;

export interface Assembled {
  observer: Observer;
  pipeline: Pipeline;
  /** Drawn for this process. */
  parameterKey: ParameterKey;
  store: SqliteStore;
  metrics: MetricsState;
  identity: Identity;
}

const HOUR_MS = 3_600_000;

/** Throws StoreError when the data directory cannot be used. */
export async function assemble(
  config: ObserverConfig,
  parts: {
    log: Log;
    acknowledge: (relayId: string, sequence: number) => void;
    relays: ExpectedRelays;
    plans?: PlanCollector;
    bypass?: BypassSampler;
    tail?: Tail;
    /** False for a recording, whose time passes in jumps. */
    watchesClock?: boolean;
  },
): Promise<Assembled> {
  const { log } = parts;
  const metrics = new MetricsState({
    notObservedReasons: [...LOSS_REASONS, STORE_REFUSED],
    topSeries: config.topSeries,
  });
  const { retention } = config;
  let observer: Observer | undefined;
  const migration = new MigrationLog(log);
  const store = openSqliteStore({
    dataDir: config.dataDir,
    retention: {
      minutesKeptHours: retention.minutesMs / HOUR_MS,
      hoursKeptDays: retention.hoursMs / (24 * HOUR_MS),
      daysKeptDays: retention.daysMs / (24 * HOUR_MS),
      bytesMax: retention.bytesMax,
    },
    onMovedAside(path, reason) {
      log.error('the database was damaged: it was moved aside, and a new one was begun', { path, reason });
      observer?.storeBeganAnew();
    },
    onMigrating: (step) => migration.begins(step),
  });
  migration.ended();
  try {
    const { acknowledge, plans, bypass, tail, watchesClock } = parts;
    const parameterKey = drawKey();
    const pipeline = await loadPipeline(config, { counted: metrics, plans, tail, parameterKey });
    const relays = new Relays(parts.relays);
    const identity = identityOf(config);
    observer = new Observer({
      pipeline,
      store,
      relays,
      health: metrics,
      log,
      acknowledge,
      plans,
      bypass,
      watchesClock,
      identity,
    });
    return { observer, pipeline, parameterKey, store, metrics, identity };
  } catch (error) {
    store.close();
    throw error;
  }
}

async function loadPipeline(
  config: ObserverConfig,
  told: Pick<PipelineOptions, 'counted' | 'plans' | 'tail' | 'parameterKey'>,
): Promise<Pipeline> {
  const context = new Set(config.contextKeys);
  const pipeline = await Pipeline.load({
    limits,
    dimensionKeys: new Set(config.dimensionKeys.filter((key) => !context.has(key))),
    ...liveOptions(config),
    nameOfPool: poolNamer(config.pools),
    ...told,
  });
  pipeline.sessions.knowPools(storedPools(config.dataDir));
  return pipeline;
}

function drawKey(): ParameterKey {
  const [low, high] = crypto.getRandomValues(new Int32Array(2));
  return [low, high];
}

/** Throws UsageError for a rule that cannot be used. */
export function liveOptions({ rules, clientNetworks, findings }: LiveConfig): LiveOptions {
  return { rules: new UserRules(rules), networkOf: networkFinder(clientNetworks), findings };
}

/** An instance is its data directory: without a name it keeps the one that it had, on whatever host it runs now. */
function identityOf({ service, environment, instance, dataDir }: ObserverConfig): Identity {
  if (instance !== '') return { service, environment, instance };
  const stored = readStored(dataDir, (stored) => stored.identities()[0]);
  return { service, environment, instance: stored?.instance || hostname() };
}

function storedPools(dataDir: string): KnownPool[] {
  return readStored(dataDir, (stored) => stored.poolRecords()).map(({ application_name, ...pool }) => ({
    ...pool,
    applicationName: application_name,
  }));
}

function readStored<T>(dataDir: string, work: (stored: StoredFacts) => T): T {
  const reader = openReader(dataDir);
  try {
    return reader.read(work);
  } finally {
    reader.close();
  }
}
