// The clients of the soak: a process that connects, asks and leaves, well and badly.
// As often as it is told; or it holds idle connections.
// Invariant: of every cycle it is known what must have been seen of it (lib/soak-kinds.mjs); one that goes another
// way than its kind says is a failure, with its reason. It is told over IPC:
//   { host, port, authority } → { ready }       { cycles, concurrency } → Cycled
//   { idle: N } → { open }     { ask: true } → { answered }     { leave: true } → { left }
// Not here: what pgwitness holds meanwhile (soak.mjs).

import { createConnection } from 'node:net';
import { startupPacket } from '../scripts/lib/wire/messages.mjs';
import { query, TERMINATE } from './lib/messages.mjs';
import { runCycle, SCHEDULE } from './lib/soak-kinds.mjs';

const LOGIN = startupPacket([
  ['user', 'postgres'],
  ['database', 'postgres'],
  ['application_name', 'soak idle'],
]);
const READY_BYTES = 6;
/** Connections that log in at once: the server's queue of new ones is short. */
const LOGINS_AT_ONCE = 50;
/** Nothing here takes long; what does is stuck. */
const STUCK_MS = 60_000;
const REASONS_MAX = 5;

/**
 * @typedef {object} Cycled
 * @property {number} cycles
 * @property {number} sessions that surely were opened
 * @property {number} sessionsPerhaps left so early that nobody can know
 * @property {number} sent queries, all of which pgwitness has read
 * @property {number} cut off: those that were left before their answer
 * @property {number} failures
 * @property {string[]} reasons
 */

/** @type {{ host: string, port: number, authority: string }} */
let at;
let turn = 0;

/** @param {{ cycles: number, concurrency: number }} told @returns {Promise<Cycled>} */
function cycle({ cycles, concurrency }) {
  const total = {
    cycles,
    sessions: 0,
    sessionsPerhaps: 0,
    sent: 0,
    cut: 0,
    failures: 0,
    reasons: /** @type {string[]} */ ([]),
  };
  return new Promise((resolve) => {
    let begun = 0;
    let ended = 0;
    const watch = setInterval(() => {
      if (ended === cycles || performance.now() - movedMs < STUCK_MS) return;
      console.error(`soak-load: ${begun - ended} connections are stuck`);
      process.exit(1);
    }, 1000);
    let movedMs = performance.now();
    const next = () => {
      if (begun === cycles) return;
      begun++;
      const kind = SCHEDULE[turn++ % SCHEDULE.length];
      runCycle(kind, at, (reason) => {
        movedMs = performance.now();
        total.sessions += kind.session === 'sure' ? 1 : 0;
        total.sessionsPerhaps += kind.session === 'perhaps' ? 1 : 0;
        total.sent += kind.sends;
        total.cut += kind.cut ?? 0;
        if (reason !== '') {
          total.failures++;
          if (total.reasons.length < REASONS_MAX) total.reasons.push(`${kind.name}: ${reason}`);
        }
        if (++ended === cycles) {
          clearInterval(watch);
          resolve(total);
        } else next();
      });
    };
    for (let i = 0; i < Math.min(concurrency, cycles); i++) next();
  });
}

class Idle {
  /** @type {() => void} */ onReady = () => {};
  isOpen = true;

  constructor() {
    const { host, port } = at;
    this.socket = createConnection({ host, port, noDelay: true });
    this.socket.on('data', (chunk) => this.#data(chunk));
    this.socket.on('error', (error) => fail(error));
    this.socket.on('close', () => {
      if (this.isOpen) fail(new Error('an idle connection was closed'));
    });
  }

  /** @param {Buffer} bytes */
  ask(bytes) {
    return new Promise((resolve) => {
      this.onReady = () => resolve(undefined);
      this.socket.write(bytes);
    });
  }

  /** @param {boolean} politely */
  leave(politely) {
    this.isOpen = false;
    return new Promise((resolve) => {
      this.socket.on('close', resolve);
      if (politely) this.socket.end(TERMINATE);
      else this.socket.resetAndDestroy();
    });
  }

  /** Answers are short and come in one piece. @param {Buffer} chunk */
  #data(chunk) {
    if (chunk[0] === 0x45) fail(new Error(chunk.toString('latin1').replaceAll('\0', ' ')));
    if (chunk[chunk.length - READY_BYTES] === 0x5a) this.onReady();
  }
}

/** @param {Error} error */
function fail(error) {
  console.error(`soak-load: ${error.message}`);
  process.exit(1);
}

/** @type {Idle[]} */
let idles = [];

/** @template T @param {readonly T[]} all @param {(each: T, index: number) => Promise<unknown>} act */
async function inGroups(all, act) {
  for (let from = 0; from < all.length; from += LOGINS_AT_ONCE)
    await Promise.all(all.slice(from, from + LOGINS_AT_ONCE).map((each, i) => act(each, from + i)));
}

/** @param {any} told */
async function answer(told) {
  if ('port' in told) {
    at = told;
    return { ready: true };
  }
  if ('cycles' in told) return cycle(told);
  if ('idle' in told) {
    const numbers = Array.from({ length: told.idle }, (_, i) => i);
    await inGroups(numbers, async () => {
      const idle = new Idle();
      idles.push(idle);
      await idle.ask(LOGIN);
    });
    return { open: idles.length };
  }
  if ('ask' in told) {
    await inGroups(idles, (idle) => idle.ask(query('SELECT 1')));
    return { answered: idles.length };
  }
  await inGroups(idles, (idle, index) => idle.leave(index % 2 === 0));
  const left = idles.length;
  idles = [];
  return { left };
}

process.on('message', async (told) => process.send?.(await answer(told)));
process.on('disconnect', () => process.exit(0));
