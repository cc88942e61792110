// Decides when the relay stops observing because its event loop is late, and when it begins again.
//
//   observing ──late for loopLateTicks seconds in a row──► paused ──calm for loopCalmTicks, and the pause is over──► observing
//
// Invariant: traffic is not its business; a pause ends by itself; one that follows soon after another is twice as long, so that a load which
// is too much does not make it swing. Late is a loop that has work all the time: one that mostly waits and wakes late is on a machine that
// is busy with something else, and observing is not the cause. Not here: what pausing does (switch.ts), when it is asked (ticks.ts).

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
  /** Longest delay of the loop since the last tick. */
  lagMs: number;
  /** Share of the time since then in which the loop did not wait for anything, 0 to 1. */
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
