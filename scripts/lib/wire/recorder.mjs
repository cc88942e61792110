// A TCP relay that writes down what clients send to Postgres, message by message.
// The messages of all connections stand in one order.
// Invariant: a line `done` stands after everything that was sent before that reply came, so playing the lines in
// order cannot deadlock where the recording did not.
// Not here: TLS and passwords (the server must trust), playing (player.mjs).
//
// One JSON object per line; `c` numbers the connections, `at` is ms since the start:
//   { c, at, startup: [[name, value]…] }   { c, at, send: [[type, text of a Query | base64 of another body]…] }
//   { c, done: [SQLSTATE…] }               { c, close: true }

import { createConnection, createServer } from 'node:net';

const SSL_REQUEST = 80877103;
const GSSENC_REQUEST = 80877104;

/** Cuts a byte stream into whole messages. */
class MessageCutter {
  #rest = Buffer.alloc(0);
  /** A startup packet has no type byte. */
  #typed;

  /** @param {boolean} typed */
  constructor(typed) {
    this.#typed = typed;
  }

  /**
   * @param {Buffer} chunk
   * @param {(type: string, body: Buffer) => boolean} take returns whether the next one has a type byte
   */
  push(chunk, take) {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const at = this.#typed ? 1 : 0;
      if (this.#rest.length < at + 4) return;
      const end = at + this.#rest.readInt32BE(at);
      if (this.#rest.length < end) return;
      const type = this.#typed ? String.fromCharCode(this.#rest[0]) : '';
      const body = this.#rest.subarray(at + 4, end);
      this.#rest = this.#rest.subarray(end);
      this.#typed = take(type, body);
    }
  }
}

/** @param {Buffer} body @returns {[string, string][]} */
function startupParameters(body) {
  const texts = body.toString('utf8', 4).split('\0');
  /** @type {[string, string][]} */
  const parameters = [];
  for (let i = 0; i + 1 < texts.length && texts[i] !== ''; i += 2) parameters.push([texts[i], texts[i + 1]]);
  return parameters;
}

/**
 * @param {{ host: string, port: number }} upstream
 * @returns {Promise<{ host: string, port: number, take: () => object[], close: () => Promise<void> }>}
 *   `take` gives the lines recorded since the last take
 */
export async function recordWire(upstream) {
  /** @type {object[]} */
  let lines = [];
  let connections = 0;
  const startedAt = Date.now();

  const server = createServer((client) => {
    const c = ++connections;
    const at = () => Date.now() - startedAt;
    const backend = createConnection(upstream);
    /** @type {[string, string][]} */
    let group = [];
    let owed = 0;
    /** @type {string[]} */
    let errors = [];

    const fromClient = new MessageCutter(false);
    client.on('data', (chunk) => {
      fromClient.push(chunk, (type, body) => {
        if (type === '') {
          const code = body.readInt32BE(0);
          if (code === SSL_REQUEST || code === GSSENC_REQUEST) {
            client.write('N');
            return false;
          }
          lines.push({ c, at: at(), startup: startupParameters(body) });
          owed++;
          const head = Buffer.alloc(4);
          head.writeInt32BE(body.length + 4);
          backend.write(Buffer.concat([head, body]));
          return true;
        }
        if (type === 'X') lines.push({ c, close: true });
        else group.push([type, type === 'Q' ? body.toString('utf8', 0, body.length - 1) : body.toString('base64')]);
        if (type === 'Q' || type === 'S') {
          lines.push({ c, at: at(), send: group });
          group = [];
          owed++;
        }
        const head = Buffer.alloc(5);
        head.write(type, 'latin1');
        head.writeInt32BE(body.length + 4, 1);
        backend.write(Buffer.concat([head, body]));
        return true;
      });
    });

    const fromServer = new MessageCutter(true);
    backend.on('data', (chunk) => {
      fromServer.push(chunk, (type, body) => {
        if (type === 'E') errors.push(/\0C([0-9A-Z]{5})\0/.exec(body.toString('latin1'))?.[1] ?? '');
        if (type === 'Z' && --owed === 0) {
          lines.push({ c, done: errors });
          errors = [];
        }
        return true;
      });
      client.write(chunk);
    });
    for (const [one, other] of [
      [client, backend],
      [backend, client],
    ]) {
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('end', () => other.end());
      one.on('close', () => other.destroy());
    }
  });

  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const address = server.address();
  return {
    host: '127.0.0.1',
    port: typeof address === 'object' && address ? address.port : 0,
    take() {
      const taken = lines;
      lines = [];
      return taken;
    },
    close: () => new Promise((resolve) => server.close(() => resolve(undefined))),
  };
}
