// Measures what a statement costs the observer, from a batch to the store, in ns of processor time.
// Statements come in requests of REQUEST_STATEMENTS, which end, are looked at for findings, and are flushed. Beside it
// the same without looking for findings, the same with units of work and parameters off (no unit is found, counted or
// looked at, no literal is hashed), and decoding alone.
// Each of the three is a process set up as the observer's, since code that serves several pipelines is slower than that
// of an observer, which has one. They take turns after each flush, so that a busy machine is busy for all of them.
// Printed are means over all turns but WARM_FLUSHES, while V8 compiles: a kernel may count processor time in ticks,
// which are longer than a difference. Without sockets. Asserts nothing.
// Run: npm run build && node bench/pipeline.mjs [--only CASE,…]

import { fork } from 'node:child_process';
import { on, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { optionsOf } from '../scripts/lib/options.mjs';
import { actAsObserver, OBSERVER_HEAP } from './lib/observing.mjs';

const dist = process.env.PGWITNESS_DIST ?? new URL('../dist', import.meta.url).pathname;
const { assemble } = /** @type {typeof import('../dist/observer/assemble.js')} */ (
  await import(`${dist}/observer/assemble.js`)
);
const { UnitFeed } = /** @type {typeof import('../dist/analyzer/unit-feed.js')} */ (
  await import(`${dist}/analyzer/unit-feed.js`)
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
const { KeyedHash } = /** @type {typeof import('../dist/proxy/stream/parameters.js')} */ (
  await import(`${dist}/proxy/stream/parameters.js`)
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
const FLUSHES = 128;
const BATCHES_PER_FLUSH = 8;
/** In the first ones code is compiled, in threads that count too. An observer runs for weeks. */
const WARM_FLUSHES = 48;
/** Times that the last ones are decoded, alone. */
const DECODED = 16;
const BODY = frames.FRAME_HEADER_BYTES;
const SIDES = /** @type {const} */ (['whole', 'noFindings', 'off']);
/** @typedef {(typeof SIDES)[number]} Side */

/** @typedef {{ request: number, position: number }} At of a statement: its request, its place in it */
const COLUMNS = ['id', 'title', 'price', 'stock', 'author_id', 'published'].map((name) => `"shop_book"."${name}"`);
const SELECT = `SELECT ${COLUMNS.join(', ')} FROM "shop_book" WHERE "shop_book"."id" =`;
const TAG = "/*controller='book',db_driver='django',framework='django%3A5.2',route='/books/%3Cint%3Apk%3E/'*/";
/** A trace for each request, a span for each statement, so that no comment repeats. @param {At} at */
const traced = ({ request, position }) =>
  `${TAG.slice(0, -2)},traceparent='00-0af7651916cd43dd8448eb21${hex8(request)}-b7ad6b71${hex8(request * 32 + position)}-01'*/`;

/** null: a prepared text, told by its number. @type {Record<string, (at: At, n: number) => string | null>} */
const CASES = {
  'prepared, known by number': () => null,
  'others each, known by number': () => null,
  'the same text each time': () => `${SELECT} 4242 LIMIT 21`,
  'literals of its own': (_, n) => `${SELECT} ${n} AND "shop_book"."title" <> 'title ${n}' LIMIT 21`,
  'a comment with tags': (_, n) => `${SELECT} ${n} LIMIT 21 ${TAG}`,
  'tags, and a trace': (at, n) => `${SELECT} ${n} LIMIT 21 ${traced(at)}`,
};
const OTHERS = 'others each, known by number';

const { only, child, side } = optionsOf('pipeline', {
  usage: 'node bench/pipeline.mjs [--only CASE,…]',
  options: {
    only: { type: 'string', default: '' },
    child: { type: 'string', default: '' },
    side: { type: 'string', default: '' },
  },
});
if (child !== '') {
  await actAsObserver(dist);
  await takeTurns(child, /** @type {Side} */ (side));
  process.exit();
}
for (const name of Object.keys(CASES)) {
  if (only !== '' && !only.split(',').some((part) => name.startsWith(part))) continue;
  console.log(await costsOf(name));
}

/** @param {string} name @returns {Promise<string>} */
async function costsOf(name) {
  const script = new URL(import.meta.url).pathname;
  const processes = SIDES.map((side) =>
    fork(script, ['--child', name, '--side', side], {
      execArgv: OBSERVER_HEAP,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    }),
  );
  for (const one of processes) one.once('exit', (code) => code !== 0 && process.exit(1));
  /** @param {number} at @param {'turn' | 'decode'} what @returns {Promise<number>} ns per statement */
  const asked = async (at, what) => {
    processes[at].send(what);
    const [{ ns }] = await once(processes[at], 'message');
    return ns;
  };
  const sums = SIDES.map(() => 0);
  for (let flush = 0; flush < FLUSHES; flush++)
    for (let n = 0; n < SIDES.length; n++) {
      const at = (flush + n) % SIDES.length;
      const ns = await asked(at, 'turn');
      if (flush >= WARM_FLUSHES) sums[at] += ns;
    }
  const decoding = await asked(0, 'decode');
  for (const one of processes) one.send('end');
  await Promise.all(processes.map((one) => once(one, 'exit')));
  const [whole, noFindings, off] = sums.map((sum) => sum / (FLUSHES - WARM_FLUSHES));
  const said = { whole, off, both: whole - off, units: noFindings - off, findings: whole - noFindings, decoding };
  const ns = Object.fromEntries(Object.entries(said).map(([key, value]) => [key, value.toFixed(0).padStart(5)]));
  return (
    `${name.padEnd(28)} ${ns.whole} ns per statement, ${ns.off} with units off: ${ns.both} more ` +
    `(units ${ns.units}, findings ${ns.findings}); ${ns.decoding} decoding`
  );
}

/** Takes a flush of statements each time it is asked to. @param {string} name @param {Side} side */
async function takeTurns(name, side) {
  const { take, end } = await startSide(side);
  if (side === 'off') UnitFeed.prototype.take = /** @type {any} */ (() => undefined);
  const flushes = flushesOf(name);
  /** @type {{ frame: Buffer, endMs: number }[]} */
  let last = [];
  for await (const [what] of on(process, 'message')) {
    if (what === 'end') break;
    if (what === 'turn') {
      last = /** @type {typeof last} */ (flushes.next().value);
      process.send?.({ ns: nsOf(() => take(last)) / (BATCHES_PER_FLUSH * STATEMENTS) });
      continue;
    }
    const reader = new BatchReader();
    const decoding = nsOf(() => {
      for (let turn = 0; turn < DECODED; turn++)
        for (const { frame } of last) reader.read(frame.subarray(BODY), () => {});
    });
    process.send?.({ ns: decoding / (DECODED * BATCHES_PER_FLUSH * STATEMENTS) });
  }
  end();
}

/** @param {() => void} work */
function nsOf(work) {
  const began = process.cpuUsage();
  work();
  const used = process.cpuUsage(began);
  return (used.user + used.system) * 1000;
}

/** @param {Side} side */
async function startSide(side) {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'pgwitness-bench-'));
  const { config } = loadConfig({ flags: {}, env: {} });
  /** @type {import('../dist/config/log.js').Log} */
  const log = { debug() {}, info() {}, warn() {}, error: console.error, child: () => log, setLevel() {} };
  const { use } = KeyedHash.prototype;
  if (side === 'off') KeyedHash.prototype.use = () => {};
  const relays = { count: 1, ended: {} };
  const { observer, pipeline, store } = await assemble({ ...config, dataDir }, { log, relays, acknowledge() {} });
  KeyedHash.prototype.use = use;
  if (side === 'noFindings') pipeline.counting.findings.unitEnded = () => {};
  const reader = new BatchReader();
  observer.relayBegins(RELAY);
  return {
    /** @param {{ frame: Buffer, endMs: number }[]} frames */
    take(frames) {
      for (const { frame } of frames) {
        reader.read(frame.subarray(BODY), (observation) => observer.observe(RELAY, observation));
        observer.batchTaken(RELAY, reader.sequence);
      }
      observer.flush(frames[frames.length - 1].endMs);
    },
    end() {
      const { statementsTotal } = pipeline.counters;
      if (statementsTotal !== STATEMENTS * BATCHES_PER_FLUSH * FLUSHES) throw new Error('not all were counted');
      store.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/**
 * The batches of a relay, from its first, for one flush after another; each session's requests follow one another.
 * @param {string} name
 */
function* flushesOf(name) {
  // Buffers of their own for each flush would have V8 collect all of its memory every other one, for the bench alone.
  const writers = Array.from({ length: BATCHES_PER_FLUSH }, () => new BatchWriter(1 << 21));
  let atMs = Date.now();
  let batches = [{ frame: opening(new BatchWriter(1 << 16), atMs), endMs: atMs }];
  let n = 0;
  for (let batch = 1; batch <= FLUSHES * BATCHES_PER_FLUSH; batch++) {
    const writer = writers[batch % BATCHES_PER_FLUSH];
    writer.reset();
    for (let i = 0; i < STATEMENTS; i++, n++) {
      const turn = Math.floor(n / SESSIONS);
      const at = {
        position: turn % REQUEST_STATEMENTS,
        request: Math.floor(turn / REQUEST_STATEMENTS) * SESSIONS + (n % SESSIONS),
      };
      // A round gives each session one statement of its request.
      if (n % SESSIONS === 0) atMs += at.position === 0 ? PAUSE_MS : 0.3;
      const textId = name === OTHERS ? 1 + at.position : 1;
      writer.statement(statement(n, { text: CASES[name](at, n), textId, atMs, position: at.position }));
    }
    batches.push({ frame: writer.seal(batch + 1, STATEMENTS), endMs: atMs });
    if (batch % BATCHES_PER_FLUSH > 0) continue;
    yield batches;
    batches = [];
  }
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
  for (let textId = 1; textId <= REQUEST_STATEMENTS; textId++) {
    const text = `${SELECT} $1${' OR "shop_book"."stock" = $2'.repeat(textId - 1)} LIMIT 21`;
    writer.textDefined(textId, text, { missingBytes: 0, reading: 0 });
  }
  writer.resyncEnd();
  return writer.seal(1, 0);
}

/** @param {number} n @param {{ text: string | null, textId: number, atMs: number, position: number }} of */
function statement(n, { text, textId, atMs, position }) {
  const fields = emptyFields();
  fields.sessionId = 1 + (n % SESSIONS);
  fields.completedAtMs = atMs;
  fields.protocol = text === null ? 'extended' : 'simple';
  fields.statementName = text === null ? `s${textId}` : '';
  fields.text = text;
  fields.textId = text === null ? textId : 0;
  fields.completions = [{ command: 'SELECT', rows: 1 }];
  fields.dataRows = 1;
  fields.requestBytes = 100;
  fields.responseBytes = 200;
  fields.serviceNs = 150_000 + (n % 100) * 997;
  fields.parameterHash = 1 + position;
  fields.parameterCount = text === null ? 1 : 0;
  fields.transactionBefore = 'I';
  fields.transactionAfter = 'I';
  return fields;
}

/** @param {number} number */
function hex8(number) {
  return number.toString(16).padStart(8, '0');
}
