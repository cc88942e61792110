// A sidecar in front of a test's Postgres: the built CLI, as people run it.
// Invariant: what a test started is stopped after it, whatever happened.
// Not here: starting it (scripts/lib/sidecar.mjs).

import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { type CommandResult, runCommand } from '../../scripts/lib/run-command.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';

export const MAIN = path.join(ROOT, 'dist', 'cli', 'main.js');

export type Sidecar = Awaited<ReturnType<typeof startSidecar>> & { data: string };

/** The report of `top --json`, as far as tests read it. */
export interface Top {
  observed: { statements: number; not_observed: number; unknown: number; exact: boolean };
  statements: Array<{
    fingerprint: string;
    source: string;
    construct: string;
    confidence: string;
    query: string;
    summary: string;
    calls: number;
    batched_calls: number;
    errors: number;
    rows: number;
    total_ms: number;
    mean_ms: number;
    p50_ms: number | null;
    p95_ms: number | null;
    pools: string[];
    tags: Record<string, string[]>;
  }>;
}

export function temporaryDirectory(name: string): string {
  return mkdtempSync(path.join(tmpdir(), `pgwitness-${name}-`));
}

/** Flags for a `run` of its own: ports that are free, and a data directory that is not there yet. */
export async function freeFlags(): Promise<string[]> {
  const at = async () => `127.0.0.1:${await freePort()}`;
  const data = path.join(temporaryDirectory('data'), 'data');
  return ['--listen', await at(), '--http', await at(), '--health', await at(), '--data', data];
}

/** Call it in a describe: gives a function that starts a sidecar, stopped after the test. */
export function useSidecar(): (
  upstream: { host: string; port: number },
  args?: string[],
  data?: string,
  env?: NodeJS.ProcessEnv,
) => Promise<Sidecar> {
  const started: Sidecar[] = [];
  afterEach(async () => {
    for (const sidecar of started.splice(0)) await sidecar.stop();
  });
  return async (upstream, args = [], data = path.join(temporaryDirectory('data'), 'data'), env = process.env) => {
    await build(() => {});
    const sidecar = { ...(await startSidecar({ upstream, data, args, env })), data };
    started.push(sidecar);
    return sidecar;
  };
}

export function pgwitness(...args: string[]): Promise<CommandResult> {
  return runCommand(process.execPath, [MAIN, ...args], { env: { ...process.env, NO_COLOR: '1' } });
}

/** Everything that is stored in a data directory. */
export async function top(data: string, ...args: string[]): Promise<Top> {
  const { code, stdout, stderr } = await pgwitness('top', '--json', '--limit', '0', '--data', data, ...args);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** The observer: the only child of the relay; 0 while there is none. Linux. */
export function observerPid(relayPid: number): number {
  const file = `/proc/${relayPid}/task/${relayPid}/children`;
  return existsSync(file) ? Number(readFileSync(file, 'utf8').trim().split(' ')[0]) : 0;
}

/** The processes of `run --relays`: its children, by what they run. */
export function familyOf(supervisorPid: number): { relays: number[]; observer: number } {
  const children = readFileSync(`/proc/${supervisorPid}/task/${supervisorPid}/children`, 'utf8').trim();
  const running = (script: string) =>
    children
      .split(' ')
      .map(Number)
      .filter((pid) => commandOf(pid).includes(script));
  return { relays: running('relay-main.js'), observer: running('observer/main.js')[0] ?? 0 };
}

/** '' when it ended meanwhile. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
