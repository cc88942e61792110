// Kills this process when its parent is gone; the main file of a thread.
// Not here: what the process does meanwhile (sql-child.ts).

import { workerData } from 'node:worker_threads';

const LOOK_MS = 500;

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, LOOK_MS);
