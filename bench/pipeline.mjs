// Measures what a statement costs the observer, from a batch to the store, in ns of processor time.
// Statements come in requests of REQUEST_STATEMENTS, which end, are looked at for findings, and are flushed. Beside it
// the same with units of work off (no unit is found, counted or looked at), and decoding alone. Without sockets.
// Prints; asserts nothing. Run: npm run build && node bench/pipeline.mjs

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

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
const STATEMENTS = 2000;
const REQUEST_STATEMENTS = 20;
/** Between two requests of a session. */
const PAUSE_MS = 30;
const BATCHES = 96;
const BATCHES_PER_FLUSH = 8;
/** The first are compiled code's. */
const WARM_BATCHES = 32;
const ROUNDS = 3;
const COLUMNS = ['id', 'title', 'price', 'stock', 'author_id', 'published'].map((name) => `"shop_book"."${name}"`);
const SELECT = `SELECT ${COLUMNS.join(', ')} FROM "shop_book" WHERE "shop_book"."id" =`;
/** Statements of one turn differ, so that no comment of them repeats within 2,000. */
const tagged = (/** @type {number} */ i) =>
  `${TAG.slice(0, -2)},traceparent='00-0af7651916cd43dd8448eb211c80${1000 + i}-b7ad6b7169203331-01'*/`;
const TAG = "/*controller='book',db_driver='django',framework='django%3A5.2',route='/books/%3Cint%3Apk%3E/'*/";

/** @type {Record<string, (i: number) => string | null>} null: a prepared text, told by its number */
const CASES = {
  'prepared, known by number': () => null,
  'the same text each time': () => `${SELECT} 4242 LIMIT 21`,
  'literals of its own': (i) => `${SELECT} ${i} AND "shop_book"."title" <> 'title ${i}' LIMIT 21`,
  'a comment with tags': (i) => `${SELECT} ${i} LIMIT 21 ${TAG}`,
  'tags, and a trace of its own': (i) => `${SELECT} ${i} LIMIT 21 ${tagged(i)}`,
};

for (const [name, textOf] of Object.entries(CASES)) {
  const [whole, withoutUnits] = await leastOf(textOf);
  const numbers = [whole.ns, whole.ns - withoutUnits.ns, whole.decodingNs].map((ns) => ns.toFixed(0).padStart(6));
  console.log(`${name.padEnd(28)} ${numbers[0]} ns per statement, ${numbers[1]} of them units,${numbers[2]} decoding`);
}
process.exit();

/** In turn, so that neither has the compiled code of the other. @param {(i: number) => string | null} textOf */
async function leastOf(textOf) {
  const whole = { ns: Number.POSITIVE_INFINITY, decodingNs: Number.POSITIVE_INFINITY };
  const withoutUnits = { ...whole };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [least, hasUnits] of /** @type {const} */ ([
      [whole, true],
      [withoutUnits, false],
    ])) {
      const { ns, decodingNs } = await costOf(textOf, { hasUnits });
      least.ns = Math.min(least.ns, ns);
      least.decodingNs = Math.min(least.decodingNs, decodingNs);
    }
  }
  return [whole, withoutUnits];
}

/** @param {(i: number) => string | null} textOf @param {{ hasUnits: boolean }} of */
async function costOf(textOf, { hasUnits }) {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'pgwitness-bench-'));
  const { config } = loadConfig({ flags: {}, env: {} });
  /** @type {import('../dist/config/log.js').Log} */
  const log = { debug() {}, info() {}, warn() {}, error: console.error, child: () => log, setLevel() {} };
  const relays = { count: 1, ended: {} };
  const { observer, pipeline, store } = await assemble({ ...config, dataDir }, { log, relays, acknowledge() {} });
  if (!hasUnits) {
    const { units } = pipeline.counting;
    units.take = () => {};
    units.settled = () => false;
  }
  const reader = new BatchReader();
  const body = frames.FRAME_HEADER_BYTES;
  const batches = batchesOf(textOf);
  let ns = Number.POSITIVE_INFINITY;
  let sinceNs = 0;
  observer.relayBegins(RELAY);
  for (const [i, { frame, endMs }] of batches.entries()) {
    const began = process.cpuUsage();
    reader.read(frame.subarray(body), (observation) => observer.observe(RELAY, observation));
    observer.batchTaken(RELAY, reader.sequence);
    const isFlushed = i % BATCHES_PER_FLUSH === 0;
    if (isFlushed) observer.flush(endMs);
    const used = process.cpuUsage(began);
    sinceNs += (used.user + used.system) * 1000;
    if (!isFlushed) continue;
    if (i > WARM_BATCHES) ns = Math.min(ns, sinceNs / (BATCHES_PER_FLUSH * STATEMENTS));
    sinceNs = 0;
  }
  if (pipeline.counters.statementsTotal !== STATEMENTS * BATCHES) throw new Error('not all were counted');
  let decodingNs = Number.POSITIVE_INFINITY;
  for (const { frame } of batches.slice(1)) {
    const began = process.cpuUsage();
    reader.read(frame.subarray(body), () => {});
    const used = process.cpuUsage(began);
    decodingNs = Math.min(decodingNs, ((used.user + used.system) * 1000) / STATEMENTS);
  }
  store.close();
  rmSync(dataDir, { recursive: true, force: true });
  return { ns, decodingNs };
}

/**
 * The batches of a relay, from its first; each session's requests follow one another.
 * @param {(i: number) => string | null} textOf
 */
function batchesOf(textOf) {
  const writer = new BatchWriter(1 << 21);
  let atMs = Date.now();
  const batches = [{ frame: opening(writer, atMs), endMs: atMs }];
  for (let batch = 1; batch <= BATCHES; batch++) {
    writer.reset();
    for (let i = 0; i < STATEMENTS; i++) {
      // A round gives each session one statement of its request.
      if (i % SESSIONS === 0) atMs += i % (SESSIONS * REQUEST_STATEMENTS) === 0 ? PAUSE_MS : 0.3;
      writer.statement(statement(i, textOf(i), atMs));
    }
    batches.push({ frame: Buffer.from(writer.seal(batch + 1, STATEMENTS)), endMs: atMs });
  }
  return batches;
}

/** @param {InstanceType<typeof BatchWriter>} writer @param {number} openedAtMs */
function opening(writer, openedAtMs) {
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
  writer.textDefined(1, `${SELECT} $1 LIMIT 21`, { missingBytes: 0, reading: 0 });
  writer.resyncEnd();
  return Buffer.from(writer.seal(1, 0));
}

/** @param {number} i @param {string | null} text @param {number} completedAtMs */
function statement(i, text, completedAtMs) {
  const fields = emptyFields();
  fields.sessionId = 1 + (i % SESSIONS);
  fields.completedAtMs = completedAtMs;
  fields.protocol = text === null ? 'extended' : 'simple';
  fields.statementName = text === null ? 's1' : '';
  fields.text = text;
  fields.textId = text === null ? 1 : 0;
  fields.completions = [{ command: 'SELECT', rows: 1 }];
  fields.dataRows = 1;
  fields.requestBytes = 100;
  fields.responseBytes = 200;
  fields.serviceNs = 150_000 + (i % 100) * 997;
  fields.parameterHash = 1 + (i % REQUEST_STATEMENTS);
  fields.parameterCount = text === null ? 1 : 0;
  fields.transactionBefore = 'I';
  fields.transactionAfter = 'I';
  return fields;
}
