// Forwards a CancelRequest: as it is, to the upstream whose sessions this listener serves, with the same TLS.
// Invariant: the server never answers one; the client's connection is closed when the server closed its own, and no earlier, because
// clients take that for "done" (libpq PQcancel). The key is a secret: it is neither looked at nor logged.
// Source: PostgreSQL documentation "Canceling Requests in Progress". Not here: who may send one (listener.ts).

import type { Socket } from 'node:net';
import { connectUpstream, type Target } from './upstream.js';

/** `client` is past its last interesting octet. It is closed in the end, whatever becomes of the request. */
export function forwardCancel(client: Socket, packet: Buffer, how: { target: Target; timeoutMs: number }): void {
  const close = () => {
    clearTimeout(timer);
    client.end();
    client.destroySoon();
  };
  let abandon = () => {};
  const timer = setTimeout(() => {
    abandon();
    close();
  }, how.timeoutMs);
  client.resume();
  abandon = connectUpstream(how.target, {
    timeoutMs: how.timeoutMs,
    failed: close,
    connected: ({ stream, socket }) => {
      abandon = () => socket.destroy();
      stream.on('data', () => {});
      stream.on('end', () => stream.end());
      stream.on('error', () => stream.destroy());
      stream.on('close', close);
      stream.write(packet);
    },
  });
}
