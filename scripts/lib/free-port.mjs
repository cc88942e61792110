// Finds a loopback TCP port that nothing listens on.
// Invariant: the preferred port is taken when it is free; of any, none is given twice by one process. It may be taken
// by another process before it is used: callers report that.

import { createServer } from 'node:net';

/** @param {number} port 0 = any @returns {Promise<number>} 0 when it is in use */
function tryPort(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(0));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** @type {Set<number>} */
const given = new Set();

async function anyPort() {
  for (let attempt = 0; attempt < 10; attempt++) {
    const port = await tryPort(0);
    if (port === 0 || given.has(port)) continue;
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
