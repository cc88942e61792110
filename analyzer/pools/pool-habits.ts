// What the connections of a pool do again and again: how they are taken and given back, and how long they live.
// Invariant: a habit is one of many sessions, not of a single one; each session counts once, with what it shows by now.
// Not here: habits of one connection (connection/connection-profile.ts). Known of this process's time only.

/** A habit is the pool's where this share of its sessions shows it … */
const SHARE_MIN = 0.25;
/** … or this one, where it says "every". */
const EVERY_SHARE_MIN = 0.9;
/** Fewer closed connections say nothing of how long they live. */
const CLOSED_MIN = 10;
/** A connection for one request: longer ones are kept on purpose. */
const SHORT_MS = 5_000;
const SHORT_SHARE_MIN = 0.9;
/** Lifetimes are alike where their deviation is within this share of their mean: somebody replaces connections by age. */
const ALIKE_SHARE_MAX = 0.3;

export class PoolHabits {
  readonly #sessions = new Map<string, number>();
  #sessionsTotal = 0;
  #closed = 0;
  #closedShort = 0;
  #lifetimeTotalMs = 0;
  #lifetimeSquares = 0;

  /** What a session shows now, in place of what it showed `before` (undefined: it is new). */
  shows(habits: readonly string[], before: readonly string[] | undefined): void {
    if (before === undefined) this.#sessionsTotal++;
    for (const habit of before ?? []) this.#sessions.set(habit, (this.#sessions.get(habit) ?? 0) - 1);
    for (const habit of habits) this.#sessions.set(habit, (this.#sessions.get(habit) ?? 0) + 1);
  }

  closed(lifetimeMs: number): void {
    this.#closed++;
    if (lifetimeMs < SHORT_MS) this.#closedShort++;
    this.#lifetimeTotalMs += lifetimeMs;
    this.#lifetimeSquares += lifetimeMs ** 2;
  }

  /** In plain words, sorted. */
  words(): string[] {
    const words: string[] = [];
    for (const [habit, sessions] of this.#sessions) {
      const shareMin = habit.startsWith('every') ? EVERY_SHARE_MIN : SHARE_MIN;
      if (sessions > 0 && sessions >= this.#sessionsTotal * shareMin) words.push(habit);
    }
    const churn = this.#churn();
    if (churn !== '') words.push(churn);
    return words.sort();
  }

  #churn(): string {
    if (this.#closed < CLOSED_MIN) return '';
    if (this.#closedShort >= this.#closed * SHORT_SHARE_MIN)
      return 'one connection per request (CONN_MAX_AGE=0, NullPool)';
    const meanMs = this.#lifetimeTotalMs / this.#closed;
    const deviationMs = Math.sqrt(Math.max(0, this.#lifetimeSquares / this.#closed - meanMs ** 2));
    if (meanMs < SHORT_MS || deviationMs > meanMs * ALIKE_SHARE_MAX) return '';
    return `connections are replaced after about ${Number((meanMs / 1000).toPrecision(2))} s (CONN_MAX_AGE, pool_recycle)`;
  }
}
