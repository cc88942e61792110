// Finds a loopback TCP port that nothing listens on.
// Invariant: the preferred port is taken when it is free. Any other is given once: to one process, and by it once.
// None is one that the kernel gives to a connection going out.
// Preferred ports lie below the blocks.
// Not here: programs that choose otherwise. Such a one may take a port before it is used: callers report that.

import { createServer } from 'node:net';

/** Below the ports of outgoing connections: Linux' begin at 32,768 (ip(7), ip_local_port_range). */
const FIRST = 10_240;
const LAST = 32_767;
/** Ports of a block: what most processes need. The first is its lock. */
const BLOCK = 64;
const BLOCKS = (LAST - FIRST + 1) / BLOCK;

/** @param {number} port @returns {Promise<import('node:net').Server | undefined>} undefined when it is in use */
function listenOn(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve(server));
  });
}

/** @param {number} port @returns {Promise<boolean>} */
async function isFree(port) {
  const server = await listenOn(port);
  if (server === undefined) return false;
  await new Promise((resolve) => server.close(resolve));
  return true;
}

/** Ports of this process's newest block that were not given yet. @type {number[]} */
let ours = [];
/** The block that is being taken: who asks meanwhile waits for it. @type {Promise<boolean> | undefined} */
let taking;

/**
 * Takes a block for as long as this process lives: it listens on the first port, so that the kernel gives the block to
 * no other, and back at this one's end, however it comes.
 */
async function takeBlock() {
  for (let attempt = 0; attempt < 4 * BLOCKS; attempt++) {
    const lock = FIRST + BLOCK * Math.floor(Math.random() * BLOCKS);
    const server = await listenOn(lock);
    if (server === undefined) continue;
    server.unref();
    ours = Array.from({ length: BLOCK - 1 }, (_, n) => lock + 1 + n);
    return true;
  }
  return false;
}

async function anyPort() {
  for (;;) {
    const port = ours.pop();
    if (port !== undefined) {
      if (await isFree(port)) return port;
      continue;
    }
    taking ??= takeBlock().finally(() => {
      taking = undefined;
    });
    if (!(await taking)) return 0;
  }
}

/** @param {number} [preferred] @returns {Promise<number>} */
export async function freePort(preferred = 0) {
  if (preferred !== 0 && (await isFree(preferred))) return preferred;
  const port = await anyPort();
  if (port === 0) throw new Error('no free TCP port on 127.0.0.1: close something that listens there, then try again');
  return port;
}
