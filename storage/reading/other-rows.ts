// Rows that reports are given of losses, of names that were seen, and of the store itself.
// Invariant: plain values, as every store gives them. Not here: what they mean (reports/).

import type { Identity } from '../../facts/fleet/identity.js';
import type { LostStatementRow, WatchedTime } from '../../facts/flush.js';

/** Executions, or sessions, that were lost by one reason. */
export interface LossSum {
  reason: string;
  count: number;
}

/** Of a window; the minute is left out. */
export interface LostStatement extends Readonly<Omit<LostStatementRow, 'minute'>> {
  /** Lost in the minute in which the window begins, perhaps before it did. */
  readonly mayPrecede: boolean;
}

/** When an instance observed. */
export interface InstanceRuns extends Identity {
  /** The first and the last minute of all of its runs. */
  readonly firstMinute: number;
  readonly lastMinute: number;
  /** Those that touch the minutes that were asked for, in order. */
  readonly runs: readonly WatchedTime[];
}

/** Names that filters can have. In no order; each at least once. */
export interface SeenNames {
  sources: string[];
  constructs: string[];
  pools: string[];
  /** Of SELECT, INSERT, UPDATE, DELETE and MERGE. */
  summaries: string[];
  tags: Array<{ key: string; value: string }>;
}

export interface RelayState {
  relayId: string;
  lastSequence: number;
  /** When a batch of it was stored last. */
  updatedMs: number;
}

/** What a store says of itself. */
export interface StoreState {
  /** The one that stored last comes first. */
  relays: RelayState[];
  sessionsOpen: number;
  /** Distinct fingerprints in the catalogue. */
  statementsKnown: number;
  poolsKnown: number;
  /** Counters that the observer keeps. */
  counters: Array<{ name: string; value: number }>;
  schemaVersion: number;
}
