// An observer without a process: real pipeline and holders, and a store that a test can fail.
// Invariant: the store keeps what it took as the product's does: counts are added, totals are maxima, states replace
// one another.

import { UserRules } from '../../analyzer/attribution/rules/rule-user.js';
import type { Tail } from '../../analyzer/notable/tail.js';
import { Pipeline } from '../../analyzer/pipeline.js';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import type { BypassSample, Flush, PlanRow, StoredSession } from '../../facts/flush.js';
import { LogHistogram } from '../../facts/histogram.js';
import type { Pending } from '../../facts/pending.js';
import { Relays } from '../../observer/accounts/relays.js';
import { Observer } from '../../observer/observer.js';
import {
  emptyStatement,
  type Observation,
  type SessionOpened,
  type SessionReady,
  type StatementObservation,
} from '../../proxy/stream/observation.js';
import type { RefusedRows, Store, UnstoredNote } from '../../storage/store.js';
import { StoreError } from '../../storage/store-error.js';
import type { StoringHealth } from '../../storage/storing-health.js';

export const RELAY = 'relay-1';
export const T0 = 1_800_000_000_000;

type Rows = readonly unknown[];
export type FlushedParts = Readonly<Record<string, Rows>>;

/** The rows of each part, as plain values that no later change reaches. */
function copyOf({ atMs: _, ...parts }: Flush): FlushedParts {
  return Object.fromEntries(Object.entries(parts).map(([name, rows]) => [name, plain([...rows])]));
}

function plain(rows: Rows): Rows {
  return JSON.parse(
    JSON.stringify(rows, (_key, value) => {
      if (value instanceof LogHistogram) return { count: value.count };
      return value instanceof Map ? [...value] : value;
    }),
  ) as Rows;
}

/** Remembers each flush it was given, also those that it refused. */
export class FailingStore implements Store {
  readonly given: FlushedParts[] = [];
  readonly taken: FlushedParts[] = [];
  failures = 0;
  /** Runs within the next flush, before it is taken. */
  within: (() => void) | undefined;

  /** What the next flush gives up. */
  refused: RefusedRows | undefined;

  flush(flush: Flush): RefusedRows | undefined {
    const parts = copyOf(flush);
    this.given.push(parts);
    this.within?.();
    this.within = undefined;
    if (this.failures > 0) {
      this.failures--;
      throw new StoreError('full', 'no space is left', { hint: 'make room' });
    }
    this.taken.push(parts);
    const { refused } = this;
    this.refused = undefined;
    return refused;
  }

  lastSequence(): number {
    return 0;
  }

  countedRequests(): [] {
    return [];
  }

  /** Open sessions of an earlier observer. */
  sessions: StoredSession[] = [];

  openSessions(): StoredSession[] {
    return this.sessions;
  }

  takeOrphanSessions(): StoredSession[] {
    return [];
  }

  closeOrphanRelays(): [] {
    return [];
  }

  noted: UnstoredNote | undefined;
  /** What the metrics are told. */
  readonly notObserved: Record<string, number> = {};
  health: StoringHealth | undefined;

  noteUnstored(note: UnstoredNote | undefined): void {
    this.noted = note;
  }

  /** Words of readers that met damage. */
  readonly damage: string[] = [];

  lookForDamage(reported: string): void {
    this.damage.push(reported);
  }

  upkeepFailures = 0;

  maintain(): boolean {
    this.turnsOfUpkeep++;
    if (this.upkeepFailures-- > 0) throw new StoreError('io', 'the disk fails', { hint: 'mend it' });
    return this.isBehind;
  }

  /** Upkeep is behind. */
  isBehind = false;
  turnsOfUpkeep = 0;

  goOn(): boolean {
    this.turnsOfUpkeep++;
    return this.isBehind;
  }

  /** Times that it was asked to write out some of its journal. */
  turnsOfJournal = 0;

  writeOut(): undefined {
    this.turnsOfJournal++;
  }

  writeOutAll(): [] {
    return [];
  }

  close(): void {}
}

export interface Observing {
  observer: Observer;
  pipeline: Pipeline;
  store: FailingStore;
  plans: PlanRow[];
  bypass: BypassSample[];
  acknowledged: number[];
}

export const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => SILENT, setLevel() {} };

/** What a collector would have: added to by the test. */
class Listed<Row> implements Pending<Row> {
  readonly rows: Row[] = [];
  pending(): readonly Row[] {
    return this.rows;
  }
  stored(): void {
    this.rows.length = 0;
  }
}

export async function startObserving({ tail }: { tail?: Tail } = {}): Promise<Observing> {
  const store = new FailingStore();
  const plans = new Listed<PlanRow>();
  const bypass = new Listed<BypassSample>();
  const acknowledged: number[] = [];
  const pipeline = await Pipeline.load({
    limits,
    dimensionKeys: new Set(['route']),
    rules: new UserRules([]),
    networkOf: () => '',
    counted: { recordStatement() {} },
    tail,
  });
  const health = {
    setPoolConnections() {},
    recordPool() {},
    setNotObserved(reason: string, total: number) {
      store.notObserved[reason] = total;
    },
    setRevisions() {},
    setStoring(health: StoringHealth) {
      store.health = health;
    },
    setRelayStatus() {},
    setRelaysConnected() {},
    recordRollup() {},
    recordRequests() {},
  };
  const observer = new Observer({
    pipeline,
    store,
    relays: new Relays({ count: 1, ended: {} }),
    health,
    log: SILENT,
    plans,
    bypass,
    acknowledge: (_relayId, sequence) => acknowledged.push(sequence),
  });
  return { observer, pipeline, store, plans: plans.rows, bypass: bypass.rows, acknowledged };
}

export function opened(sessionId: number, atMs = T0): Observation[] {
  const open: SessionOpened = {
    kind: 'session-opened',
    sessionId,
    openedAtMs: atMs,
    resumed: false,
    clientAddress: '127.0.0.1',
    protocolVersion: 196_608,
    startup: [
      ['user', 'app'],
      ['database', 'shop'],
    ],
  };
  const ready: SessionReady = {
    kind: 'session-ready',
    sessionId,
    serverVersion: '17.0',
    applicationName: '',
    clientEncoding: 'UTF8',
    serverTimeZone: 'Etc/UTC',
    backslashEscapes: false,
    backendPid: sessionId,
    transactionStatus: 'I',
    transactionSinceMs: atMs,
  };
  return [open, ready];
}

export function statement(
  sql: string,
  parts: Partial<StatementObservation> & Pick<StatementObservation, 'sessionId' | 'completedAtMs'>,
): Observation {
  return {
    ...emptyStatement(),
    text: Buffer.from(sql),
    completions: [{ command: 'SELECT', rows: 1 }],
    serviceNs: 150_000,
    transactionBefore: 'I',
    transactionAfter: 'I',
    ...parts,
  };
}
