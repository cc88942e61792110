// Raw peers for tests: a client that sends exact octets, a server that is scripted, both without opinions on the protocol.
// Invariant: what is opened here is closed after the test. Not here: well-formed messages (frames.ts).

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

const EVENTS = ['data', 'end', 'close'];

export class RawClient {
  readonly socket: Socket;
  #received: Buffer[] = [];
  ended = false;
  error = '';

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
    });
    onTestFinished(() => {
      socket.destroy();
    });
  }

  /** Joined when it is asked for: what streams by at full speed is not copied again with each chunk. */
  get received(): Buffer {
    if (this.#received.length !== 1) this.#received = [Buffer.concat(this.#received)];
    return this.#received[0];
  }

  set received(octets: Buffer) {
    this.#received = [octets];
  }

  send(...parts: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** Waits until so many octets came, and takes them. */
  async take(bytes: number): Promise<Buffer> {
    while (this.received.length < bytes) {
      if (this.ended || this.socket.destroyed)
        throw new Error(`closed after ${this.received.length} of ${bytes} octets`);
      await this.#next();
    }
    const taken = this.received.subarray(0, bytes);
    this.received = this.received.subarray(bytes);
    return taken;
  }

  /** Waits until what came ends with these octets. */
  async until(end: Buffer): Promise<Buffer> {
    while (!this.received.subarray(-end.length).equals(end)) {
      if (this.socket.destroyed) throw new Error(`closed after ${this.received.toString('latin1')}`);
      await this.#next();
    }
    return this.received;
  }

  /** Something came, or the connection ended, in whatever way. */
  #next(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        for (const event of EVENTS) this.socket.off(event, done);
        resolve();
      };
      for (const event of EVENTS) this.socket.on(event, done);
    });
  }

  /** Waits for the end of the connection; gives everything that was not taken. */
  async closed(): Promise<Buffer> {
    while (!this.ended && !this.socket.destroyed) await this.#next();
    return this.received;
  }
}

/** `from`: the address of this machine that it comes from. */
export async function rawClient(where: number | string, from?: string): Promise<RawClient> {
  const socket =
    typeof where === 'number'
      ? connect({ port: where, host: '127.0.0.1', localAddress: from, allowHalfOpen: true })
      : connect(where);
  await once(socket, 'connect');
  return new RawClient(socket);
}

/** A server that hands each connection to `serve`. */
export async function scriptedServer(
  serve: (peer: RawClient, count: number) => void,
): Promise<{ host: string; port: number; server: Server }> {
  let count = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => serve(new RawClient(socket), ++count));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
  });
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port, server };
}

export const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex');
export const GSSENC_REQUEST = Buffer.from('0000000804d21630', 'hex');

/** A CancelRequest with a key of any length. */
export function cancelRequest(pid: number, key: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeInt32BE(12 + key.length, 0);
  head.writeInt32BE(80877102, 4);
  head.writeInt32BE(pid, 8);
  return Buffer.concat([head, key]);
}

export async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) throw new Error('the condition did not come true');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
