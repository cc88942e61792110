// Keeps observing within its share of a CPU: over it, the link is not read for a while.
// Invariant: nothing is dropped here. A link that is not read fills up, and the relay counts what finds no room.
// Not here: the relay's side (proxy/link/link.ts), what counts as observing (observing-cpu.ts).

import type { LinkGate } from './link-gate.js';
import { ObservingCpu } from './observing-cpu.js';

const CHECK_MS = 250;

export interface CpuShare {
  /** Of one CPU, 1 = a whole one. */
  readonly share: number;
  /** Threads of this process that do not observe, by their numbers in the system. */
  readonly otherThreads: () => Iterable<number>;
}

/** Returns the function that ends it. */
export function holdCpuShare(gate: Pick<LinkGate, 'hold' | 'letGo'>, { share, otherThreads }: CpuShare): () => void {
  const cpu = new ObservingCpu(otherThreads);
  let checkedMs = performance.now();
  let pause: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    if (pause !== undefined) return;
    const nowMs = performance.now();
    const overMs = cpu.usedMs() / share - (nowMs - checkedMs);
    checkedMs = nowMs;
    if (overMs <= 0) return;
    gate.hold();
    pause = setTimeout(
      () => {
        pause = undefined;
        cpu.usedMs();
        checkedMs = performance.now();
        gate.letGo();
      },
      Math.min(overMs, CHECK_MS * 4),
    );
  }, CHECK_MS);
  return () => {
    clearInterval(timer);
    if (pause === undefined) return;
    clearTimeout(pause);
    gate.letGo();
  };
}
