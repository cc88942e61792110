// The processor time that an act takes of its thread, at most.
// Not here: whole processes (bench/lib/processes.mjs).

/**
 * Other threads of the process collect and compile beside it, and other processes take the processor from it: it took
 * no more than the process's time says, or the clock.
 * @template T @param {() => T} act
 * @returns {{ answer: T, ms: number }}
 */
export function spent(act) {
  const before = process.cpuUsage();
  const beganMs = performance.now();
  const answer = act();
  const clockMs = performance.now() - beganMs;
  const { user, system } = process.cpuUsage(before);
  return { answer, ms: Math.min(clockMs, (user + system) / 1000) };
}
