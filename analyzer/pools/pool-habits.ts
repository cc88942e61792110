// Finds the habits of a pool: how its connections are used, and how long they live.
// Invariant: a habit belongs to many sessions, never to one; each session counts once, with what it shows now. Only
// what this process saw is known. Not here: habits of one connection (attribution/connection/connection-profile.ts).

/** A pool has a habit when this share of its sessions shows it … */
const SHARE_MIN = 0.25;
/** … or this share, for a habit that says "every". */
const EVERY_SHARE_MIN = 0.9;
/** Fewer closed connections do not show how long they live. */
const CLOSED_MIN = 10;
/** A connection for one request is shorter; a longer one is kept on purpose. */
const SHORT_MS = 5_000;
const SHORT_SHARE_MIN = 0.9;
/** Lifetimes are alike, so connections are replaced by age, when their deviation is within this share of the mean. */
const ALIKE_SHARE_MAX = 0.3;

export class PoolHabits {
  readonly #sessions = new Map<string, number>();
  #sessionsTotal = 0;
  #closed = 0;
  #closedShort = 0;
  #lifetimeTotalMs = 0;
  #lifetimeSquares = 0;

  /** Counts the habits of a session, and no longer those that it showed `before`; undefined = it is new. */
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

  /** The habits of the pool in plain words, sorted. */
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
