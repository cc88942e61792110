// A raw end of a connection, mostly the client's.
// It sends and receives bytes and knows when and how the connection ended.
// Invariant: what came is kept in order until it is taken or forgotten; nothing is sent that the test did not give;
// closed after the test.
// Not here: well-formed messages (frames.ts), servers (scripted-server.ts).

import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { F, readyCount } from './frames.js';

/** 'reset' is every end by an error; which one it was is in `error`. */
export type Ended = 'end' | 'reset';

export interface ConnectOptions {
  /** The address of this machine that it comes from. */
  from?: string;
  /** Its own half stays open when the other end closes. */
  allowHalfOpen?: boolean;
}

const WAIT_MS = 15_000;

export class RawClient {
  readonly socket: Socket;
  #received: Buffer[] = [];
  #waiting: Array<() => void> = [];
  /** All bytes that ever came, those taken or forgotten included. */
  receivedBytes = 0;
  /** Undefined while it goes on; 'end' as well when it was closed from here. */
  endedBy: Ended | undefined;
  /** The code of the last error; '' without one. */
  error = '';

  /** `where`: a port of this machine, a Unix socket's path, or a socket that somebody else connected or accepted. */
  constructor(where: number | string | Socket, options: ConnectOptions = {}) {
    this.socket = where instanceof Socket ? where : connectTo(where, options);
    this.socket.on('data', this.#keep);
    this.socket.on('end', () => this.#ended('end'));
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
      this.#ended('reset');
    });
    this.socket.on('close', () => this.#ended('end'));
    onTestFinished(() => {
      this.socket.destroy();
    });
  }

  /** Waits until it is connected; throws when it cannot be. What is sent need not wait for it. */
  async connected(): Promise<this> {
    if (this.socket.connecting) await once(this.socket, 'connect');
    return this;
  }

  /** Joined when it is asked for: what streams by at full speed is not copied again with each chunk. */
  get received(): Buffer {
    if (this.#received.length !== 1) this.#received = [Buffer.concat(this.#received)];
    return this.#received[0];
  }

  /** ErrorResponses received, each as "severity SQLSTATE message". */
  get errors(): string[] {
    return errorsIn(this.received);
  }

  send(...bytes: Buffer[]): this {
    this.socket.write(Buffer.concat(bytes));
    return this;
  }

  /** Sends byte by byte, each in a segment of its own as far as the system lets it. */
  async sendSlowly(bytes: Buffer): Promise<void> {
    for (const byte of bytes) {
      this.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Waits until so many bytes came, and takes them. */
  async take(bytes: number): Promise<Buffer> {
    await this.until(({ length }) => length >= bytes);
    const { received } = this;
    this.#received = [received.subarray(bytes)];
    return received.subarray(0, bytes);
  }

  /**
   * Waits until what was received is as wanted, or ends with these bytes; throws with what was received when that
   * does not happen.
   */
  async until(wanted: Buffer | ((received: Buffer) => boolean)): Promise<Buffer> {
    const isThere =
      typeof wanted === 'function' ? wanted : (received: Buffer) => received.subarray(-wanted.length).equals(wanted);
    await this.#wait('it has not come', () => {
      if (isThere(this.received)) return true;
      if (this.endedBy !== undefined)
        throw new Error(`it ended, by ${this.error || 'an orderly end'}: ${this.#told()}`);
      return false;
    });
    return this.received;
  }

  /** Waits for the n-th ReadyForQuery. */
  ready(count: number): Promise<Buffer> {
    return this.until((received) => readyCount(received) >= count);
  }

  /** Lets go of what came so far. */
  forget(): void {
    this.#received = [];
  }

  /** Leaves what is still to come to another reader of the socket. */
  handOver(): Socket {
    return this.socket.off('data', this.#keep);
  }

  /** Waits for the end; says how it came. */
  async ended(): Promise<Ended> {
    await this.#wait('it did not end', () => this.endedBy !== undefined);
    return this.endedBy as Ended;
  }

  /** Waits for the end; gives everything that was not taken. */
  async closed(): Promise<Buffer> {
    await this.ended();
    return this.received;
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

  readonly #keep = (chunk: Buffer): void => {
    this.#received.push(chunk);
    this.receivedBytes += chunk.length;
    this.#wake();
  };

  #ended(by: Ended): void {
    this.endedBy ??= by;
    this.#wake();
  }

  #told(): string {
    return JSON.stringify(this.received.toString('latin1').slice(-300));
  }

  /** Looks whenever something came or the connection ended. */
  async #wait(problem: string, isDone: () => boolean): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    while (!isDone()) {
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${problem} in time: ${this.#told()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #wake(): void {
    for (const waiting of this.#waiting.splice(0)) waiting();
  }
}

function connectTo(where: number | string, { from, allowHalfOpen }: ConnectOptions): Socket {
  return typeof where === 'number'
    ? connect({ port: where, host: '127.0.0.1', localAddress: from, allowHalfOpen, noDelay: true })
    : connect({ path: where, allowHalfOpen });
}

/**
 * A client that is connected, with its own half kept open: what a test sees closed was closed by the other end alone.
 */
export function halfOpenClient(where: number | string, from?: string): Promise<RawClient> {
  return new RawClient(where, { from, allowHalfOpen: true }).connected();
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
