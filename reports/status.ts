// The state of a store: what it holds, and how complete it is.
// Invariant: numbers come from one snapshot. Not here: whether the observer runs now (the HTTP API knows).

import { resolve } from 'node:path';
import { MINUTE_MS } from '../config/values/minute.js';
import type { Observed, Window } from '../facts/answers.js';
import { SCHEMA_VERSION } from '../storage/sqlite/file/schema.js';
import { observedIn } from '../storage/sqlite/read/query-observed.js';
import type { Reader } from '../storage/sqlite/read/reader.js';
import { spanOf, type TimeBounds } from '../storage/sqlite/read/span.js';

export interface RelayStatusFacts {
  relayId: string;
  lastSequence: number;
  /** When a batch of it was stored last. */
  updatedMs: number;
}

export interface StatusReport {
  window: Window;
  observed: Observed;
  relays: RelayStatusFacts[];
  sessionsOpen: number;
  /** Distinct fingerprints in the catalogue. */
  statementsKnown: number;
  poolsKnown: number;
  /** Counters that the observer keeps, by name. */
  counters: Map<string, number>;
  schemaVersion: number;
  /** Since when the store takes nothing; null while it does. */
  unstoredSinceMs: number | null;
  /** Absolute. */
  dataDirectory: string;
  databaseBytes: number;
  /** Of the write-ahead log, which grows while a reader holds an old snapshot. */
  logBytes: number;
  /** Start of the first and of the last minute with anything in it; null while there is none. */
  firstMinuteMs: number | null;
  lastMinuteMs: number | null;
}

const RELAYS = `SELECT relay_id AS relayId, last_sequence AS lastSequence, updated_ms AS updatedMs
  FROM relay_progress ORDER BY updated_ms DESC`;
const TOTALS = `SELECT (SELECT count(*) FROM open_session) AS sessionsOpen,
  (SELECT count(*) FROM statement) AS statementsKnown,
  (SELECT count(*) FROM pool) AS poolsKnown,
  (SELECT first_min * 60000 FROM fold_state) AS firstMinuteMs, (SELECT last_min * 60000 FROM fold_state) AS lastMinuteMs`;

type Totals = Pick<StatusReport, 'sessionsOpen' | 'statementsKnown' | 'poolsKnown' | 'firstMinuteMs' | 'lastMinuteMs'>;

/** Throws StoreError, and RangeError for a window that ends before it starts. */
export function reportStatus(reader: Reader, bounds: TimeBounds = {}): StatusReport {
  return reader.read((rows) => {
    const span = spanOf(rows, bounds);
    const counters = rows.all<{ name: string; value: number }>('SELECT name, value FROM counter ORDER BY name');
    return {
      window: span.window,
      observed: observedIn(rows, span, reader.unstoredSinceMs),
      relays: rows.all<RelayStatusFacts>(RELAYS),
      ...rows.get<Totals>(TOTALS)!,
      counters: new Map(counters.map(({ name, value }) => [name, value])),
      schemaVersion: SCHEMA_VERSION,
      unstoredSinceMs: reader.unstoredSinceMs ?? null,
      dataDirectory: resolve(reader.dataDir),
      ...reader.sizes(),
    };
  });
}

/** From the first to the last minute with anything in it; undefined while there is none. */
export function recordedWindow(status: Pick<StatusReport, 'firstMinuteMs' | 'lastMinuteMs'>): Window | undefined {
  const { firstMinuteMs, lastMinuteMs } = status;
  if (firstMinuteMs === null || lastMinuteMs === null) return undefined;
  return { sinceMs: firstMinuteMs, untilMs: lastMinuteMs + MINUTE_MS };
}
