// Measures what a statement costs the observer while many fingerprints come in turn.
// Batches, flushes and upkeep come as in a running observer, on a clock of its own: 5,000 statements and a flush a
// second, whole minutes. Processor time alone, so that a busy machine changes little; without sockets.
// Prints; asserts nothing. Run: npm run build && node bench/write-path.mjs [--fingerprints 10,1000,20000] [--minutes 3]
// [--data DIR] [--tags]
// Not here: the same over a link (growth.mjs), what a statement costs without the store (pipeline.mjs).

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { optionsOf } from '../scripts/lib/options.mjs';

const dist = process.env.PGWITNESS_DIST ?? new URL('../dist', import.meta.url).pathname;
const { assemble } = /** @type {typeof import('../dist/observer/assemble.js')} */ (
  await import(`${dist}/observer/assemble.js`)
);
const { loadConfig } = /** @type {typeof import('../dist/config/config.js')} */ (
  await import(`${dist}/config/config.js`)
);
const { BatchReader } = /** @type {typeof import('../dist/proxy/stream/reader.js')} */ (
  await import(`${dist}/proxy/stream/reader.js`)
);
const { BatchWriter } = /** @type {typeof import('../dist/proxy/stream/writer.js')} */ (
  await import(`${dist}/proxy/stream/writer.js`)
);
const { emptyFields } = /** @type {typeof import('../dist/proxy/link/statement-fields.js')} */ (
  await import(`${dist}/proxy/link/statement-fields.js`)
);
const frames = /** @type {typeof import('../dist/proxy/stream/frames.js')} */ (
  await import(`${dist}/proxy/stream/frames.js`)
);

const RELAY = 'bench';
const SESSIONS = 8;
const STATEMENTS_PER_SECOND = 5000;
const BATCHES_PER_SECOND = 10;
const REQUEST_STATEMENTS = 20;
const PAUSE_MS = 60;
/** As in observer/service.ts. */
const TURNS_PER_SECOND = 8;

const values = optionsOf('write-path', {
  usage: 'node bench/write-path.mjs [--fingerprints N,N] [--minutes N] [--data DIR] [--tags]',
  options: {
    fingerprints: { type: 'string', default: '10,1000,20000' },
    minutes: { type: 'string', default: '3' },
    data: { type: 'string' },
    tags: { type: 'boolean', default: false },
  },
});
for (const count of values.fingerprints.split(',')) await measure(Number(count), Number(values.minutes));
process.exit();

