// Keeps the observer within its share of a CPU: over it, the link is not read for a while.
// Invariant: nothing is dropped here. A link that is not read fills up, and the relay counts what finds no room. Not
// here: the relay's side (proxy/link/link.ts).

import type { LinkGate } from './link-gate.js';

const CHECK_MS = 250;

/** Returns the function that ends it. `share`: of one CPU, 1 = a whole one. */
export function holdCpuShare(gate: LinkGate, share: number): () => void {
  let usage = process.cpuUsage();
  let checkedMs = performance.now();
  let pause: NodeJS.Timeout | undefined;
  const timer = setInterval(() => {
    if (pause !== undefined) return;
    const used = process.cpuUsage(usage);
    const nowMs = performance.now();
    const usedMs = (used.user + used.system) / 1000;
    const overMs = usedMs / share - (nowMs - checkedMs);
    usage = process.cpuUsage();
    checkedMs = nowMs;
    if (overMs <= 0) return;
    gate.hold();
    pause = setTimeout(
      () => {
        pause = undefined;
        usage = process.cpuUsage();
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
