// The state of a store: what it holds, and how complete it is.
// Invariant: numbers come from one snapshot. Not here: whether the observer runs now (the HTTP API knows).

import { MINUTE_MS } from '../config/values/minute.js';
import type { Observed, Window } from '../facts/answers.js';
import type { StoredShipping } from '../facts/fleet/shipping-status.js';
import { observedIn } from '../storage/reading/observed.js';
import type { RelayState } from '../storage/reading/other-rows.js';
import { spanOf, type TimeBounds } from '../storage/reading/span.js';
import type { StoreReader } from '../storage/reading/stored-facts.js';

export interface StatusReport {
  window: Window;
  observed: Observed;
  relays: RelayState[];
  sessionsOpen: number;
  /** Distinct fingerprints in the catalogue. */
  statementsKnown: number;
  poolsKnown: number;
  /** Counters that the observer keeps, by name. */
  counters: Map<string, number>;
  schemaVersion: number;
  /** Since when the store takes nothing; null while it does. */
  unstoredSinceMs: number | null;
  /** undefined = nothing is shipped to the store of a fleet. */
  shipping: StoredShipping | undefined;
  /** Absolute. */
  dataDirectory: string;
  databaseBytes: number;
  /** Of the write-ahead log, which grows while a reader holds an old snapshot. */
  logBytes: number;
  /** Start of the first and of the last minute with anything in it; null while there is none. */
  firstMinuteMs: number | null;
  lastMinuteMs: number | null;
}

/** Throws StoreError, and RangeError for a window that ends before it starts. */
export function reportStatus(reader: StoreReader, bounds: TimeBounds = {}): StatusReport {
  const shipping = reader.shipping();
  return reader.read((stored) => {
    const span = spanOf(stored, bounds);
    const { counters, ...state } = stored.state();
    const { firstMinute, lastMinute } = stored.foldState();
    return {
      window: span.window,
      observed: observedIn(stored, span, reader.unstoredSinceMs),
      ...state,
      firstMinuteMs: firstMinute === null ? null : firstMinute * MINUTE_MS,
      lastMinuteMs: lastMinute === null ? null : lastMinute * MINUTE_MS,
      counters: new Map(counters.map(({ name, value }) => [name, value])),
      unstoredSinceMs: reader.unstoredSinceMs ?? null,
      shipping,
      dataDirectory: reader.place,
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
