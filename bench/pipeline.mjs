// Measures what a statement costs the observer, from a batch to the rollups.
// Without sockets and store, in ns of processor time. Prints; asserts nothing.
// Run: npm run build && node bench/pipeline.mjs

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
  const dataDir = mkdtempSync(path.join(tmpdir(), 'pgwitness-bench-'));
  const { config } = loadConfig({ flags: {}, env: {} });
  /** @type {import('../dist/config/log.js').Log} */
  const log = { debug() {}, info() {}, warn: console.error, error: console.error, child: () => log, setLevel() {} };
  const relays = { count: 1, ended: {} };
  const { observer, pipeline, store } = await assemble({ ...config, dataDir }, { log, relays, acknowledge() {} });
  const writer = new BatchWriter(1 << 20);
  writer.resyncBegin();
  for (let sessionId = 1; sessionId <= SESSIONS; sessionId++) {
    /** @type {[string, string][]} */
    const startup = [
      ['user', 'app'],
      ['database', 'shop'],
    ];
    const openedAtMs = Date.now();
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
  const opening = Buffer.from(writer.seal(1, 0));
  writer.reset();
  for (let i = 0; i < STATEMENTS; i++) {
    const text = textOf(i);
    const fields = emptyFields();
    fields.sessionId = 1 + (i % SESSIONS);
    fields.completedAtMs = Date.now();
    fields.protocol = text === null ? 'extended' : 'simple';
    fields.statementName = text === null ? 's1' : '';
    fields.text = text;
    fields.textId = text === null ? 1 : 0;
    fields.completions = [{ command: 'SELECT', rows: 1 }];
    fields.dataRows = 1;
    fields.requestBytes = 100;
    fields.responseBytes = 200;
    fields.serviceNs = 150_000 + i * 997;
    fields.transactionBefore = 'I';
    fields.transactionAfter = 'I';
    writer.statement(fields);
  }
  const batch = Buffer.from(writer.seal(2, STATEMENTS));
  const reader = new BatchReader();
  const body = frames.FRAME_HEADER_BYTES;
  const take = (/** @type {Buffer} */ frame) =>
    reader.read(frame.subarray(body), (observation) => observer.observe(RELAY, observation));
  take(opening);
  const TURNS = 12;
  let best = Number.POSITIVE_INFINITY;
  for (let part = 0; part < 12; part++) {
    const began = process.cpuUsage();
    for (let turn = 0; turn < TURNS; turn++) take(batch);
    const used = process.cpuUsage(began);
    best = Math.min(best, ((used.user + used.system) * 1000) / (TURNS * STATEMENTS));
  }
  let decoding = Number.POSITIVE_INFINITY;
  for (let part = 0; part < 6; part++) {
    const began = process.cpuUsage();
    for (let turn = 0; turn < TURNS; turn++) reader.read(batch.subarray(body), () => {});
    const used = process.cpuUsage(began);
    decoding = Math.min(decoding, ((used.user + used.system) * 1000) / (TURNS * STATEMENTS));
  }
  if (pipeline.counters.statementsTotal !== STATEMENTS * TURNS * 12) throw new Error(`${name}: not all were counted`);
  console.log(
    `${name.padEnd(28)} ${best.toFixed(0).padStart(6)} ns per statement, ${decoding.toFixed(0)} of them decoding`,
  );
  store.close();
  rmSync(dataDir, { recursive: true, force: true });
}
process.exit();
