#!/usr/bin/env node
// Kills a writer of the store (SIGKILL) at any moment, again and again: what is stored?
// A writer flushes 10 executions at a time and says a flush's number once it is stored. After each kill the store has
// exactly 10 executions for each number up to the last one it knows, and none that was said is missing.
// --journal: every flush goes to the journal, which is written into the tables all the while, some rows at a time.
// Run: npm run build && node scripts/kill-writer.mjs [--kills N] [--journal]
// Not here: killing an observer with its relay (test/observer, test/faults).

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { emptyFlush } from '../dist/facts/flush.js';
import { RollupRow } from '../dist/facts/rollup-row.js';
import { reportStatements } from '../dist/reports/statements.js';
import { openReader } from '../dist/storage/sqlite/read/reader.js';
import { openSqliteStore } from '../dist/storage/sqlite/sqlite-store.js';
import { MADE_UP } from './lib/made-up-execution.mjs';
import { optionsOf } from './lib/options.mjs';
import { xorshift } from './lib/xorshift.mjs';

const EXECUTIONS = 10;
const STATEMENTS = 50;
const RELAY = 'relay';
const VERDICT = /** @type {const} */ ({ source: 'raw', construct: 'cursor', confidence: 'strong', evidence: [] });

/** Entries are written as soon as they are there, and a batch of them is short. */
const JOURNAL = { rowsMin: 0, settleMs: Number.NEGATIVE_INFINITY, mergedRowsMax: 40, turnRows: 7 };

const writesTo = process.env.PGWITNESS_KILL_WRITER;
const journal = process.env.PGWITNESS_KILL_JOURNAL === undefined ? undefined : JOURNAL;
if (writesTo === undefined) await killWriters();
else write(writesTo);

/** Flushes without end. @param {string} dataDir */
function write(dataDir) {
  const store = openSqliteStore({ dataDir, journal });
  for (let number = store.lastSequence(RELAY) + 1; ; number++) {
    const atMs = Date.now();
    const rows = new Map();
    for (let n = 0; n < EXECUTIONS; n++) {
      const statement = (number * EXECUTIONS + n * n) % STATEMENTS;
      const fingerprint = statement.toString(16).padStart(16, 'a');
      const key = { minute: Math.floor(atMs / 60_000), fingerprint, source: 'raw', construct: 'cursor', pool: 'pool' };
      const row = rows.get(statement) ?? new RollupRow(key);
      rows.set(statement, row);
      row.add({ ...MADE_UP, completedAtMs: atMs, rows: 1, serviceNs: 1e6 }, VERDICT);
    }
    const relays = [{ relayId: RELAY, lastSequence: number, ended: false }];
    store.flush({ ...emptyFlush(atMs), relays, rollups: [...rows.values()] });
    writeSync(1, `${number}\n`);
    if (number % 20 === 0) store.maintain(Date.now());
    else store.goOn(Date.now());
    for (let turn = 0; turn < 3; turn++) store.writeOut(Date.now());
  }
}

async function killWriters() {
  const { kills, journal } = optionsOf('kill-writer', {
    usage: 'node scripts/kill-writer.mjs [--kills N] [--journal]',
    options: { kills: { type: 'string', default: '1000' }, journal: { type: 'boolean', default: false } },
  });
  if (journal) process.env.PGWITNESS_KILL_JOURNAL = '1';
  const random = xorshift();
  const dataDir = mkdtempSync(path.join(tmpdir(), 'pgwitness-killed-'));
  for (let kill = 1; kill <= Number(kills); kill++) {
    const said = await killedAfter(dataDir, 1 + Math.floor(random() * 40));
    const { sequence, calls } = storedIn(dataDir);
    if (sequence >= said && calls === sequence * EXECUTIONS) continue;
    console.error(`kill ${kill}: said ${said}, stored ${sequence} with ${calls} executions: ${dataDir}`);
    process.exit(1);
  }
  const { sequence, calls } = storedIn(dataDir);
  console.log(`${kills} kills, ${sequence} flushes, ${calls} executions: what was said is stored, once`);
  rmSync(dataDir, { recursive: true });
}

/**
 * Starts a writer and kills it once it said so many flushes.
 * @param {string} dataDir @param {number} flushes @returns {Promise<number>} the last one that it said
 */
async function killedAfter(dataDir, flushes) {
  const env = { ...process.env, PGWITNESS_KILL_WRITER: dataDir };
  const writer = spawn(process.execPath, [new URL(import.meta.url).pathname], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  });
  const ended = once(writer, 'close');
  let last = 0;
  let left = flushes;
  for await (const line of createInterface({ input: writer.stdout })) {
    last = Number(line);
    if (--left === 0) writer.kill('SIGKILL');
  }
  const [status, signal] = await ended;
  if (signal !== 'SIGKILL') throw new Error(`the writer ended by itself: ${status ?? signal}`);
  return last;
}

/** As the next process finds it. @param {string} dataDir */
function storedIn(dataDir) {
  const store = openSqliteStore({ dataDir });
  const sequence = store.lastSequence(RELAY);
  store.close();
  const reader = openReader(dataDir);
  const { statements } = reportStatements(reader, { sort: 'total', limit: 0 });
  reader.close();
  return { sequence, calls: statements.reduce((sum, statement) => sum + statement.calls, 0) };
}
