// The thread that ships: its start and its end, by messages of the main thread.
// Invariant: it writes nothing into the store, and answers 'end' with 'ended'. Not here: the main thread's side
// (ship-thread.ts), the work (shipping.ts).

import { parentPort, workerData } from 'node:worker_threads';
import { giveWayToTraffic } from '../../config/process/niceness.js';
import { threadId } from '../../config/process/thread-cpu.js';
import type { FromShipThread, ShipThreadStart, ToShipThread } from './messages.js';
import { Shipping } from './shipping.js';

const port = parentPort!;
const say = (message: FromShipThread) => port.postMessage(message);

giveWayToTraffic();
say({ kind: 'thread', thread: threadId() });
const start = workerData as ShipThreadStart;
const shipping = new Shipping({
  ...start,
  report: (status) => say({ kind: 'status', status }),
  warn: (why) => say({ kind: 'warning', why }),
});
const running = shipping.run();
port.on('message', async ({ withinMs }: ToShipThread) => {
  // Both at once: what runs now ends by itself, and nothing new begins.
  const ended = shipping.end(running, withinMs);
  await ended;
  say({ kind: 'ended' });
  port.close();
});
