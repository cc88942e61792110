// Counts the sessions that were busy in each second.
// Invariant: a session counts once per second and counter, however many executions it had in it. Seconds older than
// KEPT_SECONDS are forgotten. Not here: whose sessions they are (pools.ts).

const KEPT_SECONDS = 120;
/** A longer execution marks only its last seconds: older ones are forgotten by then. */
const MARKED_SECONDS_MAX = 60;

export class BusySeconds {
  readonly #sessions = new Map<number, number>();

  /** Counts one more busy session in this second. Returns their number. */
  mark(second: number): number {
    const busy = (this.#sessions.get(second) ?? 0) + 1;
    this.#sessions.set(second, busy);
    return busy;
  }

  at(second: number): number {
    return this.#sessions.get(second) ?? 0;
  }

  forget(nowSecond: number): void {
    for (const second of this.#sessions.keys()) if (second < nowSecond - KEPT_SECONDS) this.#sessions.delete(second);
  }
}

/**
 * Returns the first second of an execution in which its session is not counted yet; its last second is that of
 * completedAtMs.
 * `lastSecond`: the last second in which the session was counted.
 */
export function firstUnmarkedSecond(times: { completedAtMs: number; serviceNs: number; lastSecond: number }): number {
  const end = Math.floor(times.completedAtMs / 1000);
  const start = Math.floor((times.completedAtMs - times.serviceNs / 1e6) / 1000);
  return Math.max(start, times.lastSecond + 1, end - MARKED_SECONDS_MAX);
}
