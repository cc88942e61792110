// Implements the client's half of SCRAM-SHA-256, without channel binding.
// Invariant: the server is trusted only after it has proved that it knows the password.
// Source: RFC 5802 and RFC 7677; PostgreSQL src/interfaces/libpq/fe-auth-scram.c. Not here: messages (connection.ts).

import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

export const SCRAM_MECHANISM = 'SCRAM-SHA-256';
/** Base64 of the GS2 header "n,,": no channel binding. */
const CHANNEL_BINDING = 'biws';
/** A server that asks for more would only burn our CPU. */
const ITERATIONS_MAX = 1_000_000;

export class ScramExchange {
  readonly #password: string;
  readonly #nonce = randomBytes(18).toString('base64');
  #serverSignature: Buffer = Buffer.alloc(0);

  constructor(password: string) {
    this.#password = password.normalize('NFKC');
  }

  first(): string {
    return `n,,${this.#bare()}`;
  }

  /** The answer to the server's first message. Throws Error if that is malformed. */
  final(serverFirst: string): string {
    const [, nonce, salt, iterationsText] = /^r=([^,]+),s=([^,]+),i=([0-9]+)/.exec(serverFirst) ?? [];
    const iterations = Number(iterationsText);
    if (nonce === undefined || !nonce.startsWith(this.#nonce) || nonce === this.#nonce) {
      throw new Error('the server sent a malformed SCRAM challenge');
    }
    if (iterations < 1 || iterations > ITERATIONS_MAX) throw new Error('the server asks for too many SCRAM iterations');
    const salted = pbkdf2Sync(this.#password, Buffer.from(salt, 'base64'), iterations, 32, 'sha256');
    const clientKey = hmac(salted, 'Client Key');
    const withoutProof = `c=${CHANNEL_BINDING},r=${nonce}`;
    const signed = `${this.#bare()},${serverFirst},${withoutProof}`;
    const clientSignature = hmac(createHash('sha256').update(clientKey).digest(), signed);
    const proof = clientKey.map((byte, at) => byte ^ clientSignature[at]);
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), signed);
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
  }

  /** Throws Error if the server does not know the password. */
  verify(serverFinal: string): void {
    const given = Buffer.from(/^v=([^,]+)/.exec(serverFinal)?.[1] ?? '', 'base64');
    const known = this.#serverSignature;
    if (known.length === 0 || given.length !== known.length || !timingSafeEqual(given, known)) {
      throw new Error('the server could not prove that it knows the password');
    }
  }

  /** Postgres takes the user from the startup packet and ignores the name here. */
  #bare(): string {
    return `n=,r=${this.#nonce}`;
  }
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
