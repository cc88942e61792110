// Keeps how far a data directory was sent to the store of a fleet, and how that goes, in files.
// Invariant: it is written after the store said that it has the rows, whole or not at all. Without it everything that
// is kept is sent again, which changes nothing. Not here: sending (observer/shipping), reading it for people
// (../read/query-shipping.ts).

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
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
  writeWhole(join(dataDir, PROGRESS_FILE), content);
}

const NOTE_FILE = 'shipping.json';

const note = v.object({
  /** host:port/database. */
  place: v.string(),
  /** Unix ms since when attempts fail; null while they do not. */
  failingSinceMs: v.nullable(v.number()),
  /** What failed and what to do; null while nothing does. */
  error: v.nullable(v.string()),
});
/** How shipping goes, as the process that ships said last. */
export type ShippingNote = v.InferOutput<typeof note>;

/** Undefined where nothing is shipped. */
export function readShippingNote(dataDir: string): ShippingNote | undefined {
  try {
    return v.parse(note, JSON.parse(readFileSync(join(dataDir, NOTE_FILE), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Undefined: nothing is shipped any more. Throws the system's error. */
export function writeShippingNote(dataDir: string, content: ShippingNote | undefined): void {
  const path = join(dataDir, NOTE_FILE);
  if (content === undefined) rmSync(path, { force: true });
  else writeWhole(path, content);
}

function writeWhole(path: string, content: object): void {
  const file = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeSync(file, JSON.stringify(content));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
}
