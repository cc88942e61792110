// Remembers when a statement was slower than usual: what comes at that hour again is no news.
// Invariant: bounded; a stretch is the measure of later days, never of its own. Not here: what is slower, and than what
// (statement-histories.ts).

import { bucketOf, LogHistogram } from '../../facts/histogram.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What comes once a week is known when it comes again. */
const KEPT_MS = 8 * DAY_MS;
const STRETCHES_MAX = 8;

interface Stretch {
  readonly fromMs: number;
  untilMs: number;
  /** Of the time that nearly all of it stayed below. */
  bucket: number;
}

export class SlowHours {
  readonly #share: number;
  /** The oldest first. */
  #stretches: Stretch[] = [];
  /** Of the last stretch. */
  #times = new LogHistogram();

  /** @param share of a stretch's times: all but the slowest. */
  constructor(share: number) {
    this.#share = share;
  }

  /** A slot of time was slower than usual. */
  note(fromMs: number, untilMs: number, times: LogHistogram): void {
    this.#stretches = this.#stretches.filter((one) => fromMs - one.untilMs <= KEPT_MS);
    let last = this.#stretches.at(-1);
    if (last === undefined || fromMs - last.untilMs > HOUR_MS) {
      if (this.#stretches.length >= STRETCHES_MAX) this.#stretches.shift();
      last = { fromMs, untilMs, bucket: 0 };
      this.#times = new LogHistogram();
      this.#stretches.push(last);
    }
    last.untilMs = untilMs;
    this.#times.merge(times);
    last.bucket = bucketOf(this.#times.percentile(this.#share));
  }

  /** Bucket of the time that nearly all stayed below at this hour of earlier days, give or take an hour; 0 = none. */
  bucketAt(atMs: number): number {
    let bucket = 0;
    for (const { fromMs, untilMs, bucket: then } of this.#stretches) {
      const days = Math.floor((atMs - fromMs + HOUR_MS) / DAY_MS);
      const isThen = days >= 1 && atMs - days * DAY_MS <= untilMs + HOUR_MS && atMs - untilMs <= KEPT_MS;
      if (isThen) bucket = Math.max(bucket, then);
    }
    return bucket;
  }
}
