// Loaded into a process before its program (NODE_OPTIONS=--import): SIGUSR2 collects all garbage and writes what is left, PID.json in the
// directory that PGWITNESS_HEAP_DIR names. Invariant: without a signal nothing is done. Not here: who asks, and when (flat.mjs).

import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

// A worker thread loads this too; its heap is its own.
if (isMainThread && process.env.PGWITNESS_HEAP_DIR) {
  const file = path.join(process.env.PGWITNESS_HEAP_DIR, `${process.pid}.json`);
  process.on('SIGUSR2', () => {
    setFlagsFromString('--expose-gc');
    runInNewContext('gc')();
    writeFileSync(`${file}.part`, JSON.stringify(process.memoryUsage()));
    renameSync(`${file}.part`, file);
  });
}
