// Watches for how long turns of a process's loop take, from its first line on.
// A process loads it with NODE_OPTIONS=--import; it writes what it saw into PGWITNESS_TURNS_DIR/PID.json.
// Invariant: the time is the main thread's processor time (Linux), so a busy machine changes little; beside it the
// wall clock's. A look comes each few milliseconds, so what it saw is a turn and little more.
// Not here: what the figures mean (measure-start.mjs).

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMainThread } from 'node:worker_threads';

const directory = process.env.PGWITNESS_TURNS_DIR;
const LOOK_EVERY_MS = 2;
const WRITE_EVERY_MS = 200;
const LONG_MS = 20;

if (isMainThread && directory !== undefined) {
  /** `atMs`: Unix ms. @type {Array<{ atMs: number, cpuMs: number, ms: number }>} */
  const long = [];
  let last = { cpuMs: threadCpuMs(), ms: performance.now() };
  let writtenMs = 0;
  const looking = setInterval(() => {
    const now = { cpuMs: threadCpuMs(), ms: performance.now() };
    const turn = { atMs: performance.timeOrigin + last.ms, cpuMs: now.cpuMs - last.cpuMs, ms: now.ms - last.ms };
    if (turn.ms > LONG_MS) long.push(turn);
    if (now.ms - writtenMs > WRITE_EVERY_MS) {
      writtenMs = now.ms;
      const said = { program: process.argv[1], cpuMs: now.cpuMs, long };
      writeFileSync(path.join(directory, `${process.pid}.json`), JSON.stringify(said));
    }
    // What looking costs is no turn's.
    last = { cpuMs: threadCpuMs(), ms: performance.now() };
  }, LOOK_EVERY_MS);
  looking.unref();
}

/** Of the main thread. */
function threadCpuMs() {
  return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[0]) / 1e6;
}
