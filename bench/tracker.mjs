// Measures what understanding the traffic costs the relay, without sockets.
// In ns per statement, and MB/s of bulk. Prints; asserts nothing.
// Run: npm run build && node bench/tracker.mjs

import { message } from '../scripts/lib/wire/messages.mjs';
import { bind, COPY_DONE, copyData, DESCRIBE, EXECUTE, parse, query, SYNC } from './lib/messages.mjs';

const dist = process.env.PGWITNESS_DIST ?? new URL('../dist', import.meta.url).pathname;
const { Tap, tapShared } = /** @type {typeof import('../dist/proxy/watch/tap.js')} */ (
  await import(`${dist}/proxy/watch/tap.js`)
);
const { ObserverLink } = /** @type {typeof import('../dist/proxy/link/link.js')} */ (
  await import(`${dist}/proxy/link/link.js`)
);
const { TextTable } = /** @type {typeof import('../dist/proxy/session/texts.js')} */ (
  await import(`${dist}/proxy/session/texts.js`)
);
const { TrackerCounters } = /** @type {typeof import('../dist/proxy/session/session-state.js')} */ (
  await import(`${dist}/proxy/session/session-state.js`)
);
const { Clock } = /** @type {typeof import('../dist/proxy/link/clock.js')} */ (
  await import(`${dist}/proxy/link/clock.js`)
);
const { limits } = /** @type {typeof import('../dist/config/limits.js')} */ (await import(`${dist}/config/limits.js`));
const { FrameKind, controlFrame } = /** @type {typeof import('../dist/proxy/stream/frames.js')} */ (
  await import(`${dist}/proxy/stream/frames.js`)
);
const { SCHEMA_VERSION } = /** @type {typeof import('../dist/proxy/stream/observation.js')} */ (
  await import(`${dist}/proxy/stream/observation.js`)
);

const NONE = Buffer.alloc(0);
const READY = message('Z', Buffer.from('I'));
const LOGIN = Buffer.concat([message('R', Buffer.alloc(4)), message('K', Buffer.alloc(8)), READY]);
const SELECTED = message('C', Buffer.from('SELECT 1\0'));
const DESCRIBED = message('T', Buffer.alloc(150));
const row = (/** @type {number} */ bytes) => message('D', Buffer.alloc(bytes));
const TEXT =
  'SELECT "shop_book"."id", "shop_book"."title", "shop_book"."price" FROM "shop_book" WHERE "shop_book"."id" = 4242 LIMIT 21';
const KIB_64 = 65_536;

/** Cuts as a socket would. @param {Buffer} bytes */
function chunks(bytes) {
  return Array.from({ length: Math.ceil(bytes.length / KIB_64) }, (_, i) =>
    bytes.subarray(i * KIB_64, (i + 1) * KIB_64),
  );
}

/** @type {Record<string, { client: Buffer[], server: Buffer[], statements: number }>} */
const CASES = {
  simple: { client: [query(TEXT)], server: [Buffer.concat([DESCRIBED, row(60), SELECTED, READY])], statements: 1 },
  extended: {
    client: [Buffer.concat([parse('', TEXT), bind('', ['4242']), DESCRIBE, EXECUTE, SYNC])],
    server: [Buffer.concat([message('1', NONE), message('2', NONE), DESCRIBED, row(60), SELECTED, READY])],
    statements: 1,
  },
  prepared: {
    client: [Buffer.concat([bind('s1', ['4242']), EXECUTE, SYNC])],
    server: [Buffer.concat([message('2', NONE), row(60), SELECTED, READY])],
    statements: 1,
  },
  'pipelined, 100 deep': {
    client: [
      Buffer.concat([...Array.from({ length: 100 }, () => Buffer.concat([bind('s1', ['4242']), EXECUTE])), SYNC]),
    ],
    server: [
      Buffer.concat([
        ...Array.from({ length: 100 }, () => Buffer.concat([message('2', NONE), row(60), SELECTED])),
        READY,
      ]),
    ],
    statements: 100,
  },
  '1,000 rows of 100 bytes': {
    client: [query(TEXT)],
    server: chunks(Buffer.concat([DESCRIBED, ...Array.from({ length: 1000 }, () => row(100)), SELECTED, READY])),
    statements: 1,
  },
  'COPY out, lines of 80 bytes': {
    client: [query('COPY t TO STDOUT')],
    server: chunks(
      Buffer.concat([
        message('H', Buffer.alloc(7)),
        ...Array.from({ length: 20_000 }, () => copyData(Buffer.alloc(80))),
        message('c', NONE),
        message('C', Buffer.from('COPY 20000\0')),
        READY,
      ]),
    ),
    statements: 1,
  },
  'COPY in, 8 KiB messages': {
    client: [
      query('COPY t FROM STDIN'),
      ...chunks(Buffer.concat([...Array.from({ length: 200 }, () => copyData(Buffer.alloc(8192))), COPY_DONE])),
    ],
    server: [Buffer.concat([message('G', Buffer.alloc(7)), message('C', Buffer.from('COPY 2000\0')), READY])],
    statements: 1,
  },
};

