// The empty relay, but reading as pgwitness reads: shows what that alone saves.
// pgwitness reads in proxy/connection/reused-reads.ts.
// Run: node bench/reusing-relay.mjs LISTEN_PORT UPSTREAM_PORT   (loopback, after a build; the bench starts it)

import { createServer } from 'node:net';
import { readInto } from '../dist/proxy/connection/reused-reads.js';
import { connectUpstream } from '../dist/proxy/connection/upstream.js';
import { hear, wireUp } from './lib/wire-up.mjs';

const [listenPort, upstreamPort] = process.argv.slice(2).map(Number);
const target = {
  address: { kind: /** @type {const} */ ('tcp'), host: '127.0.0.1', port: upstreamPort },
  tls: { mode: /** @type {const} */ ('disable'), serverName: '', authorities: undefined },
};

const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (accepted) => {
  accepted.on('error', () => accepted.destroy());
  const connected = (/** @type {import('../dist/proxy/connection/leg.js').Leg} */ leg) =>
    relay({ stream: accepted, socket: accepted }, leg);
  connectUpstream(target, { timeoutMs: 5000, forConnection: true, connected, failed: () => accepted.destroy() });
});
server.listen({ host: '127.0.0.1', port: listenPort, backlog: 1024 });
process.on('SIGTERM', () => process.exit(0));

/** @typedef {import('../dist/proxy/connection/leg.js').Leg} Leg @param {Leg} clientLeg @param {Leg} upstreamLeg */
function relay(clientLeg, upstreamLeg) {
  /** @type {import('./lib/wire-up.mjs').Ends} */
  const ends = { client: clientLeg.stream, upstream: upstreamLeg.stream };
  /** @param {'client' | 'upstream'} from @param {'client' | 'upstream'} to */
  const read = (from, to, /** @type {Leg} */ leg) =>
    readInto(
      {
        take: (chunk) => ends[to].write(chunk),
        writing: () => ends[to].writableLength > 0,
        moved: (_old, { stream }) => {
          ends[from] = stream;
          hear(ends, from, to);
        },
      },
      leg,
    );
  read('client', 'upstream', clientLeg);
  read('upstream', 'client', upstreamLeg);
  wireUp(ends);
  ends.client.resume();
  ends.upstream.resume();
}
