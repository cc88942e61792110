// How many sessions were busy at once, second by second.
// Invariant: a session counts once per second and counter, however many statements it ran in it. Seconds older than KEPT_SECONDS are forgotten.
// Not here: whose sessions (pools.ts).

const KEPT_SECONDS = 120;
/** A statement that ran longer marks only its last seconds: the older ones are forgotten by then. */
const MARKED_SECONDS_MAX = 60;

export class BusySeconds {
  readonly #sessions = new Map<number, number>();

  /** One more session is busy in this second; returns how many are. */
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
 * The seconds a statement was running in, without those this session was already counted in.
 * `lastSecond` is the last one it was counted in; returns the first second to mark (the last one is that of completedAtMs).
 */
export function firstUnmarkedSecond(times: { completedAtMs: number; serviceNs: number; lastSecond: number }): number {
  const end = Math.floor(times.completedAtMs / 1000);
  const start = Math.floor((times.completedAtMs - times.serviceNs / 1e6) / 1000);
  return Math.max(start, times.lastSecond + 1, end - MARKED_SECONDS_MAX);
}
