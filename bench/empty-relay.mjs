// The reference: the least that a relay in Node can do.
// Two sockets, what comes in is written on, pause and resume; nothing is parsed.
// Run: node bench/empty-relay.mjs LISTEN_PORT UPSTREAM_PORT   (loopback; the bench starts it)

import { createConnection, createServer } from 'node:net';
import { wireUp } from './lib/wire-up.mjs';

const [listenPort, upstreamPort] = process.argv.slice(2).map(Number);

const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
  const upstream = createConnection({
    host: '127.0.0.1',
    port: upstreamPort,
    allowHalfOpen: true,
    noDelay: true,
  });
  client.on('data', (chunk) => {
    if (!upstream.write(chunk)) client.pause();
  });
  upstream.on('data', (chunk) => {
    if (!client.write(chunk)) upstream.pause();
  });
  wireUp({ client, upstream });
});
server.listen({ host: '127.0.0.1', port: listenPort, backlog: 1024 });
process.on('SIGTERM', () => process.exit(0));
