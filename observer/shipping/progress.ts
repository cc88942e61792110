// Keeps how far a data directory was sent to the store of a fleet, in a small file beside it.
// Invariant: it is written after the store said that it has the rows, whole or not at all. Without it everything that
// is kept is sent again, which changes nothing. Not here: sending (shipper.ts).

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';

export const PROGRESS_FILE = 'shipped.json';

const level = v.object({ minutes: v.number(), hours: v.number(), days: v.number() });

/** What the fleet's store has of this one, in the terms of SQLite's fold_state; in minutes since the Unix epoch. */
const sentState = v.object({
  minutesFoldedTo: v.number(),
  hoursFoldedTo: v.number(),
  minutesKeptFrom: v.number(),
  hoursKeptFrom: v.number(),
  daysKeptFrom: v.number(),
  firstMinute: v.nullable(v.number()),
  lastMinute: v.nullable(v.number()),
});
export type SentState = v.InferOutput<typeof sentState>;

const progress = v.object({
  /** Where to: another place begins anew. */
  target: v.string(),
  /** Of the file: another one begins anew. */
  store: v.number(),
  /** Every change up to it was sent. */
  changed: v.number(),
  /** The last version that was given to a row without a bucket. */
  version: v.number(),
  state: v.nullable(sentState),
  /** The hour and the day being filled were sent too: an orderly end. */
  hasEnded: v.boolean(),
  /** Unix ms of the last sending. */
  sentMs: v.number(),
  /** Rows that were not sent: the fleet's store keeps none as old as they are. */
  expired: level,
  /** Rows that were dropped before they were sent. */
  dropped: level,
});
export type Progress = v.InferOutput<typeof progress>;
export type LevelCounts = v.InferOutput<typeof level>;

export function noProgress(target: string, store: number): Progress {
  return {
    target,
    store,
    changed: 0,
    version: 0,
    state: null,
    hasEnded: false,
    sentMs: 0,
    expired: { minutes: 0, hours: 0, days: 0 },
    dropped: { minutes: 0, hours: 0, days: 0 },
  };
}

/** Undefined where there is none that can be read. */
export function readProgress(dataDir: string): Progress | undefined {
  try {
    return v.parse(progress, JSON.parse(readFileSync(join(dataDir, PROGRESS_FILE), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Throws the system's error. */
export function writeProgress(dataDir: string, content: Progress): void {
  const path = join(dataDir, PROGRESS_FILE);
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify(content));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}
