// Measures the CPU time of observing, without HTTP and reports, which are threads beside it.
//
// V8's helpers (collecting garbage, compiling) work for all threads, so their time is divided as that of the threads
// is. They use about half as much as the threads (bench/observer-threads.mjs): too much to leave out, and too much of
// it is for reports to count all of it as observing.
// Invariant: all CPU time is observing or that of the other threads. Where the system does not tell the time of
// single threads, all of it counts as observing.
// Not here: what is done about it (cpu-share.ts).

import { threadCpuMs, threadId } from '../../config/process/thread-cpu.js';

export class ObservingCpu {
  readonly #own = threadId();
  readonly #others: () => Iterable<number>;
  #process = process.cpuUsage();
  /** By thread. */
  #before = new Map<number, number>();

  /** Made by the thread that observes. `others`: the threads that do not, by their numbers in the system. */
  constructor(others: () => Iterable<number>) {
    this.#others = others;
    this.#take();
  }

  /** Since the last call, in milliseconds. */
  usedMs(): number {
    const { user, system } = process.cpuUsage(this.#process);
    const allMs = (user + system) / 1_000;
    const { ownMs, othersMs } = this.#take();
    return ownMs + othersMs > 0 ? (allMs * ownMs) / (ownMs + othersMs) : allMs;
  }

  #take(): { ownMs: number; othersMs: number } {
    this.#process = process.cpuUsage();
    const now = new Map<number, number>();
    let ownMs = 0;
    let othersMs = 0;
    const read = (thread: number): number => {
      const ms = threadCpuMs(thread);
      if (ms === undefined) return 0;
      now.set(thread, ms);
      // A thread that was not there before began since.
      return ms - (this.#before.get(thread) ?? 0);
    };
    if (this.#own !== undefined) {
      ownMs = read(this.#own);
      for (const thread of this.#others()) othersMs += read(thread);
    }
    this.#before = now;
    return { ownMs, othersMs };
  }
}
