// The empty relay again, but reading as pgwitness reads (proxy/reused-reads.ts): what that alone saves.
// Run: node bench/reusing-relay.mjs LISTEN_PORT UPSTREAM_PORT   (loopback, after a build; the bench starts it)

import { createServer } from 'node:net';
import { readInto } from '../dist/proxy/reused-reads.js';
import { connectUpstream } from '../dist/proxy/upstream.js';
import { wireUp } from './lib/wire-up.mjs';

const [listenPort, upstreamPort] = process.argv.slice(2).map(Number);
const target = {
  address: { kind: /** @type {const} */ ('tcp'), host: '127.0.0.1', port: upstreamPort },
  tls: { mode: /** @type {const} */ ('disable'), serverName: '', authorities: undefined },
};

const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (accepted) => {
  accepted.on('error', () => accepted.destroy());
  const connected = (/** @type {import('../dist/proxy/upstream.js').Leg} */ leg) =>
    relay({ stream: accepted, socket: accepted }, leg);
  connectUpstream(target, { timeoutMs: 5000, forRelay: true, connected, failed: () => accepted.destroy() });
});
server.listen({ host: '127.0.0.1', port: listenPort, backlog: 1024 });
process.on('SIGTERM', () => process.exit(0));

/** @typedef {import('../dist/proxy/upstream.js').Leg} Leg @param {Leg} clientLeg @param {Leg} upstreamLeg */
function relay(clientLeg, upstreamLeg) {
  const sinkTo = (/** @type {() => import('node:net').Socket} */ to) => ({
    take: (/** @type {Buffer} */ chunk) => to().write(chunk),
    writing: () => to().writableLength > 0,
  });
  const client = readInto(
    sinkTo(() => upstream),
    clientLeg,
  ).leg.stream;
  const upstream = readInto(
    sinkTo(() => client),
    upstreamLeg,
  ).leg.stream;
  wireUp(client, upstream);
  client.resume();
  upstream.resume();
}
