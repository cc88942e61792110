// Profiles the process it is loaded into: one SIGUSR2 begins, the next ends and writes.
// Loaded before the program, with NODE_OPTIONS=--import.
// Invariant: until the first signal nothing is measured and nothing costs; the file appears whole under its name,
// NAME-PID.cpuprofile in the directory that PGWITNESS_PROFILE_DIR names.
// Not here: who sends the signals (flame.mjs), what is made of it (flame-graph.mjs).

import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';

const INTERVAL_US = 250;

// A worker thread loads this too, and is not the hot path.
if (isMainThread && process.env.PGWITNESS_PROFILE_DIR) {
  const file = path.join(process.env.PGWITNESS_PROFILE_DIR, `${process.pid}.cpuprofile`);
  const session = new Session();
  let began = false;
  process.on('SIGUSR2', () => {
    if (!began) {
      began = true;
      session.connect();
      session.post('Profiler.enable');
      session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
      session.post('Profiler.start');
      return;
    }
    session.post('Profiler.stop', (error, result) => {
      writeFileSync(`${file}.part`, JSON.stringify(error ? { error: String(error) } : result.profile));
      renameSync(`${file}.part`, file);
      session.disconnect();
      began = false;
    });
  });
}
