// Decides which of a server's messages may be believed while we log in.
// Invariant: no password is asked for in clear where others can read along, and once SCRAM has begun nothing but the
// server's proof ends it. What the proof says is checked by pg, which gets the message next.
// Not here: the messages' lengths (server-stream.ts).
// Source: PostgreSQL documentation, "Message Formats", Authentication*.

import { RuntimeError } from '../config/values/errors.js';
import { Server } from '../proxy/wire/message-codes.js';
import { ServerError } from './server-error.js';

/** Codes of the Authentication messages. */
const OK = 0;
const CLEARTEXT = 3;
const MD5 = 5;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

/** What a server may send before AuthenticationOk, and what after it up to the first ReadyForQuery. */
const BEFORE = new Set<number>([Server.authentication, Server.error, Server.notice, Server.negotiateProtocolVersion]);
const AFTER = new Set<number>([...BEFORE, Server.parameterStatus, Server.backendKeyData, Server.readyForQuery]);

const IN_CLEAR_HINT =
  'use sslmode=require, a Unix socket or loopback, or give the user a SCRAM password (password_encryption = scram-sha-256)';

export class LoginCheck {
  readonly #isPrivate: boolean;
  readonly #hasPassword: boolean;
  #scram: 'none' | 'begun' | 'proven' = 'none';
  #letIn = false;
  #done = false;

  /** `isPrivate`: nobody between us and the server can read along. */
  constructor(traits: { isPrivate: boolean; hasPassword: boolean }) {
    this.#isPrivate = traits.isPrivate;
    this.#hasPassword = traits.hasPassword;
  }

  /** True from the first ReadyForQuery on. */
  get done(): boolean {
    return this.#done;
  }

  /** Throws what is wrong with the next message; `body` is the start of its body. */
  message(code: number, body: Buffer): void {
    if (code === Server.authentication) this.#authentication(body);
    if (code === Server.authentication || this.#done) return;
    if (!(this.#letIn ? AFTER : BEFORE).has(code)) {
      throw new Error(`the server sent a message ("${String.fromCharCode(code)}") before it let us in`);
    }
    if (code === Server.readyForQuery) this.#done = true;
  }

  #authentication(body: Buffer): void {
    const method = body.length >= 4 ? body.readInt32BE(0) : -1;
    if (this.#letIn) throw new Error('the server began to authenticate again');
    switch (method) {
      case OK:
        if (this.#scram === 'begun') {
          throw new Error('the server let us in without proving that it knows the password');
        }
        this.#letIn = true;
        return;
      case CLEARTEXT:
      case MD5:
        this.#requirePassword();
        if (this.#scram !== 'none') throw new Error('the server asks for the password in clear after it began SCRAM');
        if (!this.#isPrivate) {
          const asked = method === MD5 ? 'an MD5 of the password, which is as good as the password' : 'the password';
          throw new RuntimeError(`the server asks for ${asked} in clear, on a connection without TLS`, {
            hint: IN_CLEAR_HINT,
          });
        }
        return;
      case SASL:
        this.#requirePassword();
        if (this.#scram !== 'none') throw new Error('the server began SCRAM twice');
        this.#scram = 'begun';
        return;
      case SASL_CONTINUE:
      case SASL_FINAL:
        if (this.#scram !== 'begun') throw new Error('the server goes on with a SCRAM that it did not begin');
        if (method === SASL_FINAL) this.#scram = 'proven';
        return;
      default:
        throw new Error(`the server asks for authentication method ${method}, which pgwitness does not support`);
    }
  }

  #requirePassword(): void {
    if (!this.#hasPassword) throw new ServerError('28P01', 'the server asks for a password');
  }
}
