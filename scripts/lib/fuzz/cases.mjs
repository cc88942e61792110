// The kinds of fuzz cases: makes a case from random numbers, and runs one.
// Running throws when something does not hold.
// Invariant: a case is plain data (kind and parts), so that what crashed once is saved and run again without its
// seed.
// Not here: counting and saving (run.mjs), what is checked of a tracker (witness.mjs).

import { conversation } from './conversation.mjs';
import { client, message, recordings, server } from './messages.mjs';
import { mutated } from './mutate.mjs';
import { TIGHT, WIDE, Witness } from './witness.mjs';

/** @import { Random } from './random.mjs' */
/** @import { Part } from './messages.mjs' */
/** @import { Subject } from './witness.mjs' */

/**
 * @typedef {object} Case
 * @property {'conversation' | 'damaged' | 'startup' | 'codec'} kind
 * @property {Part[]} parts as they arrive; of startup and codec there is one direction
 * @property {import('./witness.mjs').Bounds} bounds of the tracker: TIGHT ones are reached by the stream
 * @property {readonly import('./conversation.mjs').Expected[]} [expected] of a conversation: what must be witnessed
 * @property {number} [skipped] of a conversation
 */

const CLIENT_CODES = 'BCDEFHPQSXcdfp';
const SERVER_CODES = '123ACDEGHIKNRSTVWZcdnstv';

/** @type {Part[][] | undefined} */
let recorded;

/** @param {Random} random @returns {Case} */
export function makeCase(random) {
  const bounds = random.oneIn(4) ? TIGHT : WIDE;
  switch (random.below(20)) {
    case 0:
      return { kind: 'startup', bounds, parts: startupParts(random) };
    case 1:
      return { kind: 'codec', bounds, parts: [{ from: 'client', bytes: random.bytes(random.between(0, 200)) }] };
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 7: {
      const { parts, expected, skipped } = conversation(random);
      return { kind: 'conversation', bounds: WIDE, parts: recut(parts, random), expected, skipped };
    }
    case 8:
    case 9:
      return { kind: 'damaged', bounds, parts: recut(garbage(random), random) };
    default: {
      recorded ??= recordings();
      const parts = random.oneIn(2) ? random.pick(recorded) : conversation(random).parts;
      return { kind: 'damaged', bounds, parts: recut(mutated(parts, random.between(1, 5), random), random) };
    }
  }
}

/**
 * @param {Subject} subject
 * @param {Case} it
 * @returns {string} how it ended, for the summary
 */
export function runCase(subject, it) {
  if (it.kind === 'startup') return runStartup(subject, it.parts);
  if (it.kind === 'codec') return runCodec(subject, it.parts[0].bytes);
  const witness = new Witness(subject, it.bounds);
  for (const { from, bytes } of it.parts) witness.feed(from, bytes);
  let end = /** @type {string} */ (witness.state);
  if (it.expected) mustBeExact(witness, it);
  else end = witness.probe(PROBE);
  witness.close();
  if (it.expected) mustHaveSeen(witness, it.expected);
  sameInOneCut(subject, it);
  return end;
}

const PROBE = {
  sync: client.sync(),
  query: client.query,
  ready: server.ready('I'),
  complete: server.complete('SELECT 1'),
};

/** @param {Witness} witness @param {Case} it */
function mustBeExact({ counters, state }, it) {
  const { adriftTotal, opaqueTotal, unmatchedReadyTotal, skippedTotal } = counters;
  if (adriftTotal + opaqueTotal + unmatchedReadyTotal > 0 || state !== 'exact' || skippedTotal !== it.skipped)
    throw new Error(
      `a conversation as the server would have it: ${JSON.stringify(counters)}, ${state}, skipped should be ${it.skipped}`,
    );
}

/** @param {Witness} witness @param {readonly import('./conversation.mjs').Expected[]} expected */
function mustHaveSeen({ seen }, expected) {
  const line = (/** @type {{ text: string | null, calls: number, sqlstate: string }} */ { text, calls, sqlstate }) =>
    `${text} ${calls} ${sqlstate}`;
  const got = seen.map(line).sort();
  const wanted = expected.map(line).sort();
  for (let i = 0; i < Math.max(got.length, wanted.length); i++)
    if (got[i] !== wanted[i]) throw new Error(`witnessed ${JSON.stringify(got)}, sent ${JSON.stringify(wanted)}`);
}

