// Runs fuzz cases one after another, and saves those that fail in a form that a test replays.
// Invariant: the cases are decided by seed and number alone. Not here: the command (scripts/fuzz.mjs).

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../paths.mjs';
import { makeCase, runCase } from './cases.mjs';
import { Random } from './random.mjs';

/** @import { Case } from './cases.mjs' */
/** @import { Bounds, Subject } from './witness.mjs' */

export const CRASHERS = path.join(ROOT, 'test', 'fuzz', 'crashers');

/**
 * @param {Subject} subject
 * @param {{ seed: number, from?: number, cases: number, crashersMax?: number, onCrash?: (name: string, error: Error,
 *   it: Case) => void }} options
 * @returns {{ ends: Map<string, number>, crashers: number }} how many cases ended how
 */
export function runCases(subject, { seed, from = 0, cases, crashersMax = 10, onCrash = () => {} }) {
  const ends = new Map();
  let crashers = 0;
  for (let index = from; index < from + cases && crashers < crashersMax; index++) {
    const it = makeCase(Random.ofCase(seed, index));
    try {
      const end = runCase(subject, it);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    } catch (error) {
      crashers++;
      onCrash(`seed-${seed}-case-${index}`, error instanceof Error ? error : new Error(String(error)), it);
    }
  }
  return { ends, crashers };
}

/**
 * Saves a case in the form of test/recordings, so that `pgwitness trace` shows it.
 * @param {string} name @param {Case} it @param {string} why @returns {string} the file
 */
export function saveCrasher(name, it, why) {
  mkdirSync(CRASHERS, { recursive: true });
  const file = path.join(CRASHERS, `${name}.json`);
  const { parts, bounds, ...rest } = it;
  const events = parts.map(({ from, bytes }) => ({ from, bytes: bytes.toString('base64') }));
  writeFileSync(file, `${JSON.stringify({ ...rest, why, limits: bounds, events }, null, 1)}\n`);
  return file;
}

/** @param {string} text of a saved crasher @returns {Case} */
export function parseCrasher(text) {
  /**
   * @type {Omit<Case, 'parts' | 'bounds'> & { limits: Bounds, events: { from: 'client' | 'server', bytes: string }[]
   * }}
   */
  const { events, limits, ...rest } = JSON.parse(text);
  const parts = events.map(({ from, bytes }) => ({ from, bytes: Buffer.from(bytes, 'base64') }));
  return { ...rest, bounds: limits, parts };
}
