// Forwards a CancelRequest unchanged to the listener's upstream.
// It goes with the same TLS as sessions have.
// Invariant: the server never answers one. The client's connection is closed when the server has closed its own and
// not before, because clients take that for "done" (libpq PQcancel). The key is a secret: it is neither read nor
// logged.
// Source: PostgreSQL documentation "Canceling Requests in Progress".
// Not here: who may send one (listener.ts).

import type { Socket } from 'node:net';
import { connectUpstream, type Target } from './upstream.js';

/** Closes `client` in the end, whatever becomes of the request. Nothing else of it is read. */
export function forwardCancel(client: Socket, packet: Buffer, options: { target: Target; timeoutMs: number }): void {
  const close = () => {
    clearTimeout(timer);
    client.end();
    client.destroySoon();
  };
  let abandon = () => {};
  const timer = setTimeout(() => {
    abandon();
    close();
  }, options.timeoutMs);
  client.resume();
  abandon = connectUpstream(options.target, {
    timeoutMs: options.timeoutMs,
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
