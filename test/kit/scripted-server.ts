// A server that does what a test says, byte by byte.
// For the faults that a real Postgres cannot be made to show.
// Invariant: it sends nothing by itself but what `greets` asks for.
// Not here: what its connections can do (raw-client.ts).

import { createServer, type Server } from 'node:net';
import { afterEach, onTestFinished } from 'vitest';
import { B } from './frames.js';
import { RawClient } from './raw-client.js';

/** One accepted connection: an end as raw as the client's. */
export type ServerEnd = RawClient;

/** Where a server listens: an address of this machine, on a free port, or the path of a Unix socket. */
export type Listening = { readonly host: string } | { readonly path: string };

export interface Script {
  /** Each connection's first bytes are answered as a login that succeeded. */
  greets?: boolean;
  onConnection?: (end: ServerEnd) => void;
  onData?: (end: ServerEnd, chunk: Buffer) => void;
  /** Its own half of a connection stays open when the other end closes. */
  allowHalfOpen?: boolean;
  /** Default: 127.0.0.1. */
  listening?: Listening;
}

export class ScriptedServer {
  readonly host: string;
  readonly #server: Server;
  readonly #listening: Listening;
  readonly connections: ServerEnd[] = [];
  /** 5432 for a Unix socket, whose path names it. */
  port = 5432;

  constructor({ greets = true, onConnection, onData, allowHalfOpen, listening = { host: '127.0.0.1' } }: Script = {}) {
    this.#listening = listening;
    this.host = 'host' in listening ? listening.host : '';
    this.#server = createServer({ noDelay: true, allowHalfOpen }, (socket) => {
      const end = new RawClient(socket);
      this.connections.push(end);
      if (greets) socket.once('data', () => end.send(B.greeting()));
      if (onData) socket.on('data', (chunk: Buffer) => onData(end, chunk));
      onConnection?.(end);
    });
  }

  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen('host' in this.#listening ? { ...this.#listening, port: 0 } : this.#listening, () => {
        const address = this.#server.address();
        if (address !== null && typeof address === 'object') this.port = address.port;
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

  /** Closes its connections; afterwards nobody listens on its port. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const { socket } of this.connections) socket.destroy();
    });
  }
}

/** Call it in a file or describe: gives a function that starts a scripted server, stopped after the test. */
export function useScriptedServer(): (script?: Script) => Promise<ScriptedServer> {
  const started: ScriptedServer[] = [];
  afterEach(async () => {
    for (const server of started.splice(0)) await server.stop();
  });
  return async (script) => {
    const server = new ScriptedServer(script);
    started.push(server);
    await server.start();
    return server;
  };
}

/** A server without a word or an end of its own: `serve` has each connection to itself. Stopped after the test. */
export async function bareServer(serve: (peer: ServerEnd) => void = () => {}): Promise<ScriptedServer> {
  const server = new ScriptedServer({ greets: false, onConnection: serve, allowHalfOpen: true });
  await server.start();
  onTestFinished(() => server.stop());
  return server;
}
