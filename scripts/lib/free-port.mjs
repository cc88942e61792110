// Finds a loopback TCP port that nothing listens on.
// Invariant: the preferred port is taken when it is free; of any, none is given twice by one process, and none that a
// connection going out is given by the kernel. Another process may take it before it is used: callers report that.

import { createServer } from 'node:net';

/** Below the ports of outgoing connections: Linux' begin at 32,768 (ip(7), ip_local_port_range). */
const FIRST = 10_240;
const LAST = 32_767;

/** @param {number} port @returns {Promise<number>} 0 when it is in use */
function tryPort(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(0));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(port)));
  });
}

/** @type {Set<number>} */
const given = new Set();

async function anyPort() {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (given.has(port) || (await tryPort(port)) === 0) continue;
    given.add(port);
    return port;
  }
  return 0;
}

/** @param {number} [preferred] @returns {Promise<number>} */
export async function freePort(preferred = 0) {
  const port = (preferred !== 0 && (await tryPort(preferred))) || (await anyPort());
  if (port === 0) throw new Error('no free TCP port on 127.0.0.1: close something that listens there, then try again');
  return port;
}