/** A link whose other end takes everything and acknowledges when it is told to. @param {boolean} hashes parameters */
function openTap(hashes) {
  const clock = new Clock();
  /** @type {import('../dist/config/log.js').Log} */
  const log = { debug() {}, info() {}, warn: console.error, error: console.error, child: () => log, setLevel() {} };
  const texts = new TextTable(limits.internedTextBytesMax);
  const counters = new TrackerCounters();
  const link = new ObserverLink({ relayId: 'bench', version: '0', limits, clock, texts, sessions: () => [], log });
  /** @type {Map<string, (chunk: Buffer) => void>} */
  const handlers = new Map();
  let bytes = 0;
  let sequence = 0;
  const socket = {
    writableLength: 0,
    on: (/** @type {string} */ name, /** @type {(chunk: Buffer) => void} */ handler) => handlers.set(name, handler),
    write: (/** @type {Buffer} */ chunk) => {
      bytes += chunk.length;
      if (chunk[4] === FrameKind.batch) sequence = chunk.readDoubleLE(5);
      return true;
    },
    destroy() {},
  };
  link.attach(/** @type {import('node:stream').Duplex} */ (/** @type {unknown} */ (socket)));
  const key = hashes ? { parameterKey: [1, 2] } : {};
  handlers.get('data')?.(controlFrame(FrameKind.welcome, { schemaVersion: SCHEMA_VERSION, lastSequence: 0, ...key }));
  const shared = tapShared({ link, clock, counters, texts, log });
  const opened = { sessionId: 1, openedAtMs: 0, clientAddress: '', protocolVersion: 196608, startup: [] };
  const tap = new Tap(opened, { shared, interpret: 'always', off: false });
  tap.server(LOGIN);
  tap.client(Buffer.concat([parse('s1', TEXT), SYNC]));
  tap.server(Buffer.concat([message('1', NONE), READY]));
  /** Everything sent so far is stored. */
  const acknowledge = () => {
    const ack = Buffer.alloc(13);
    ack.writeUInt32LE(9, 0);
    ack[4] = FrameKind.ack;
    ack.writeDoubleLE(sequence, 5);
    handlers.get('data')?.(ack);
  };
  return { tap, counters, acknowledge, sent: () => bytes };
}

for (const [name, { client, server, statements }] of Object.entries(CASES)) {
  const bytes = [...client, ...server].reduce((sum, chunk) => sum + chunk.length, 0);
  const turns = Math.max(5, Math.round(2e5 / statements / (1 + bytes / 2000)));
  const taps = [false, true].map((hashes) => ({ ...openTap(hashes), best: Number.POSITIVE_INFINITY }));
  for (let part = 0; part < 10; part++) {
    // In turns, so that a busy machine slows both.
    for (const one of taps) {
      const { tap, acknowledge } = one;
      // Processor time, so that a busy machine changes it little.
      const began = process.cpuUsage();
      for (let turn = 0; turn < turns; turn++) {
        for (const chunk of client) tap.client(chunk);
        for (const chunk of server) tap.server(chunk);
      }
      acknowledge();
      const used = process.cpuUsage(began);
      one.best = Math.min(one.best, ((used.user + used.system) * 1000) / turns);
    }
  }
  for (const { counters, sent } of taps)
    if (counters.adriftTotal + counters.opaqueTotal > 0 || sent() === 0) throw new Error(`${name} is not tracked`);
  const [without, best] = taps.map((one) => one.best);
  const perStatement = `${(best / statements).toFixed(0).padStart(8)} ns per statement`;
  const hashing = `${((best - without) / statements).toFixed(0).padStart(4)} of them for parameters`;
  console.log(`${name.padEnd(30)} ${perStatement}, ${hashing}  ${((bytes / best) * 1000).toFixed(0).padStart(7)} MB/s`);
}
process.exit();