/** However the stream is cut, the tracker says the same. @param {Subject} subject @param {Case} it */
function sameInOneCut(subject, { parts, bounds }) {
  const [a, b] = [new Witness(subject, bounds), new Witness(subject, bounds)];
  for (const { from, bytes } of runs(parts)) {
    a.feed(from, bytes);
    for (let at = 0; at < bytes.length; at += 3) b.feed(from, bytes.subarray(at, at + 3));
  }
  a.close();
  b.close();
  const [whole, pieces] = [a.lines.join('\n'), b.lines.join('\n')];
  if (whole !== pieces) throw new Error(`cut differently it says differently:\n${whole}\n---\n${pieces}`);
}

/** Neighbours of one direction joined. @param {readonly Part[]} parts */
function runs(parts) {
  /** @type {{ from: Part['from'], bytes: Buffer[] }[]} */
  const joined = [];
  for (const { from, bytes } of parts) {
    const last = joined.at(-1);
    if (last?.from === from) last.bytes.push(bytes);
    else joined.push({ from, bytes: [bytes] });
  }
  return joined.map(({ from, bytes }) => ({ from, bytes: Buffer.concat(bytes) }));
}

/** Other boundaries than those of messages. @param {readonly Part[]} parts @param {Random} random @returns {Part[]} */
export function recut(parts, random) {
  if (random.oneIn(3)) return [...parts];
  const longest = random.pick([1, 7, 40, 1000]);
  return runs(parts).flatMap(({ from, bytes }) => {
    /** @type {Part[]} */
    const pieces = [];
    for (let at = 0; at < bytes.length; ) {
      const take = random.between(1, longest);
      pieces.push({ from, bytes: bytes.subarray(at, at + take) });
      at += take;
    }
    return pieces;
  });
}

/** Messages in no order, and bytes that are none. @param {Random} random @returns {Part[]} */
function garbage(random) {
  /** @type {Part[]} */
  const parts = random.oneIn(4) ? [] : server.greeting().map((bytes) => ({ from: 'server', bytes }));
  for (let i = random.between(1, 40); i > 0; i--) {
    const from = random.oneIn(2) ? 'client' : 'server';
    const code = random.pick([...(from === 'client' ? CLIENT_CODES : SERVER_CODES)]);
    const bodyBytes = code === 'Z' ? 1 : random.oneIn(3) ? random.below(60) : 0;
    const bytes = random.oneIn(40) ? random.bytes(random.between(1, 30)) : message(code, random.bytes(bodyBytes));
    parts.push({ from, bytes });
  }
  return parts;
}

/** @param {Random} random @returns {Part[]} */
function startupParts(random) {
  const code = random.pick([196608, 196610, 80877102, 80877103, 80877104, 131072, random.next() | 0]);
  const pairs = Array.from(
    { length: random.below(6) },
    () => `user\0${random.bytes(random.below(9)).toString('latin1')}\0`,
  );
  const body = Buffer.from(pairs.join('') + (random.oneIn(5) ? '' : '\0'), 'latin1');
  const packet = Buffer.alloc(8 + body.length);
  packet.writeInt32BE(
    random.oneIn(3) ? random.pick([0, 4, 7, 8, 10_004, 10_005, -1, random.next() | 0]) : packet.length,
  );
  packet.writeInt32BE(code, 4);
  body.copy(packet, 8);
  return mutated([{ from: 'client', bytes: packet }], random.below(3), random);
}

/** What it says of a packet must not depend on what follows, and it must say nothing before the packet is whole. */
/** @param {Subject} subject @param {Part[]} parts */
function runStartup({ readFirstPacket }, parts) {
  const bytes = Buffer.concat(parts.map((part) => part.bytes));
  let end = 'incomplete';
  for (let length = 0; length <= bytes.length; length++) {
    const packet = readFirstPacket(bytes.subarray(0, length));
    if (end !== 'incomplete' && packet.kind !== end) throw new Error(`${end}, and with more bytes ${packet.kind}`);
    end = packet.kind;
    if ('bytes' in packet && packet.bytes > length) throw new Error(`${packet.bytes} bytes of ${length}`);
  }
  return `startup ${end}`;
}

/**
 * Frames and records of any bytes: a RangeError or an observation, in bounded time.
 * @param {Subject} subject
 * @param {Buffer} bytes
 */
function runCodec({ BatchReader, FrameKind, FrameReader }, bytes) {
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, FrameKind.batch]), Buffer.alloc(12), bytes]);
  frame.writeUInt32LE(frame.length - 4, 0);
  let observations = 0;
  try {
    new FrameReader().feed(frame, (_kind, body) => new BatchReader().read(body, () => observations++));
    new FrameReader().feed(bytes, (_kind, body) => new BatchReader().read(body, () => observations++));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return 'codec refused';
  }
  return 'codec read';
}
