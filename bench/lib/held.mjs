// Samples what a process holds while nothing runs in it, and says whether that stayed the same.
// Invariant: a count (descriptors, handles) is flat when its last samples are no more than its first; a size when the
// medians of the first (resident memory: the second) and the last third of its samples differ by less than the
// smallest object kept per cycle would make.
// Not here: load, and when to look.

import { readdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import path from 'node:path';
import { residentBytes } from './processes.mjs';
import { median } from './statistics.mjs';

/** A batch timer may or may not be waiting when it is looked. */
const TIMERS = 'Timeout';
/**
 * The smallest object of V8 with one field takes 16 bytes; a size that grows by less per cycle keeps nothing per
 * cycle.
 */
const BYTES_PER_CYCLE_MAX = 4;
/** What caches, compiled code and fragments of the heap move by. */
export const HEAP_NOISE_BYTES = 2 ** 20;
/** Resident memory holds what the heap may use again: it grows in steps, for a while, and then no more. */
const RESIDENT_NOISE_BYTES = 24 * 2 ** 20;

/**
 * @typedef {object} Held
 * @property {number} descriptors
 * @property {number} handles without timers
 * @property {number} timers
 * @property {number} heapBytes after a collection, buffers included
 * @property {number} residentBytes
 */

/** @param {number} pid @returns {number} open descriptors */
export function openDescriptors(pid) {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/**
 * For processes that heldBy is to ask; `directory` is theirs alone.
 * @param {string} directory
 * @returns {NodeJS.ProcessEnv}
 */
export function probedEnvironment(directory) {
  const probe = new URL('./probe.mjs', import.meta.url).pathname;
  return { ...process.env, PGWITNESS_PROBE_DIR: directory, NODE_OPTIONS: `--import=${probe}` };
}

/**
 * Needs probe.mjs in that process (probedEnvironment).
 * @param {string} directory
 * @param {number} pid
 * @returns {Promise<Held>}
 */
export async function heldBy(directory, pid) {
  // Before the probe's own connection.
  const descriptors = openDescriptors(pid);
  const text = await /** @type {Promise<string>} */ (
    new Promise((resolve, reject) => {
      let said = '';
      const socket = createConnection(path.join(directory, `${pid}.sock`));
      socket.setEncoding('utf8').on('data', (part) => {
        said += part;
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(said));
    })
  );
  const { heapBytes, handles } = JSON.parse(text);
  const { [TIMERS]: timers = 0, ...others } = /** @type {Record<string, number>} */ (handles);
  const count = Object.values(others).reduce((sum, value) => sum + value, 0);
  return { descriptors, handles: count, timers, heapBytes, residentBytes: residentBytes(pid) };
}

/**
 * @typedef {object} Course how one figure went
 * @property {number} first median of the first third
 * @property {number} last median of the last third
 * @property {boolean} isFlat
 */

/**
 * @param {readonly number[]} values in order of time
 * @param {number} slack
 * @param {{ from?: number }} [options] the third that the last is compared with
 * @returns {Course}
 */
export function courseOf(values, slack, { from = 0 } = {}) {
  const third = Math.max(1, Math.floor(values.length / 3));
  const first = median(values.slice(0, third));
  const last = median(values.slice(-third));
  const begin = median(values.slice(from * third, (from + 1) * third));
  return { first, last, isFlat: last - begin <= slack };
}

/**
 * @param {readonly Held[]} samples
 * @param {number} cycles between the first and the last
 * @returns {Record<keyof Held, Course>}
 */
export function courses(samples, cycles) {
  const of = (/** @type {keyof Held} */ key, /** @type {number} */ slack, from = 0) =>
    courseOf(
      samples.map((held) => held[key]),
      slack,
      { from },
    );
  const kept = BYTES_PER_CYCLE_MAX * cycles;
  return {
    descriptors: of('descriptors', 0),
    handles: of('handles', 0),
    timers: of('timers', 2),
    heapBytes: of('heapBytes', HEAP_NOISE_BYTES + kept),
    residentBytes: of('residentBytes', RESIDENT_NOISE_BYTES + kept, 1),
  };
}
