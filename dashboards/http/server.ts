// Listens for HTTP: /metrics, the JSON API and the page.
// Invariant: a slow, silent or oversized client costs bounded time and memory.
// Not here: what becomes of a request (handler.ts), /livez and /readyz (the relay).

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import { formatAddress, type TcpAddress } from '../../config/values/address.js';
import { RuntimeError } from '../../config/values/errors.js';
import type { HttpCounts } from '../metrics/state/http-counts.js';
import type { ApiReader } from './api.js';
import { HttpConnections } from './connections.js';
import type { MetricsReader } from './dispatch.js';
import { Handler } from './handler.js';

export interface HttpOptions {
  readonly address: TcpAddress;
  /** Hosts by which it is reached besides its own address, in lower case. */
  readonly hosts?: readonly string[];
  /** Bearer token; '' = none. Off loopback everything but /metrics needs one. */
  readonly token?: string;
  readonly metrics: MetricsReader;
  readonly api: ApiReader;
  /** Where refusals are counted. */
  readonly counts?: HttpCounts;
  readonly log: Log;
}

export interface HttpServer {
  /** Where it listens, with the port the system gave for port 0. */
  readonly address: TcpAddress;
  close(): Promise<void>;
}

/** Throws RuntimeError when it cannot listen there. */
export async function startHttp(options: HttpOptions): Promise<HttpServer> {
  const { address, log } = options;
  const handler = new Handler(options);
  const connections = new HttpConnections({
    max: limits.httpConnectionsMax,
    requestsMax: limits.httpRequestsPerConnectionMax,
  });
  const server = createServer(
    { maxHeaderSize: limits.headerBytesMax, connectionsCheckingInterval: 1_000 },
    (request, response) => {
      const gone = endOf(request, response);
      if (!connections.begin(request.socket)) return;
      gone.addEventListener('abort', () => connections.end(request.socket));
      handler.take(request, { response, gone });
    },
  );
  server.on('connection', (socket) => connections.take(socket));
  server.headersTimeout = limits.httpRequestTimeoutMs;
  server.requestTimeout = limits.httpRequestTimeoutMs;
  server.keepAliveTimeout = 5_000;
  server.setTimeout(3 * limits.httpRequestTimeoutMs);
  await listening(server, address);
  server.on('error', (error) => log.error('the HTTP listener failed', { error }));
  const { port } = server.address() as AddressInfo;
  return {
    address: { ...address, port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Aborted when the request is answered or its connection is gone. */
function endOf(request: IncomingMessage, response: ServerResponse): AbortSignal {
  const end = new AbortController();
  response.once('close', () => end.abort());
  // Behind an unanswered request of the same connection a response has no socket yet, and never says that it closed.
  request.once('close', () => {
    if (request.socket.destroyed) end.abort();
  });
  return end.signal;
}

function listening(server: Server, address: TcpAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `--http ${formatAddress(address)}`;
      if (error.code === 'EADDRINUSE') {
        reject(
          new RuntimeError('the port is in use', { where, hint: 'stop the other process or choose another port' }),
        );
      } else {
        reject(new RuntimeError(`cannot listen (${error.code})`, { where, hint: 'check the address', cause: error }));
      }
    });
    server.listen({ host: address.host, port: address.port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}
