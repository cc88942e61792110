// 79: every call that the store makes to the disk fails once, in turn, or from one on.
// Invariant: nothing but a StoreError comes of it, no file stays open, what was acknowledged is stored, and
// sent = observed + not observed, or the window says that it is not exact.
// Not here: a real full disk (disk.test.ts), which calls there are (test/kit/io-faults/).

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { compileFaults, type FaultsLibrary, faultsEnv, NO_FAULTS } from '../kit/io-faults/io-faults.js';

/** What one life with a failing call came to: the line of store-life.mjs. */
interface Life {
  call: number;
  calls: number;
  failed: string[];
  sent: number;
  acknowledged: number;
  stored: number;
  notObserved: number;
  reasons: Record<string, number>;
  exact: boolean;
  defects: string[];
  /** Failures for a lock of this very process: one, and the file is opened again. */
  stuck: number;
  movedAside: string[];
  left: string[];
  /** The process ended while it lived. */
  crash?: string;
}

/** Which error, and how often: see io-faults.c. */
type How = '00' | '10' | '01' | '11' | '20';

const LIFE = path.join(ROOT, 'test', 'kit', 'io-faults', 'store-life.mjs');
/** All calls take minutes; CI takes what fits into this time, for each way to fail. */
const SECONDS = process.env.PGWITNESS_TEST_EVERY_CALL === '1' ? 3_600 : 15;
const TIMEOUT_MS = (SECONDS + 165) * 1_000;
const WORKERS = Math.min(2, availableParallelism());
/** Fewer would say nothing. With locks that stay one may take most of a minute. */
const LIVES_MIN = 10;
const LIVES_WITH_LOCKS_MIN = 2;
/** Not on a disk, where there is another place: its syncs would take the time. */
const PLACE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

if (NO_FAULTS !== '') {
  if (process.env.CI) throw new Error(`CI makes calls to the disk fail: ${NO_FAULTS}`);
  console.warn(`79: calls to the disk are not made to fail: ${NO_FAULTS}`);
}

let library: FaultsLibrary;
let directory: string | undefined;
beforeAll(async () => {
  if (NO_FAULTS !== '') return;
  await build(() => {});
  library = compileFaults();
  directory = mkdtempSync(path.join(PLACE, 'pgwitness-calls-'));
}, 120_000);
afterAll(() => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** Every `step`-th turn from `first` on, of a life of so many calls; a process that crashes is followed by another. */
async function lives(
  how: How,
  { calls, first, step }: { calls: number; first: number; step: number },
): Promise<Life[]> {
  const found: Life[] = [];
  for (let turn = first; turn <= calls; turn += step) {
    const at = mkdtempSync(path.join(directory!, 'sweep-'));
    const numbers = [calls, turn, step, SECONDS].map(String);
    const child = spawn(process.execPath, [LIFE, at, how, ...numbers], {
      env: { ...process.env, ...faultsEnv(library, { directory: at, log: `${at}.log` }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors = (errors + chunk).slice(-4_000);
    });
    let begun = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as Life & { begins?: number; turn: number };
      if (said.begins === undefined) found.push(said);
      else {
        begun = said.begins;
        turn = said.turn;
      }
    }
    children.delete(child);
    if (found.at(-1)?.call === begun) break;
    found.push({ ...NOTHING, call: begun, crash: errors });
  }
  return found;
}

const NOTHING: Life = {
  call: 0,
  calls: 0,
  failed: [],
  sent: 0,
  acknowledged: 0,
  stored: 0,
  notObserved: 0,
  reasons: {},
  exact: false,
  defects: [],
  stuck: 0,
  movedAside: [],
  left: [],
};

/** The calls of a life in which none fails, of those that can fail so. */
async function callsOfALife(how: How): Promise<number> {
  const [life] = await lives(how, { calls: 0, first: 0, step: 1 });
  expect(life).toMatchObject({ sent: 40, stored: 40, acknowledged: 40, exact: true, defects: [], left: [] });
  expect(life.calls).toBeGreaterThan(how === '20' ? 100 : 500);
  return life.calls;
}

/** What is wrong with a life, in words; '' = nothing. */
function faultOf(life: Life): string {
  const { sent, stored, notObserved, exact, acknowledged } = life;
  if (life.crash !== undefined) return `the process ended: ${life.crash}`;
  if (life.defects.length > 0) return life.defects.join('\n');
  if (life.stuck > 1) return `${life.stuck} times a lock was in the way`;
  if (life.left.length > 0) return `left open: ${life.left.join(', ')}`;
  if (life.movedAside.length > 0) return `moved aside: ${life.movedAside.join(', ')}`;
  if (stored + notObserved > sent) return `${stored} stored and ${notObserved} not observed of ${sent}`;
  if (stored < acknowledged) return `${acknowledged} acknowledged, ${stored} stored`;
  if (exact && stored + notObserved !== sent) return `exact, but ${stored} + ${notObserved} of ${sent}`;
  return '';
}

async function sweep(how: How, livesMin = LIVES_MIN): Promise<void> {
  const calls = await callsOfALife(how);
  const turns = Array.from({ length: WORKERS }, (_, first) => ({ calls, first, step: WORKERS }));
  const found = (await Promise.all(turns.map((each) => lives(how, each)))).flat();
  expect(found.length).toBeGreaterThanOrEqual(livesMin);
  const faults = found
    .filter((life) => faultOf(life) !== '')
    .map((life) => `call ${life.call} (${life.failed[0]}): ${faultOf(life)}`);
  expect(faults).toEqual([]);
}

describe.skipIf(NO_FAULTS !== '')('79: a call to the disk fails', () => {
  test('once, with an I/O error', () => sweep('00'), TIMEOUT_MS);
  test('once, as on a full or closed disk', () => sweep('10'), TIMEOUT_MS);
  test('and every one after it', () => sweep('01'), TIMEOUT_MS);
  test('and every one after it, as on a full and closed disk', () => sweep('11'), TIMEOUT_MS);
  test('and a lock is not given back', () => sweep('20', LIVES_WITH_LOCKS_MIN), TIMEOUT_MS);
});
