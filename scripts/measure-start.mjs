#!/usr/bin/env node
// Measures a start of `pgwitness run` on a data directory of any size.
// It says when traffic is taken, when metrics, the page and a first report are answered, and how long turns of the
// observer's loop are once it is up, while it catches up with what the last run left.
// It writes into the directory, which is made first where it is missing (--bytes, bench/lib/big-store.mjs).
// Not here: upkeep under load (measure-upkeep.mjs), reports (measure-reports.mjs).
//
// usage: measure-start.mjs --data DIR [--bytes 2e9] [--seconds 20] [--runs 3]

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeBigStore } from '../bench/lib/big-store.mjs';
import { childrenOf, cpuUs } from '../bench/lib/processes.mjs';
import { freePort } from './lib/free-port.mjs';
import { optionsOf } from './lib/options.mjs';
import { ROOT } from './lib/paths.mjs';
import { startService } from './lib/service.mjs';

const HOST = '127.0.0.1';
const POLL_MS = 10;
/** All that a start has to answer. */
const UP_TARGET_MS = 5_000;
const TURN_TARGET_MS = 50;
const UP_TIMEOUT_MS = 60_000;
const PROBE = new URL('./lib/turns-probe.mjs', import.meta.url).href;
const MAIN = path.join(process.env.PGWITNESS_DIST ?? path.join(ROOT, 'dist'), 'cli', 'main.js');

const values = optionsOf('measure-start', {
  usage: 'measure-start.mjs --data DIR [--bytes 2e9] [--seconds 20] [--runs 3]',
  options: {
    data: { type: 'string' },
    bytes: { type: 'string', default: '2e9' },
    seconds: { type: 'string', default: '20' },
    runs: { type: 'string', default: '3' },
  },
});
const dataDir = values.data ?? '';
if (dataDir === '') {
  console.error('measure-start: --data names the directory');
  process.exit(2);
}
const file = path.join(dataDir, 'witness.db');
if (!existsSync(file)) {
  mkdirSync(dataDir, { recursive: true });
  makeBigStore(dataDir, Number(values.bytes));
}
process.stdout.write(`${Math.round(statSync(file).size / 1e6)} MB\n`);
const upstream = createServer((socket) => void socket.on('error', () => socket.destroy()));
await new Promise((resolve) => upstream.listen(0, HOST, () => resolve(undefined)));
const { port: upstreamPort } = /** @type {import('node:net').AddressInfo} */ (upstream.address());
for (let run = 0; run < Number(values.runs); run++) await measureStart();
upstream.close();

async function measureStart() {
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-turns-'));
  const [port, http, health] = [await freePort(), await freePort(), await freePort()];
  const startedMs = performance.now();
  const service = await startService('pgwitness run', {
    program: process.execPath,
    args: [
      ...[MAIN, 'run', '--listen', `${HOST}:${port}`, '--upstream', `${HOST}:${upstreamPort}`, '--data', dataDir],
      ...['--http', `${HOST}:${http}`, '--health', `${HOST}:${health}`, '--log-level', 'error'],
    ],
    env: {
      ...process.env,
      PGWITNESS_TURNS_DIR: directory,
      NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${PROBE}`,
    },
    ready: async () => true,
  });
  try {
    const web = `http://${HOST}:${http}`;
    const urls = {
      'traffic is taken (/readyz)': `http://${HOST}:${health}/readyz`,
      '/metrics': `${web}/metrics`,
      'the page': `${web}/`,
      'the first report, of an hour': `${web}/api/v1/statements?since=1h&limit=20`,
    };
    const upMs = await Promise.all(
      Object.entries(urls).map(async ([name, url]) => {
        const ms = await answered(url, startedMs);
        process.stdout.write(`${name.padEnd(30)} after ${ms.toFixed(0).padStart(6)} ms\n`);
        return ms;
      }),
    );
    const longestMs = Math.max(...upMs);
    process.stdout.write(
      `fully up after ${longestMs.toFixed(0)} ms (target ${UP_TARGET_MS}) ${verdict(longestMs, UP_TARGET_MS)}\n`,
    );
    const upAtMs = Date.now();
    const [relay, observer] = [service.pid, ...childrenOf(service.pid)].map((pid) => (cpuUs(pid) / 1000).toFixed(0));
    process.stdout.write(`processor time until then: relay ${relay} ms, observer ${observer} ms\n`);
    await sleep(Number(values.seconds) * 1000);
    tellTurns(directory, upAtMs);
  } finally {
    await service.stop();
    rmSync(directory, { recursive: true });
  }
}

/** @param {string} url @param {number} sinceMs @returns {Promise<number>} ms until it answers */
async function answered(url, sinceMs) {
  while (performance.now() - sinceMs < UP_TIMEOUT_MS) {
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(UP_TIMEOUT_MS) });
      await response.arrayBuffer();
      if (response.ok) return performance.now() - sinceMs;
    } catch {
      // It does not listen yet.
    }
    await sleep(POLL_MS);
  }
  throw new Error(`${url} was not answered within ${UP_TIMEOUT_MS / 1000} s`);
}

/**
 * Of the relay and the observer, once they were up: loading modules is a turn too, before anything is taken.
 * @param {string} directory @param {number} upAtMs Unix ms
 */
function tellTurns(directory, upAtMs) {
  for (const name of readdirSync(directory).sort()) {
    const { program, cpuMs, long } = JSON.parse(readFileSync(path.join(directory, name), 'utf8'));
    const kind = program.includes(path.join('observer', 'main.js')) ? 'observer' : 'relay';
    /** @type {Array<{ atMs: number, cpuMs: number, ms: number }>} */
    const turns = long.filter((/** @type {{ atMs: number }} */ { atMs }) => atMs >= upAtMs);
    const longest = turns.reduce((most, turn) => (turn.cpuMs > most.cpuMs ? turn : most), { atMs: 0, cpuMs: 0, ms: 0 });
    const over = turns.filter((turn) => turn.cpuMs > TURN_TARGET_MS);
    process.stdout.write(
      `${kind}, its main thread: ${cpuMs.toFixed(0)} ms of processor time; longest turn ${longest.cpuMs.toFixed(0)} ms of it (${longest.ms.toFixed(0)} by the clock), ` +
        `${over.length} over ${TURN_TARGET_MS} ms ${verdict(longest.cpuMs, TURN_TARGET_MS)}\n`,
    );
  }
}

/** @param {number} value @param {number} most */
function verdict(value, most) {
  return value <= most ? 'ok' : 'MISSED';
}
