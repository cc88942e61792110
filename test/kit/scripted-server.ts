// A server that does what a test says, octet by octet: the faults that a real Postgres cannot be made to show.
// Invariant: it sends nothing by itself but what `greets` asks for. Not here: checking what came (raw-client.ts).

import { createServer, type Server, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { B } from './frames.js';

const WAIT_MS = 15_000;

/** One accepted connection. */
export class ServerEnd {
  readonly socket: Socket;
  #received: Buffer[] = [];
  receivedBytes = 0;
  ended = false;
  /** Ended by a reset. */
  wasReset = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received.push(chunk);
      this.receivedBytes += chunk.length;
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', () => {
      this.wasReset = true;
    });
    socket.on('close', () => {
      this.ended = true;
    });
  }

  get received(): Buffer {
    if (this.#received.length > 1) this.#received = [Buffer.concat(this.#received)];
    return this.#received[0] ?? Buffer.alloc(0);
  }

  /** Waits until that many octets have come. */
  async until(bytes: number): Promise<void> {
    const end = Date.now() + WAIT_MS;
    while (this.receivedBytes < bytes) {
      if (Date.now() > end) throw new Error(`${this.receivedBytes} of ${bytes} octets have come`);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  send(...octets: Buffer[]): this {
    this.socket.write(Buffer.concat(octets));
    return this;
  }
}

export class ScriptedServer {
  readonly host = '127.0.0.1';
  readonly #server: Server;
  readonly connections: ServerEnd[] = [];
  port = 0;

  /** `greets`: each connection's first octets are answered as a login that succeeded. */
  constructor({ greets = true, onData }: { greets?: boolean; onData?: (end: ServerEnd, chunk: Buffer) => void } = {}) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      const end = new ServerEnd(socket);
      this.connections.push(end);
      if (greets) socket.once('data', () => end.send(B.greeting()));
      if (onData) socket.on('data', (chunk: Buffer) => onData(end, chunk));
    });
  }

  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(0, this.host, () => {
        this.port = (this.#server.address() as { port: number }).port;
        resolve();
      });
    });
  }

  /** The last connection. */
  get last(): ServerEnd {
    const last = this.connections.at(-1);
    if (last === undefined) throw new Error('nobody has connected');
    return last;
  }

  stop(): void {
    this.#server.close();
    for (const { socket } of this.connections) socket.destroy();
  }
}

/** Call it in a file or describe: gives a function that starts a scripted server, stopped after the test. */
export function useScriptedServer(): (
  options?: ConstructorParameters<typeof ScriptedServer>[0],
) => Promise<ScriptedServer> {
  const started: ScriptedServer[] = [];
  afterEach(() => {
    for (const server of started.splice(0)) server.stop();
  });
  return async (options) => {
    const server = new ScriptedServer(options);
    started.push(server);
    await server.start();
    return server;
  };
}
