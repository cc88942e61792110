// Leaves a note on a full disk: executions were lost here from this moment on.
// Invariant: the file has its full length since the first start that could write, so that a note overwrites bytes that
// the disk has already given. Whatever the disk says, nothing throws.
// Not here: when a note is left (observer/), what becomes of it (sqlite-store.ts).

import { closeSync, existsSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { UnstoredNote } from '../../store.js';
import { openPrivateFile } from './private-file.js';

const RESERVE_FILE = 'witness.reserve';
const RESERVE_BYTES = 4096;

/** Makes the file where it is missing. */
export function keepReserve(dataDir: string): void {
  if (!existsSync(join(dataDir, RESERVE_FILE))) overwrite(dataDir, '');
}

/** Leaves a note in place of an earlier one. */
export function leaveNote(dataDir: string, note: UnstoredNote): void {
  overwrite(dataDir, JSON.stringify(note));
}

/** A store that cannot be opened: executions go by unseen from now on, unless an earlier note says so already. */
export function noteUnusable(dataDir: string, nowMs: number): void {
  if (readNote(dataDir) === undefined) leaveNote(dataDir, { fromMs: nowMs });
}

export function clearNote(dataDir: string): void {
  if (readNote(dataDir) !== undefined) overwrite(dataDir, '');
}

/** undefined = there is none, or none that can be read. */
export function readNote(dataDir: string): UnstoredNote | undefined {
  try {
    const text = readReserve(join(dataDir, RESERVE_FILE)).replace(/\0+$/, '');
    if (text === '') return undefined;
    const note = JSON.parse(text) as Partial<UnstoredNote>;
    return typeof note.fromMs === 'number' ? (note as UnstoredNote) : undefined;
  } catch {
    return undefined;
  }
}

/** Step by step: where a disk fails at it, Node's own reading in one call ends the process, or leaves the file open. */
function readReserve(path: string): string {
  const bytes = Buffer.alloc(RESERVE_BYTES);
  const file = openSync(path, 'r');
  try {
    return bytes.toString('utf8', 0, readSync(file, bytes, 0, RESERVE_BYTES, 0));
  } finally {
    closeSync(file);
  }
}

function overwrite(dataDir: string, text: string): void {
  try {
    const bytes = Buffer.alloc(RESERVE_BYTES);
    bytes.write(text, 'utf8');
    // Not truncated first: bytes that were given back might not be had again.
    const file = openPrivateFile(join(dataDir, RESERVE_FILE));
    try {
      writeSync(file, bytes, 0, RESERVE_BYTES, 0);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch {
    // A disk that takes not even this: the log has it.
  }
}
