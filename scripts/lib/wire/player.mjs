// Plays what recorder.mjs wrote down: the same messages at the same pace.
// It opens as many connections and keeps the order.
// Invariant: a message is sent only after every reply that had come before it in the recording.
// Not here: making the tables.

import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from './client.mjs';
import { cstrings, message } from './messages.mjs';

/** A lock may go to another connection than in the recording; then going on is what frees it. */
const STUCK_MS = 8000;
/** Of one that takes a number from a sequence: what follows names that number, so the next one must not overtake it. */
const OVERTAKEN_MS = 1500;

/**
 * @typedef {object} Line as recorder.mjs describes it
 * @property {number} c
 * @property {number} [at]
 * @property {[string, string][]} [startup]
 * @property {[string, string][]} [send]
 * @property {string[]} [done]
 * @property {boolean} [close]
 */

/** @param {readonly [string, string]} recorded @returns {Buffer} */
function bytesOf([type, body]) {
  return message(type, type === 'Q' ? cstrings(body) : Buffer.from(body, 'base64'));
}

/** @param {readonly [string, string]} recorded @returns {boolean} */
function takesNumber([type, body]) {
  const text = type === 'Q' ? body : type === 'P' ? Buffer.from(body, 'base64').toString('latin1') : '';
  return text.includes('INSERT INTO') || text.includes('nextval(');
}

/**
 * @param {readonly Line[]} lines
 * @param {{ host: string, port: number, user: string, database: string, pace?: number, signal?: AbortSignal,
 *   onProgress?: (line: number) => void }} options `pace` 0 = as fast as the replies come, 1 = as recorded
 * @returns {Promise<{ connections: number, requests: number, unexpected: string[] }>}
 *   `unexpected`: replies whose error is not the recorded one
 */
export async function playWire(lines, { host, port, user, database, pace = 1, signal, onProgress }) {
  const startedAt = Date.now();
  const firstAt = lines.find((line) => line.at !== undefined)?.at ?? 0;
  /**
   * @type {Map<number, { client: import('./client.mjs').WireClient, owed: number, settled: Promise<void>,
   * errors: string[] }>}
   */
  const open = new Map();
  /** @type {string[]} */
  const unexpected = [];
  let connections = 0;
  let requests = 0;

  const settle = (/** @type {{ settled: Promise<void> }} */ session, ms = STUCK_MS) =>
    Promise.race([session.settled, sleep(ms, undefined, { ref: false })]);

  try {
    for (const [number, line] of lines.entries()) {
      if (signal?.aborted) break;
      onProgress?.(number);
      if (line.at !== undefined && pace > 0) {
        const early = startedAt + (line.at - firstAt) / pace - Date.now();
        if (early > 1) await sleep(early);
      }
      if (line.startup) {
        const own = { user, database };
        const startup = line.startup.map(
          ([name, value]) => /** @type {[string, string]} */ ([name, own[/** @type {'user'} */ (name)] ?? value]),
        );
        const client = await connect({ host, port, startup });
        open.set(line.c, { client, owed: 0, settled: Promise.resolve(), errors: [] });
        connections++;
        continue;
      }
      const session = open.get(line.c);
      if (session === undefined) continue;
      if (line.send) {
        // One that was stuck has to answer before it goes on.
        if (session.owed > 0) await session.settled;
        session.client.send(Buffer.concat(line.send.map(bytesOf)));
        session.owed++;
        requests++;
        session.settled = session.client.reply().then((reply) => {
          session.owed--;
          if (reply.error) session.errors.push(reply.error.C);
        });
        // Its failure is seen where it is awaited.
        session.settled.catch(() => {});
        if (line.send.some(takesNumber)) await settle(session, OVERTAKEN_MS);
      } else if (line.done) {
        await settle(session);
        const got = session.errors.splice(0).join();
        if (got !== line.done.join())
          unexpected.push(`connection ${line.c}: ${got || 'no error'} instead of ${line.done.join() || 'none'}`);
      } else if (line.close) {
        await settle(session);
        session.client.close();
        open.delete(line.c);
      }
    }
  } finally {
    for (const { client } of open.values()) client.close();
  }
  return { connections, requests, unexpected };
}
