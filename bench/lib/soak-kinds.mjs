// The ways in which the clients of the soak come and go, and what must have been seen of each.
// Invariant: a client that leaves badly in a query does so when the server is known to have it (a notice came), so
// that what pgwitness has to count is known exactly; only who leaves in the middle of the login may or may not have
// become a session.
// Not here: how many (soak-load.mjs).

import { createConnection } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { report, startupPacket } from '../../scripts/lib/wire/messages.mjs';
import { query, TERMINATE } from './messages.mjs';

/**
 * @typedef {object} Kind
 * @property {string} name
 * @property {string} what for the report
 * @property {number} percent of all cycles
 * @property {'sure' | 'no' | 'perhaps'} session whether it becomes one
 * @property {number} sends queries that are answered or at least begun
 * @property {number} [cut] queries left before their answer
 *
 * @typedef {{ host: string, port: number, authority: string }} At
 */

const LOGIN = startupPacket([
  ['user', 'postgres'],
  ['database', 'postgres'],
  ['application_name', 'soak'],
]);
const QUERY = query('SELECT 1');
/** Says that it runs, and then does for a while. The stub server knows it by its notice. */
const SLOW_QUERY = query("DO $$ BEGIN RAISE NOTICE 'running'; PERFORM pg_sleep(2); END $$");
const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex');
const CANCEL_REQUEST = Buffer.from('0000001004d2162e0000000700000007', 'hex');
const GARBAGE = Buffer.from('GET / HTTP/1.1\r\nHost: soak\r\n\r\n');
const READY_BYTES = 6;
const NOTICE = 0x4e; // N

/** @type {readonly Kind[]} */
export const KINDS = [
  { name: 'orderly', what: 'one query, its answer, Terminate', percent: 71, session: 'sure', sends: 1 },
  { name: 'reset', what: 'one query, its answer, a reset', percent: 6, session: 'sure', sends: 1 },
  {
    name: 'half-close',
    what: 'closes its sending half behind the query, takes the answer',
    percent: 5,
    session: 'sure',
    sends: 1,
  },
  { name: 'reset-in-query', what: 'a reset while its query runs', percent: 4, session: 'sure', sends: 1, cut: 1 },
  { name: 'tls', what: 'over TLS: one query, its answer, Terminate', percent: 1, session: 'sure', sends: 1 },
  { name: 'left-in-login', what: 'a StartupMessage, and gone', percent: 4, session: 'perhaps', sends: 0 },
  { name: 'half-startup', what: 'half a StartupMessage, and gone', percent: 2, session: 'no', sends: 0 },
  { name: 'silent', what: 'gone without a byte', percent: 3, session: 'no', sends: 0 },
  { name: 'garbage', what: 'an HTTP request', percent: 2, session: 'no', sends: 0 },
  { name: 'cancel', what: 'a CancelRequest', percent: 2, session: 'no', sends: 0 },
];

/** A hundred cycles in which each kind has its share, mixed. */
export const SCHEDULE = (() => {
  const all = KINDS.flatMap((kind) => Array.from({ length: kind.percent }, () => kind));
  // 37 and 100 have no common divisor: every place is met once.
  return all.map((_, i) => all[(i * 37) % all.length]);
})();

/** @param {Kind} kind @param {At} at @param {(reason: string) => void} ended '' = as the kind says */
export function runCycle(kind, at, ended) {
  const { host, port } = at;
  const socket = createConnection({ host, port, noDelay: true, allowHalfOpen: kind.name === 'half-close' });
  let reason = '';
  socket.on('error', (error) => {
    reason ||= error.message;
  });
  /** @param {string} why */
  const finished = (why) => ended(reason || why);
  if (kind.session === 'sure') {
    if (kind.name === 'tls') encrypted(socket, { at, finished });
    else new Asking(socket, { kind, finished }).begin();
    return;
  }
  let bytes = 0;
  socket.on('data', (chunk) => {
    bytes += chunk.length;
  });
  // Who leaves in the login may be answered; that it is no longer there is no failure.
  socket.on('close', () => (kind.session === 'perhaps' ? ended('') : finished(bytes > 0 ? 'it was answered' : '')));
  socket.on('connect', () => {
    if (kind.name === 'silent') socket.destroy();
    else if (kind.name === 'half-startup') socket.end(LOGIN.subarray(0, 20));
    else if (kind.name === 'garbage') socket.write(GARBAGE);
    else if (kind.name === 'cancel') socket.write(CANCEL_REQUEST);
    else socket.write(LOGIN, () => socket.destroy());
  });
}

/** @param {import('node:net').Socket} plain @param {{ at: At, finished: (why: string) => void }} how */
function encrypted(plain, { at, finished }) {
  plain.write(SSL_REQUEST);
  plain.once('data', (answer) => {
    if (answer.toString() !== 'S') {
      plain.destroy();
      finished(`SSLRequest was answered ${answer}`);
      return;
    }
    const stream = connectTls({ socket: plain, ca: at.authority, servername: 'localhost' });
    stream.on('error', (error) => finishOnce(error.message));
    new Asking(stream, { kind: KINDS[0], finished: (why) => finishOnce(why) }).begin();
  });
  let isFinished = false;
  const finishOnce = (/** @type {string} */ why) => {
    if (isFinished) return;
    isFinished = true;
    finished(why);
  };
}

/** Logs in, asks once, and leaves as its kind says. */
class Asking {
  #socket;
  #kind;
  #finished;
  #readies = 0;
  /** @type {Buffer} */ #tail = Buffer.alloc(0);

  /** @param {import('node:net').Socket} socket @param {{ kind: Kind, finished: (why: string) => void }} how */
  constructor(socket, { kind, finished }) {
    this.#socket = socket;
    this.#kind = kind;
    this.#finished = finished;
  }

  begin() {
    const socket = this.#socket;
    socket.on('data', (chunk) => this.#data(chunk));
    socket.on('close', () => {
      const wanted = this.#kind.cut === undefined ? 2 : 1;
      this.#finished(this.#readies >= wanted ? '' : `closed after ${this.#readies} answers`);
    });
    socket.write(LOGIN);
  }

  /** @param {Buffer} chunk */
  #data(chunk) {
    if (this.#kind.cut !== undefined && this.#readies === 1 && chunk[0] === NOTICE) {
      this.#socket.resetAndDestroy();
      return;
    }
    const tail = chunk.length >= READY_BYTES ? chunk : Buffer.concat([this.#tail, chunk]);
    const at = tail.length - READY_BYTES;
    this.#tail = tail.subarray(Math.max(0, at));
    if (at < 0 || tail[at] !== 0x5a || tail.readInt32BE(at + 1) !== READY_BYTES - 1) return;
    if (++this.#readies === 1) this.#ask();
    else this.#leave();
  }

  #ask() {
    if (this.#kind.name === 'half-close') this.#socket.end(QUERY);
    else this.#socket.write(this.#kind.cut === undefined ? QUERY : SLOW_QUERY);
  }

  #leave() {
    if (this.#kind.name === 'reset') this.#socket.resetAndDestroy();
    else if (this.#kind.name !== 'half-close') this.#socket.end(TERMINATE);
  }
}

/** What the stub server answers to SLOW_QUERY, and no more. */
export const NOTICE_MESSAGE = report('N', { severity: 'NOTICE', sqlstate: '00000', text: 'running' });
