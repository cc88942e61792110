// Filters the server's messages during login on an encrypted leg.
// No other file changes a message.
//
//   AuthenticationSASL [SCRAM-SHA-256-PLUS, SCRAM-SHA-256]  ──withhold──►  AuthenticationSASL [SCRAM-SHA-256]
//
// Channel binding ties SCRAM to the TLS that the server sees. A client on a plaintext leg takes the offer for an attack
// and leaves.
// Invariant: only that message may change, and only by losing that mechanism; when no other mechanism is offered, it
// does not change. Authentication and ErrorResponse messages are held until they are complete; longer ones than
// messageBytesMax pass unseen. The client's answers are never read.
// Source: PostgreSQL documentation "SASL Authentication"; src/backend/libpq/auth-scram.c.
// Not here: sockets, when to withhold (connection/sasl-watch.ts).

import { Server } from './message-codes.js';

const HEADER_BYTES = 5;
const LENGTH_BYTES = 4;
const AUTHENTICATION_OK = 0;
const AUTHENTICATION_SASL = 10;
const CHANNEL_BOUND = 'SCRAM-SHA-256-PLUS';

export interface LoginEvents {
  /** The offer had the mechanism, and it was taken out. */
  onWithheld: () => void;
  /** The offer has the mechanism, and it was passed on. */
  onOffered: () => void;
  /** The server refused the client's channel binding. */
  onBindingRefused: () => void;
}

export class LoginFilter {
  readonly #withhold: boolean;
  readonly #messageBytesMax: number;
  readonly #events: LoginEvents;
  /** Start of a message that is not complete yet. */
  #held: Buffer = EMPTY;
  /** Bytes of the current message that still pass unseen. */
  #passing = 0;
  #done = false;

  constructor(options: { withhold: boolean; messageBytesMax: number; events: LoginEvents }) {
    this.#withhold = options.withhold;
    this.#messageBytesMax = options.messageBytesMax;
    this.#events = options.events;
  }

  /** Login is over, or cannot be understood: everything passes from now on, and nothing is held. */
  get done(): boolean {
    return this.#done;
  }

  /** Takes bytes of the server. Returns the bytes to forward now, often the chunk itself. */
  feed(chunk: Buffer): Buffer {
    if (this.#done) return chunk;
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = EMPTY;
    const out: Buffer[] = [];
    let kept = 0;
    let at = 0;
    while (at < bytes.length && !this.#done) {
      const passed = Math.min(this.#passing, bytes.length - at);
      this.#passing -= passed;
      at += passed;
      const messageBytes = this.#passing > 0 ? 0 : this.#next(bytes, at);
      if (messageBytes === 0) {
        if (this.#passing > 0) continue;
        break;
      }
      const message = bytes.subarray(at, at + messageBytes);
      const replaced = message[0] === Server.error ? this.#error(message) : this.#authentication(message);
      if (replaced !== message) {
        out.push(bytes.subarray(kept, at), replaced);
        kept = at + messageBytes;
      }
      at += messageBytes;
    }
    if (this.#done) at = bytes.length;
    if (at < bytes.length) this.#held = Buffer.from(bytes.subarray(at));
    out.push(bytes.subarray(kept, at));
    return out.length === 1 ? out[0] : Buffer.concat(out);
  }

  /** The server ended its stream: returns the held bytes, to be forwarded as they are. */
  rest(): Buffer {
    const held = this.#held;
    this.#held = EMPTY;
    this.#done = true;
    return held;
  }

  /** Length of the message at `at` if it must be read and is complete. Else 0: it passes, waits or ends the filter. */
  #next(bytes: Buffer, at: number): number {
    if (bytes.length - at < HEADER_BYTES) return 0;
    const code = bytes[at];
    const bodyBytes = bytes.readInt32BE(at + 1) - LENGTH_BYTES;
    if (bodyBytes < 0 || code === Server.readyForQuery) {
      this.#done = true;
      return 0;
    }
    const messageBytes = HEADER_BYTES + bodyBytes;
    const looked = code === Server.authentication || code === Server.error;
    if (looked && bodyBytes >= 4 && messageBytes <= this.#messageBytesMax) {
      return messageBytes <= bytes.length - at ? messageBytes : 0;
    }
    this.#passing = messageBytes;
    return 0;
  }

  #error(message: Buffer): Buffer {
    // Recognised by its source file and code, because its text is in the language of the server.
    const fields = message.toString('latin1', HEADER_BYTES).split('\0');
    const ofScram = fields.some((field) => field === 'Fauth-scram.c' || /^M.*channel binding/i.test(field));
    if (ofScram && fields.includes('C28000')) this.#events.onBindingRefused();
    return message;
  }

  #authentication(message: Buffer): Buffer {
    const kind = message.readInt32BE(HEADER_BYTES);
    if (kind === AUTHENTICATION_OK) this.#done = true;
    if (kind !== AUTHENTICATION_SASL) return message;
    // Names, each ended by NUL, and a NUL after the last.
    const names = message
      .toString('latin1', HEADER_BYTES + 4)
      .split('\0')
      .slice(0, -2);
    if (!names.includes(CHANNEL_BOUND)) return message;
    const left = names.filter((name) => name !== CHANNEL_BOUND);
    if (!this.#withhold || left.length === 0) {
      this.#events.onOffered();
      return message;
    }
    this.#events.onWithheld();
    const body = Buffer.from(left.map((name) => `${name}\0`).join('') + '\0', 'latin1');
    const replaced = Buffer.alloc(HEADER_BYTES + 4 + body.length);
    message.copy(replaced, 0, 0, HEADER_BYTES + 4);
    replaced.writeInt32BE(replaced.length - 1, 1);
    body.copy(replaced, HEADER_BYTES + 4);
    return replaced;
  }
}

const EMPTY = Buffer.alloc(0);
