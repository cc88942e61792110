// Tells the soak what only a process of pgwitness knows: its heap after a collection, its handles.
// The soak loads it with NODE_OPTIONS=--import; it answers whoever connects to the socket
// PGWITNESS_PROBE_DIR/PID.sock.
// Invariant: it does nothing until it is asked, and the product's code runs as it is.
// Not here: what the figures mean (held.mjs).

import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const directory = process.env.PGWITNESS_PROBE_DIR;
/** Buffers are freed by finalizers, which run after the collection. */
const FINALIZERS_MS = 20;

if (isMainThread && directory !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = /** @type {() => void} */ (runInNewContext('gc'));
  const server = createServer(async (socket) => {
    socket.on('error', () => socket.destroy());
    for (let i = 0; i < 3; i++) {
      collect();
      await sleep(FINALIZERS_MS);
    }
    const { heapUsed, external } = process.memoryUsage();
    /** @type {Record<string, number>} */
    const handles = {};
    for (const kind of process.getActiveResourcesInfo()) handles[kind] = (handles[kind] ?? 0) + 1;
    socket.end(JSON.stringify({ heapBytes: heapUsed + external, handles }));
  });
  server.listen(path.join(directory, `${process.pid}.sock`));
  server.unref();
}
