// 79: every call that the store makes to the disk fails once, in turn, or from one on.
// Invariant: nothing but a StoreError comes of it, no file stays open, what was acknowledged is stored, and
// sent = observed + not observed, or the window says that it is not exact.
// Not here: a real full disk (disk.test.ts), which calls there are (test/kit/io-faults/).

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
  movedAside: string[];
  left: string[];
  /** The process ended while it lived. */
  crash?: string;
}

interface Sweep {
  how: '00' | '10' | '01' | '11';
  first: number;
  step: number;
}

const LIFE = path.join(ROOT, 'test', 'kit', 'io-faults', 'store-life.mjs');
/** All of them takes minutes. CI takes every so many, beginning elsewhere for each way to fail. */
const STEP = process.env.PGWITNESS_TEST_EVERY_CALL === '1' ? 1 : 9;
const WORKERS = Math.min(2, availableParallelism());

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
  directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-calls-'));
}, 120_000);
afterAll(() => {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

/** Runs the calls [first, last] in steps; a process that crashes is followed by another. */
async function lives({ how, first, step }: Sweep, last: number): Promise<Life[]> {
  const found: Life[] = [];
  for (let next = first; next <= last; ) {
    const at = mkdtempSync(path.join(directory!, 'sweep-'));
    const child = spawn(process.execPath, [LIFE, at, how, String(next), String(step), String(last)], {
      env: { ...process.env, ...faultsEnv(library, { directory: at, log: `${at}.log` }) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors = (errors + chunk).slice(-4_000);
    });
    let begun = next;
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as Life & { begins?: number };
      if (said.begins !== undefined) begun = said.begins;
      else found.push(said);
    }
    next = last + 1;
    if (found.at(-1)?.call === begun) continue;
    found.push({ ...NOTHING, call: begun, crash: errors });
    next = begun + step;
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
  movedAside: [],
  left: [],
};

/** The calls of a life in which none fails. */
async function callsOfALife(): Promise<number> {
  const [life] = await lives({ how: '00', first: 0, step: 1 }, 0);
  expect(life).toMatchObject({ sent: 40, stored: 40, acknowledged: 40, exact: true, defects: [], left: [] });
  expect(life.calls).toBeGreaterThan(500);
  return life.calls;
}

/** What is wrong with a life, in words; '' = nothing. */
function faultOf(life: Life): string {
  const { sent, stored, notObserved, exact, acknowledged } = life;
  if (life.crash !== undefined) return `the process ended: ${life.crash}`;
  if (life.defects.length > 0) return life.defects.join('\n');
  if (life.left.length > 0) return `left open: ${life.left.join(', ')}`;
  if (life.movedAside.length > 0) return `moved aside: ${life.movedAside.join(', ')}`;
  if (stored + notObserved > sent) return `${stored} stored and ${notObserved} not observed of ${sent}`;
  if (stored < acknowledged) return `${acknowledged} acknowledged, ${stored} stored`;
  if (exact && stored + notObserved !== sent) return `exact, but ${stored} + ${notObserved} of ${sent}`;
  return '';
}

async function sweep(sweeps: Sweep[]): Promise<void> {
  const last = await callsOfALife();
  const found = (await Promise.all(sweeps.map((each) => lives(each, last)))).flat();
  expect(found.length).toBeGreaterThan(10);
  const faults = found
    .filter((life) => faultOf(life) !== '')
    .map((life) => `call ${life.call} (${life.failed[0]}): ${faultOf(life)}`);
  expect(faults).toEqual([]);
}

/** One way to fail, shared by the workers. */
function shared(how: Sweep['how'], first: number, step: number): Sweep[] {
  return Array.from({ length: WORKERS }, (_, n) => ({ how, first: first + n * step, step: step * WORKERS }));
}

const TIMEOUT_MS = STEP === 1 ? 3_600_000 : 180_000;

describe.skipIf(NO_FAULTS !== '')('79: a call to the disk fails', () => {
  test('once, with an I/O error', () => sweep(shared('00', 1, STEP)), TIMEOUT_MS);
  test('once, as on a full or closed disk', () => sweep(shared('10', 2, STEP * 2)), TIMEOUT_MS);
  test('and every one after it', () => sweep(shared('01', 3, STEP * 5)), TIMEOUT_MS);
  test('and every one after it, as on a full and closed disk', () => sweep(shared('11', 4, STEP * 5)), TIMEOUT_MS);
});
