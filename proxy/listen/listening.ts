// Makes a server listen at a TCP address or a Unix socket.
// Not here: what happens to connections (listener.ts, supervisor/front.ts), messages for errors (listen-error.ts).

import type { Server } from 'node:net';
import type { Address } from '../../config/values/address.js';
import { freeStaleSocket } from '../../config/values/unix-socket.js';

/** Connections that the system completes before they are accepted, enough for a burst. */
const BACKLOG = 1024;

/**
 * Resolves with the address it listens on. Rejects with the system's error (EADDRINUSE, EACCES, …) or a RuntimeError.
 */
export async function listenAt(server: Server, listen: Address, onError: (error: Error) => void): Promise<Address> {
  if (listen.kind === 'unix') await freeStaleSocket(listen.path);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const listening = () => {
      server.off('error', reject);
      server.on('error', onError);
      const bound = server.address();
      resolve(
        bound !== null && typeof bound === 'object' ? { kind: 'tcp', host: bound.address, port: bound.port } : listen,
      );
    };
    if (listen.kind === 'unix') server.listen({ path: listen.path, backlog: BACKLOG }, listening);
    else server.listen({ host: listen.host, port: listen.port, backlog: BACKLOG }, listening);
  });
}
