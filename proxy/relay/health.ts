// Answers /livez and /readyz on a listener of the relay's own.
// Invariant: alive = this event loop turns; ready = the proxy port listens, and at the start an observer has answered
// or 5 s have passed (readiness.ts). After that neither asks the observer, the disk or the upstream.
// Not here: metrics and the API (dashboards/http).

import { createServer, type Server } from 'node:http';
import type { TcpAddress } from '../../config/values/address.js';

export interface HealthOptions {
  address: TcpAddress;
  ready: () => boolean;
  /** What is wrong with observing, in a line; '' = nothing. It changes no status. */
  trouble?: () => string;
}

const PATHS = ['/livez', '/readyz'];

/** Resolves when it listens. Rejects with the system's error. */
export function startHealth({ address, ready, trouble = () => '' }: HealthOptions): Promise<Server> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '').split('?', 1)[0];
    let status = 200;
    let text = 'ok\n';
    if (!PATHS.includes(path)) {
      status = 404;
      text = 'not found: this port has /livez and /readyz only\n';
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      status = 405;
      text = 'only GET and HEAD\n';
    } else if (path === '/readyz' && !ready()) {
      status = 503;
      text = 'not ready: not listening, or still waiting for an observer (5 s at most)\n';
    } else if (path === '/readyz' && trouble() !== '') text = `ok, but ${trouble()}\n`;
    response.writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'content-length': text.length,
      'x-content-type-options': 'nosniff',
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  });
  server.requestTimeout = 5_000;
  server.headersTimeout = 5_000;
  server.maxConnections = 64;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address.host, port: address.port }, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}
