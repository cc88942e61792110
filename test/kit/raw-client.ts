// A client that sends and receives octets and knows when and how its connection ended. It does no protocol by itself.
// Invariant: everything received is kept in order; nothing is sent that the test did not give.

import { connect, type Socket } from 'node:net';
import { F, readyCount } from './frames.js';

export type Ended = 'end' | 'reset';

const WAIT_MS = 15_000;

export class RawClient {
  readonly socket: Socket;
  #received: Buffer[] = [];
  #waiting: Array<() => void> = [];
  /** How the server's side ended: an orderly end, or a reset. */
  endedBy: Ended | undefined;

  constructor(port: number, { allowHalfOpen = false }: { allowHalfOpen?: boolean } = {}) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen, noDelay: true });
    this.socket.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
      this.#wake();
    });
    this.socket.on('end', () => {
      this.endedBy ??= 'end';
      this.#wake();
    });
    this.socket.on('error', () => {
      this.endedBy ??= 'reset';
    });
    this.socket.on('close', () => {
      this.endedBy ??= 'end';
      this.#wake();
    });
  }

  get received(): Buffer {
    if (this.#received.length > 1) this.#received = [Buffer.concat(this.#received)];
    return this.#received[0] ?? Buffer.alloc(0);
  }

  /** ErrorResponses received, each as "severity SQLSTATE message". */
  get errors(): string[] {
    return errorsIn(this.received);
  }

  send(...octets: Buffer[]): this {
    this.socket.write(Buffer.concat(octets));
    return this;
  }

  /** Sends octet by octet, each in a segment of its own as far as the system lets it. */
  async sendSlowly(octets: Buffer): Promise<void> {
    for (const octet of octets) {
      this.send(Buffer.from([octet]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Waits until what was received is as wanted; throws with what was received when that does not happen. */
  async until(wanted: (received: Buffer) => boolean): Promise<Buffer> {
    const deadline = Date.now() + WAIT_MS;
    while (!wanted(this.received)) {
      if (this.endedBy !== undefined && this.socket.destroyed) throw new Error(`it ended: ${this.#told()}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`not received in time: ${this.#told()}`);
      await this.#change(left);
    }
    return this.received;
  }

  /** Lets go of what came so far, and begins to count anew; gives 0. */
  forget(): number {
    this.#received = [];
    return 0;
  }

  /** Waits for the n-th ReadyForQuery. */
  ready(count: number): Promise<Buffer> {
    return this.until((received) => readyCount(received) >= count);
  }

  async ended(): Promise<Ended> {
    const deadline = Date.now() + WAIT_MS;
    while (this.endedBy === undefined) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`it did not end: ${this.#told()}`);
      await this.#change(left);
    }
    return this.endedBy;
  }

  /** Closes its sending half. */
  end(): this {
    this.socket.end();
    return this;
  }

  /** Leaves without a word, as a killed process with unread data does. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  #told(): string {
    return JSON.stringify(this.received.toString('latin1').slice(-300));
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    for (const waiting of this.#waiting.splice(0)) waiting();
  }
}

/** A client past its login. */
export async function loggedIn(
  port: number,
  { user = 'postgres', database = 'postgres', ...startup }: Record<string, string> = {},
): Promise<RawClient> {
  const client = new RawClient(port).send(F.startup({ user, database, ...startup }));
  await client.ready(1);
  return client;
}

/** The ErrorResponses among whole messages, each as "severity SQLSTATE message". */
export function errorsIn(stream: Buffer): string[] {
  const errors: string[] = [];
  for (let at = 0; stream.length - at >= 5; ) {
    const end = at + 1 + stream.readInt32BE(at + 1);
    if (end < at + 5 || end > stream.length) break;
    if (stream[at] === 0x45) {
      const fields = stream.toString('utf8', at + 5, end).split('\0');
      const field = (code: string) => fields.find((text) => text.startsWith(code))?.slice(1) ?? '';
      errors.push(`${field('V')} ${field('C')} ${field('M')}`);
    }
    at = end;
  }
  return errors;
}
