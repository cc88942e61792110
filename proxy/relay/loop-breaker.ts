// Decides when the relay pauses observing because its event loop is late, and when it goes on.
//
//   observing ──late for loopLateTicks in a row──► paused ──calm for loopCalmTicks, and the pause is over──► observing
//
// Invariant: a pause ends by itself. A pause soon after another one is twice as long, so that a load that is too high
// does not make observing swing. A loop counts as late only when it is also busy: a loop that mostly waits and wakes
// late is on a machine that is busy with something else, and observing is not the cause. Traffic is never affected.
// Not here: what a pause does (watch/switch.ts), when the breaker is asked (ticks.ts).

export interface BreakerLimits {
  loopLateMs: number;
  loopBusyShare: number;
  loopLateTicks: number;
  loopCalmMs: number;
  loopCalmTicks: number;
  pauseMs: number;
  pauseMsMax: number;
}

export interface LoopTick {
  nowMs: number;
  /** The loop's longest delay since the last tick. */
  lagMs: number;
  /** Share of the time since the last tick in which the loop was busy, 0 to 1. */
  busyShare: number;
}

export class LoopBreaker {
  readonly #limits: BreakerLimits;
  #lateTicks = 0;
  #calmTicks = 0;
  #pauseMs: number;
  #pausedAtMs = 0;
  #resumedAtMs = Number.NEGATIVE_INFINITY;
  paused = false;
  pausesTotal = 0;

  constructor(limits: BreakerLimits) {
    this.#limits = limits;
    this.#pauseMs = limits.pauseMs;
  }

  /** What to do now, if anything. */
  tick({ nowMs, lagMs, busyShare }: LoopTick): 'pause' | 'resume' | undefined {
    const { loopLateMs, loopBusyShare, loopLateTicks, loopCalmMs, loopCalmTicks, pauseMs, pauseMsMax } = this.#limits;
    this.#lateTicks = lagMs >= loopLateMs && busyShare >= loopBusyShare ? this.#lateTicks + 1 : 0;
    this.#calmTicks = lagMs < loopCalmMs ? this.#calmTicks + 1 : 0;
    if (this.paused) {
      if (this.#calmTicks < loopCalmTicks || nowMs - this.#pausedAtMs < this.#pauseMs) return undefined;
      this.paused = false;
      this.#resumedAtMs = nowMs;
      this.#lateTicks = 0;
      return 'resume';
    }
    if (this.#lateTicks < loopLateTicks) return undefined;
    const again = nowMs - this.#resumedAtMs < pauseMsMax;
    this.#pauseMs = again ? Math.min(this.#pauseMs * 2, pauseMsMax) : pauseMs;
    this.#pausedAtMs = nowMs;
    this.#calmTicks = 0;
    this.paused = true;
    this.pausesTotal++;
    return 'pause';
  }
}