/** @param {number} fingerprints @param {number} minutes */
async function measure(fingerprints, minutes) {
  const dataDir = values.data ?? mkdtempSync(path.join(tmpdir(), 'pgwitness-bench-'));
  const { config } = loadConfig({ flags: {}, env: {} });
  /** @type {import('../dist/config/log.js').Log} */
  const log = { debug() {}, info() {}, warn: console.error, error: console.error, child: () => log, setLevel() {} };
  const relays = { count: 1, ended: {} };
  const { observer, pipeline, store } = await assemble(
    { ...config, dataDir },
    { log, relays, acknowledge() {}, watchesClock: false },
  );
  const spent = { observing: 0, storing: 0, writingOut: 0, upkeep: 0 };
  const longest = { storing: 0, upkeep: 0, flush: 0, writingOut: 0 };
  /** @template T @param {'storing' | 'writingOut' | 'upkeep'} part @param {() => T} act @returns {T} */
  const timed = (part, act) => {
    const [began, threadBegan] = [cpuMs(), loopMs()];
    const answer = act();
    spent[part] += cpuMs() - began;
    longest[part] = Math.max(longest[part], loopMs() - threadBegan);
    return answer;
  };
  const flush = store.flush.bind(store);
  store.flush = (all) => timed('storing', () => flush(all));
  const writeOut = store.writeOut.bind(store);
  store.writeOut = (nowMs) => timed('writingOut', () => writeOut(nowMs));
  const maintain = store.maintain.bind(store);
  store.maintain = (nowMs, trusted) => timed('upkeep', () => maintain(nowMs, trusted));
  const goOn = store.goOn.bind(store);
  store.goOn = (nowMs) => timed('upkeep', () => goOn(nowMs));

  const flushAll = observer.flush.bind(observer);
  observer.flush = (nowMs, how) => {
    const before = { ...spent };
    const [began, threadBegan] = [cpuMs(), loopMs()];
    const isStored = flushAll(nowMs, how);
    const ms = cpuMs() - began;
    longest.flush = Math.max(longest.flush, loopMs() - threadBegan);
    // What the flush did beside the store: units that end, findings, metrics.
    spent.observing += ms - (spent.storing - before.storing) - (spent.upkeep - before.upkeep);
    return isStored;
  };

  const reader = new BatchReader();
  const writer = new BatchWriter(1 << 21);
  const texts = Array.from(
    { length: fingerprints },
    (_, n) => `SELECT id, title, price FROM ${letters(n)} WHERE id = 1`,
  );
  const warmSeconds = Math.max(10, Math.ceil((fingerprints / STATEMENTS_PER_SECOND) * 1.2));
  // Whole minutes are measured, from the start of one.
  let atMs = (Math.floor(Date.now() / 60_000) - minutes - 10) * 60_000 - warmSeconds * 1000;
  let sequence = 0;
  let next = 0;
  let statements = 0;
  observer.relayBegins(RELAY, atMs);
  const send = (/** @type {Buffer} */ frame) => {
    const began = cpuMs();
    reader.read(frame.subarray(frames.FRAME_HEADER_BYTES), (observation) => observer.observe(RELAY, observation));
    observer.batchTaken(RELAY, reader.sequence);
    spent.observing += cpuMs() - began;
  };
  send(opening(writer, ++sequence, atMs));
  const size = STATEMENTS_PER_SECOND / BATCHES_PER_SECOND;
  const turnsUntil = (/** @type {number} */ batch) => Math.floor((batch * TURNS_PER_SECOND) / BATCHES_PER_SECOND);
  for (let second = -warmSeconds; second < minutes * 60; second++) {
    if (second === 0) {
      Object.assign(spent, { observing: 0, storing: 0, writingOut: 0, upkeep: 0 });
      Object.assign(longest, { storing: 0, upkeep: 0, flush: 0, writingOut: 0 });
      statements = 0;
    }
    for (let batch = 0; batch < BATCHES_PER_SECOND; batch++) {
      writer.reset();
      const fromMs = atMs + (batch * 1000) / BATCHES_PER_SECOND;
      for (let i = 0; i < size; i++) {
        const place = Math.floor(i / SESSIONS / REQUEST_STATEMENTS);
        const fields = statement(i % SESSIONS, texts[next], fromMs + (place * PAUSE_MS) / 4 + (i / size) * 20);
        next = (next + 1) % fingerprints;
        writer.statement(fields);
      }
      statements += size;
      send(Buffer.from(writer.seal(++sequence, size)));
      if (turnsUntil(batch + 1) > turnsUntil(batch)) observer.turn(fromMs + 1000 / BATCHES_PER_SECOND);
    }
    atMs += 1000;
    observer.flush(atMs);
  }
  if (pipeline.counters.statementsTotal < statements) throw new Error('not all were counted');
  const us = (/** @type {number} */ ms) => ((ms * 1000) / statements).toFixed(1).padStart(6);
  const all = spent.observing + spent.storing + spent.writingOut + spent.upkeep;
  const share = ((spent.storing + spent.writingOut + spent.upkeep) / (minutes * 600)).toFixed(1);
  console.log(
    `${String(fingerprints).padStart(6)} fingerprints: ${us(all)} µs per statement: observing ${us(spent.observing)}, storing ${us(spent.storing)}, writing out ${us(spent.writingOut)}, upkeep ${us(spent.upkeep)}; ` +
      `store and upkeep ${share} % of a core; longest turn of the loop: flush ${longest.flush.toFixed(0)} ms (storing ${longest.storing.toFixed(0)}), upkeep ${longest.upkeep.toFixed(0)}, writing out ${longest.writingOut.toFixed(0)}`,
  );
  store.close();
  console.log(`       file ${(statSync(path.join(dataDir, 'witness.db')).size / 1e6).toFixed(1)} MB`);
  if (values.data === undefined) rmSync(dataDir, { recursive: true, force: true });
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Of the thread that has the loop alone: threads that collect garbage beside it do not hold it. */
function loopMs() {
  try {
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  } catch {
    return cpuMs();
  }
}

/** @param {InstanceType<typeof BatchWriter>} writer @param {number} sequence @param {number} openedAtMs */
function opening(writer, sequence, openedAtMs) {
  writer.resyncBegin();
  for (let sessionId = 1; sessionId <= SESSIONS; sessionId++) {
    /** @type {[string, string][]} */
    const startup = [
      ['user', 'app'],
      ['database', 'shop'],
    ];
    const opened = { sessionId, openedAtMs, clientAddress: '127.0.0.1', protocolVersion: 196608, startup };
    writer.sessionOpened({ ...opened, resumed: false });
    writer.sessionReady({
      sessionId,
      serverVersion: '17.0',
      applicationName: '',
      clientEncoding: 'UTF8',
      serverTimeZone: 'Etc/UTC',
      backslashEscapes: false,
      backendPid: sessionId,
      transactionStatus: 'I',
      transactionSinceMs: openedAtMs,
    });
  }
  writer.resyncEnd();
  return Buffer.from(writer.seal(sequence, 0));
}

/** @param {number} session @param {string} text @param {number} completedAtMs */
function statement(session, text, completedAtMs) {
  const fields = emptyFields();
  fields.sessionId = 1 + session;
  fields.completedAtMs = completedAtMs;
  fields.protocol = 'extended';
  fields.text = values.tags ? `${text} /*route='/r${(text.charCodeAt(34) || 0) % 50}/'*/` : text;
  fields.completions = [{ command: 'SELECT', rows: 1 }];
  fields.dataRows = 1;
  fields.requestBytes = 100;
  fields.responseBytes = 200;
  fields.serviceNs = 150_000 + (completedAtMs % 100) * 997;
  fields.parameterHash = 1 + (completedAtMs % 1000);
  fields.parameterCount = 1;
  fields.transactionBefore = 'I';
  fields.transactionAfter = 'I';
  return fields;
}

/** A name without digits: numbered tables would share an identity. @param {number} number */
function letters(number) {
  let name = '';
  for (let rest = number + 1; rest > 0; rest = Math.floor(rest / 26)) name += String.fromCharCode(97 + (rest % 26));
  return `t_${name}`;
}
