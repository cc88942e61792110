// Measures what an outage of a fleet's store costs a sidecar: memory, disk, processor time.
// An hour of rows while ClickHouse is there, one while it is away, and catching up.
// Run: npm run build && nice node bench/outage.mjs [--minutes 60] [--rows 400] [--pace 1000]
// The time is compressed: a closed minute of --rows rows is stored every --pace ms. What ships runs as a process of its
// own here, to be told apart; in a sidecar it is a thread. Not here: that nothing is lost (test/fleet/killed.test.ts).

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { emptyFlush } from '../dist/facts/flush.js';
import { RollupRow } from '../dist/facts/rollup-row.js';
import { shipAddress } from '../dist/observer/shipping/ship-address.js';
import { Shipping } from '../dist/observer/shipping/shipping.js';
import { openSqliteStore } from '../dist/storage/sqlite/sqlite-store.js';
import { startClickhouse, WRITER } from '../scripts/lib/clickhouse.mjs';
import { MADE_UP } from '../scripts/lib/made-up-execution.mjs';
import { catalogueEntryOf, fingerprintOf } from '../scripts/lib/made-up-statement.mjs';
import { optionsOf } from '../scripts/lib/options.mjs';
import { clickhouseLibrary } from '../scripts/lib/setup/clickhouse-library.mjs';
import { cpuUs, residentBytes } from './lib/processes.mjs';

const env = { ...process.env, PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };
const values = optionsOf('outage', {
  usage: 'node bench/outage.mjs [--minutes 60] [--rows 400] [--pace 1000]',
  options: {
    minutes: { type: 'string', default: '60' },
    rows: { type: 'string', default: '400' },
    pace: { type: 'string', default: '1000' },
    /** Of the process that ships: what it is to do. */
    ships: { type: 'string', default: '' },
  },
});
/** As ship-thread.ts bounds the thread. */
const HEAP_MIB = 128;
if (values.ships === '') await measure();
else ship(JSON.parse(values.ships));

/** @param {{ dataDir: string, address: string }} what */
function ship({ dataDir, address }) {
  const identity = { service: 'shop', environment: 'bench', instance: 'outage' };
  const report = (/** @type {object} */ status) => process.stdout.write(`${JSON.stringify(status)}\n`);
  void new Shipping({ dataDir, ...shipAddress({ ship: address, cluster: '' }, env), identity, report }).run();
}

async function measure() {
  const found = await clickhouseLibrary();
  if ('missing' in found) {
    console.error(`outage: ${found.missing}`);
    process.exit(3);
  }
  const [minutes, rows, paceMs] = [values.minutes, values.rows, values.pace].map(Number);
  const dataDir = mkdtempSync(path.join(tmpdir(), 'pgwitness-outage-'));
  const store = openSqliteStore({ dataDir });
  const clickhouse = await startClickhouse({ library: found.library });
  const address = `${clickhouse.nodes[0].address.replace('http', 'clickhouse')}/pgwitness`;
  const self = fileURLToPath(import.meta.url);
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${HEAP_MIB}`, self, '--ships', JSON.stringify({ dataDir, address })],
    {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  /** @type {{ waitingSinceMs?: number, failingSinceMs?: number, sentMs: number, failures: Record<string, number> }} */
  let status = { sentMs: 0, failures: {} };
  createInterface({ input: child.stdout }).on('line', (line) => {
    status = JSON.parse(line);
  });
  const pid = child.pid ?? 0;
  let minute = Math.floor(Date.now() / 3_600_000 - 24) * 60;
  store.flush({ ...emptyFlush(), atMs: minute * 60_000, catalogue: range(rows).map(catalogueEntryOf) });

  /** @param {string} name @param {() => Promise<unknown>} work */
  const phase = async (name, work) => {
    const before = { cpu: cpuUs(pid), disk: bytesIn(dataDir), atMs: performance.now(), failures: failed(status) };
    const watch = { peak: residentBytes(pid), isOver: false };
    const watching = (async () => {
      while (!watch.isOver) {
        await sleep(100);
        watch.peak = Math.max(watch.peak, residentBytes(pid));
      }
    })();
    await work();
    watch.isOver = true;
    await watching;
    const cells = [
      name,
      `${((performance.now() - before.atMs) / 1000).toFixed(0)} s`,
      `${((cpuUs(pid) - before.cpu) / 1e6).toFixed(2)} s`,
      String(failed(status) - before.failures),
      `${(watch.peak / 2 ** 20).toFixed(0)} MiB`,
      `${((bytesIn(dataDir) - before.disk) / 2 ** 20).toFixed(1)} MiB`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  };
  const anHour = async () => {
    for (let n = 0; n < minutes; n++, minute++) {
      store.flush({ ...emptyFlush(), atMs: minute * 60_000, rollups: range(rows).map((at) => rowOf(at, minute)) });
      store.maintain((minute + 2) * 60_000);
      await sleep(paceMs);
    }
  };
  const caughtUp = async () => {
    while (status.failingSinceMs !== undefined || status.waitingSinceMs !== undefined) await sleep(100);
  };
  try {
    while (status.sentMs === 0) await sleep(100);
    console.log(`${minutes} minutes of ${rows} rows, one every ${paceMs} ms\n`);
    console.log('| | lasted | processor time | attempts that failed | most memory | data directory grew |');
    console.log('|---|---:|---:|---:|---:|---:|');
    await phase('the store is there', async () => {
      await anHour();
      await caughtUp();
    });
    clickhouse.nodes[0].kill();
    await phase('the store is away', anHour);
    await clickhouse.nodes[0].start();
    await phase('it is back, until nothing waits', caughtUp);
  } finally {
    child.kill('SIGKILL');
    await clickhouse.stop();
    store.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** @param {number} n @param {number} minute */
function rowOf(n, minute) {
  const row = new RollupRow({ minute, fingerprint: fingerprintOf(n), source: 'raw', construct: '', pool: '' });
  const verdict = /** @type {const} */ ({ source: 'raw', construct: '', confidence: 'strong', evidence: [] });
  for (let call = 1; call <= 20; call++) {
    const serviceNs = 1e5 * call * (1 + ((n * 7919) % 97));
    row.add({ ...MADE_UP, completedAtMs: minute * 60_000 + call, rows: 3, serviceNs }, verdict);
  }
  return row;
}

/** @param {{ failures: Record<string, number> }} status */
function failed({ failures }) {
  return Object.values(failures).reduce((sum, number) => sum + number, 0);
}

/** @param {string} directory */
function bytesIn(directory) {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(path.join(directory, name)).size, 0);
}

/** @param {number} length */
function range(length) {
  return Array.from({ length }, (_, n) => n);
}
