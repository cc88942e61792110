// A small client that speaks the Postgres protocol as bytes.
// For set-up, for playing recorded traffic, for tests that need exact messages.
// Invariant: sends exactly the messages it is told to, in order.
// Not here: building messages (messages.mjs), passwords (trust only), types, pooling.

import { createConnection } from 'node:net';
import { cstrings, message, startupPacket } from './messages.mjs';

/**
 * @typedef {object} Reply everything the server sent up to one ReadyForQuery
 * @property {(string | null)[][]} rows text format
 * @property {string[]} tags command tags
 * @property {Record<string, string> | undefined} error fields of the first ErrorResponse by their letter
 * @property {string} status transaction status of the ReadyForQuery
 */

/** @param {Buffer} body @returns {Record<string, string>} */
function errorFields(body) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const field of body.toString('utf8').split('\0')) if (field !== '') fields[field[0]] = field.slice(1);
  return fields;
}

/** @param {Buffer} body @returns {(string | null)[]} */
function rowValues(body) {
  const values = [];
  for (let column = 0, at = 2; column < body.readInt16BE(0); column++) {
    const length = body.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? null : body.toString('utf8', at, at + length));
    at += Math.max(0, length);
  }
  return values;
}

export class WireClient {
  /** @type {import('node:net').Socket} */ #socket;
  /** @type {Buffer} */ #received = Buffer.alloc(0);
  /** @type {Reply} */ #reply = { rows: [], tags: [], error: undefined, status: '' };
  /** @type {{ resolve: (reply: Reply) => void, reject: (error: Error) => void }[]} */ #waiting = [];
  /** @type {Reply[]} */ #ready = [];
  /** @type {Error | undefined} */ #ended;
  /** Process id of the server's end. */
  backendPid = 0;

  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('the server closed the connection')));
  }

  /** @param {Buffer} bytes */
  send(bytes) {
    this.#socket.write(bytes);
  }

  /**
   * Waits for the next ReadyForQuery. An ErrorResponse is part of the reply, not a rejection.
   * @returns {Promise<Reply>}
   */
  reply() {
    const ready = this.#ready.shift();
    if (ready) return Promise.resolve(ready);
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /**
   * One simple Query.
   * @param {string} sql
   * @returns {Promise<Reply>} rejects when the server says an error
   */
  async query(sql) {
    this.send(message('Q', cstrings(sql)));
    const reply = await this.reply();
    if (reply.error) throw new Error(`${reply.error.C}: ${reply.error.M} (in ${sql.slice(0, 200)})`);
    return reply;
  }

  close() {
    this.#socket.end(message('X'));
    this.#socket.unref();
  }

  /** @param {Error} error */
  #end(error) {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }

  /** @param {Buffer} chunk */
  #take(chunk) {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    let at = 0;
    while (this.#received.length - at >= 5) {
      const end = at + 1 + this.#received.readInt32BE(at + 1);
      if (this.#received.length < end) break;
      this.#handle(String.fromCharCode(this.#received[at]), this.#received.subarray(at + 5, end));
      at = end;
    }
    this.#received = this.#received.subarray(at);
  }

  /** @param {string} type @param {Buffer} body */
  #handle(type, body) {
    if (type === 'R' && body.readInt32BE(0) !== 0)
      this.#socket.destroy(new Error('the server asks for a password; this client has none'));
    else if (type === 'K') this.backendPid = body.readInt32BE(0);
    else if (type === 'D') this.#reply.rows.push(rowValues(body));
    else if (type === 'C') this.#reply.tags.push(body.toString('utf8', 0, body.length - 1));
    else if (type === 'E') {
      this.#reply.error ??= errorFields(body);
      // A refused connection is answered without a ReadyForQuery.
      if (this.#reply.error.S === 'FATAL') this.#end(new Error(`${this.#reply.error.C}: ${this.#reply.error.M}`));
    } else if (type === 'Z') {
      const reply = { ...this.#reply, status: String.fromCharCode(body[0]) };
      this.#reply = { rows: [], tags: [], error: undefined, status: '' };
      const waiting = this.#waiting.shift();
      if (waiting) waiting.resolve(reply);
      else this.#ready.push(reply);
    }
  }
}

/**
 * @param {{ host: string, port: number, startup: readonly (readonly [string, string])[] }} options
 * @returns {Promise<WireClient>} after the first ReadyForQuery
 */
export async function connect({ host, port, startup }) {
  const client = new WireClient(createConnection({ host, port }));
  client.send(startupPacket(startup));
  await client.reply();
  return client;
}
