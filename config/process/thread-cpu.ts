// Reads the CPU time of single threads of this process.
// Only Linux tells it; elsewhere there is nothing to read.
// Not here: what is done about it (observer/intake/cpu-share.ts).

import { readFileSync, readlinkSync } from 'node:fs';

/** The system's number of the calling thread; undefined where it is not told. */
export function threadId(): number | undefined {
  try {
    return Number(/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))?.[1] ?? Number.NaN) || undefined;
  } catch {
    return undefined;
  }
}

/** CPU time that a thread has used so far, in milliseconds; undefined when it has ended or it is not told. */
export function threadCpuMs(thread: number): number | undefined {
  try {
    // The first number is the time on a CPU, in nanoseconds.
    const ns = Number.parseInt(readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1'), 10);
    return Number.isNaN(ns) ? undefined : ns / 1e6;
  } catch {
    return undefined;
  }
}
