// Listens for HTTP: /metrics, the JSON API and the page, with headers that restrict the browser.
// Invariant: the guard passes a request before a route sees it; a slow, silent or oversized client costs bounded time
// and memory.
// Not here: who may ask (guard.ts), what is answered (routes.ts), /livez and /readyz (the relay).

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import { formatAddress, isLoopback, type TcpAddress } from '../../config/values/address.js';
import { RuntimeError } from '../../config/values/errors.js';
import { type Answer, jsonAnswer } from './answer.js';
import type { ApiReader } from './api.js';
import { refusalOf } from './guard.js';
import { type MetricsReader, Routes } from './routes.js';

export interface HttpOptions {
  readonly address: TcpAddress;
  /** Bearer token; '' = none. Off loopback everything but /metrics needs one. */
  readonly token?: string;
  readonly metrics: MetricsReader;
  readonly api: ApiReader;
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
  const policy = { loopback: isLoopback(address), host: address.host, token: options.token ?? '' };
  const routes = new Routes(options);
  const server = createServer(
    { maxHeaderSize: limits.headerBytesMax, connectionsCheckingInterval: 1_000 },
    (request, response) => {
      const url = request.url ?? '';
      const refusal = refusalOf(
        {
          method: request.method ?? '',
          url,
          host: request.headers.host,
          authorization: request.headers.authorization,
          hasBody:
            request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined,
        },
        policy,
      );
      if (refusal !== undefined) {
        // The body of a refused request is not read, so the connection ends with the answer.
        response.setHeader('connection', 'close');
        send(response, jsonAnswer(refusal.status, { error: refusal.error, hint: refusal.hint }));
        return;
      }
      const left = new AbortController();
      response.once('close', () => left.abort());
      routes.answer(url, { accept: request.headers.accept, gone: left.signal }).then(
        (answer) => send(response, answer),
        (error: unknown) => {
          log.error('an HTTP request failed', { error });
          send(
            response,
            jsonAnswer(500, { error: 'the request failed', hint: 'see the log of pgwitness for the reason' }),
          );
        },
      );
    },
  );
  server.headersTimeout = limits.httpRequestTimeoutMs;
  server.requestTimeout = limits.httpRequestTimeoutMs;
  server.keepAliveTimeout = 5_000;
  server.maxConnections = limits.httpConnectionsMax;
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

function send(response: ServerResponse<IncomingMessage>, answer: Answer): void {
  if (response.destroyed) return;
  if (answer.retryAfterSeconds !== undefined) response.setHeader('retry-after', answer.retryAfterSeconds);
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  });
  response.end(answer.body);
}
