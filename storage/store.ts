// The store as the observer sees it, whatever keeps it.
// Invariant: a flush is stored whole or not at all; the lastSequence of a relay is stored in the same transaction as
// what its batches said. Not here: what is in a flush (facts/flush.ts), SQL (sqlite/), answers to people (reports/).

import type { Flush, GapRow, StoredSession } from '../facts/flush.js';
import type { CountedSlot } from '../facts/rollup-row.js';

/** Nothing was stored since. */
export interface UnstoredNote {
  /** Unix ms. */
  fromMs: number;
  /** Unix ms when the process ended; left out while it may still store what it has. */
  untilMs?: number;
  /** Executions that were lost; left out where nobody knows. */
  executions?: number;
}

/** Rows of a flush that the database refused for what they are: they were given up, and the rest is stored. */
export interface RefusedRows {
  rows: number;
  /** Executions that they stood for; they are stored as lost, by this reason. */
  executions: number;
  /** The database's words. */
  reason: string;
}

/** The reason of a loss: see RefusedRows. */
export const STORE_REFUSED = 'store_refused';

export interface Store {
  /** Returns rows that were given up. Throws StoreError when nothing was stored; the caller keeps the flush. */
  flush(flush: Flush): RefusedRows | undefined;
  lastSequence(relayId: string): number;
  /** What earlier processes told of the requests that they counted. */
  countedRequests(): CountedSlot[];
  openSessions(relayId: string): StoredSession[];
  /** Removes and returns the open sessions of all other relays, which no longer run. */
  takeOrphanSessions(running: readonly string[]): StoredSession[];
  /**
   * Relays other than these that never said they ended: each leaves a gap from its last flush to `nowMs`. Returns the
   * gaps.
   */
  closeOrphanRelays(running: readonly string[], nowMs: number): GapRow[];
  /** Storing fails: leaves a note that survives this process, or takes it back (undefined). Never throws. */
  noteUnstored(note: UnstoredNote | undefined): void;
  /**
   * Bounded upkeep: windows, retention, checkpoint. Called every few seconds, never within a flush.
   * `clockIsTrusted`: else nothing is dropped for its age. Returns true when goOn() should be called soon.
   */
  maintain(nowMs: number, clockIsTrusted?: boolean): boolean;
  /**
   * Goes on with what maintain() left, and with rolling up: some milliseconds. Called between its calls. Returns true
   * while there is so much left that it should be called again soon.
   */
  goOn(nowMs: number): boolean;
  /**
   * Large flushes are kept in a journal first: writes some milliseconds' worth of it into the tables. Called some times
   * a second. Returns rows that were given up.
   */
  writeOut(nowMs: number): RefusedRows | undefined;
  /** Likewise all of it, at an orderly end. */
  writeOutAll(): RefusedRows[];
  /** A reader met damage, in the words of `reported`. Where there is some, begins anew and throws StoreError. */
  lookForDamage(reported: string): void;
  close(): void;
}
