// A relay between pgwitness and Postgres that counts what the server answered.
// It is a witness of its own for "observed + not observed = sent".
// Invariant: every byte goes on before it is looked at, half-closes and resets included. It shares no code with
// proxy/.
// Not here: TLS (pgwitness talks plaintext to it), what the statements were. Messages: PostgreSQL documentation,
// "Message Formats".

import { createConnection, createServer } from 'node:net';

const TYPE = { commandComplete: 0x43, error: 0x45, ready: 0x5a, suspended: 0x73 };
/** An ErrorResponse longer than this is counted by its start; the severity is the first field. */
const ERROR_BYTES_KEPT = 64;

/**
 * @typedef {object} Answered since the last reset, on connections that logged in and are not replication's
 * @property {number} completed CommandComplete
 * @property {number} errors ErrorResponse of severity ERROR
 * @property {number} fatal ErrorResponse of severity FATAL or PANIC: with or without a statement to answer
 * @property {number} suspended PortalSuspended: a portal left like this is a call without CommandComplete
 * @property {number} sessions connections that logged in
 * @property {number} replication connections that asked for replication
 */

/** Walks over the server's messages by their headers. */
class AnswerCounter {
  /** @type {Answered} */ #answered;
  #head = Buffer.alloc(5);
  #headBytes = 0;
  #bodyBytes = 0;
  #error = '';
  #loggedIn = false;

  /** @param {Answered} answered */
  constructor(answered) {
    this.#answered = answered;
  }

  /** @param {Buffer} chunk */
  push(chunk) {
    for (let at = 0; at < chunk.length; ) {
      if (this.#headBytes < 5) {
        this.#head[this.#headBytes++] = chunk[at++];
        if (this.#headBytes === 5) this.#bodyBytes = this.#head.readInt32BE(1) - 4;
      } else {
        const end = Math.min(chunk.length, at + this.#bodyBytes);
        if (this.#head[0] === TYPE.error && this.#error.length < ERROR_BYTES_KEPT)
          this.#error += chunk.toString('latin1', at, end);
        this.#bodyBytes -= end - at;
        at = end;
      }
      if (this.#headBytes === 5 && this.#bodyBytes === 0) this.#ended();
    }
  }

  #ended() {
    const type = this.#head[0];
    const error = this.#error;
    this.#headBytes = 0;
    this.#error = '';
    if (type === TYPE.ready && !this.#loggedIn) {
      this.#loggedIn = true;
      this.#answered.sessions++;
    }
    if (!this.#loggedIn) return;
    if (type === TYPE.commandComplete) this.#answered.completed++;
    else if (type === TYPE.suspended) this.#answered.suspended++;
    else if (type === TYPE.error) this.#answered[/V(FATAL|PANIC)\0/.test(error) ? 'fatal' : 'errors']++;
  }
}

/** The startup packet is the first thing a client says here. @param {Buffer} packet */
function asksForReplication(packet) {
  const texts = packet.toString('latin1', 8).split('\0');
  const at = texts.findIndex((text, i) => i % 2 === 0 && text === 'replication');
  return at >= 0 && !['false', 'off', 'no', '0'].includes(texts[at + 1]);
}

/**
 * @param {{ host: string, port: number }} upstream
 * @returns {Promise<{ host: string, port: number, answered: () => Answered, close: () => void }>}
 */
export async function startCountingRelay(upstream) {
  /** @type {Answered} */
  const answered = { completed: 0, errors: 0, fatal: 0, suspended: 0, sessions: 0, replication: 0 };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const backend = createConnection({ ...upstream, allowHalfOpen: true, noDelay: true });
    /** @type {AnswerCounter | undefined} */
    let counter = new AnswerCounter(answered);
    client.once('data', (packet) => {
      if (!asksForReplication(packet)) return;
      counter = undefined;
      answered.replication++;
    });
    backend.on('data', (chunk) => counter?.push(chunk));
    for (const [from, to] of [
      [client, backend],
      [backend, client],
    ]) {
      from.pipe(to);
      from.on('error', () => to.resetAndDestroy());
      from.on('close', () => to.destroySoon());
    }
  });
  await new Promise((resolve) =>
    server.listen({ host: '127.0.0.1', port: 0, backlog: 1024 }, () => resolve(undefined)),
  );
  const address = server.address();
  return {
    host: '127.0.0.1',
    port: typeof address === 'object' && address ? address.port : 0,
    answered: () => ({ ...answered }),
    close: () => server.close(),
  };
}
