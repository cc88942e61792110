// Learns the pace of alike connections: how long they pause inside a request and between two.
// Alike: with one startup packet.
// Invariant: constant memory; a gap is learnt only from pauses that fall into two clearly separate groups, else a fixed
// one is used. Not here: what begins a unit (boundary.ts).

/** Used until enough pauses were seen, and where they are all of one kind. */
const USUAL_GAP_MS = 50;
/** A request may pause longer than the shortest of these, and a user is not faster than the longest. */
const GAP_MIN_MS = 4;
const GAP_MAX_MS = 500;
/** Pauses after which the gap is worked out anew. */
const LEARN_EVERY = 64;
/** Pauses count half after so many, so that the gap follows the traffic. */
const FORGET_EVERY = 4_096;
/** Share of the pauses' spread (of their logarithms) that two groups must explain. A single group explains less. */
const APART_MIN = 0.8;
/** The smaller of the two groups holds this share at least. */
const GROUP_MIN = 0.02;

/** Two buckets for each doubling, from 1/16 ms on. */
const BUCKETS = 40;
const PER_DOUBLING = 2;
const FIRST_DOUBLING = -4;

/** A connection that lives no longer was opened for one request. */
export const SHORT_LIFE_MS = 5_000;
const LIVES_MIN = 3;
const SHORT_SHARE_MIN = 0.9;
const LIVES_KEPT = 200;

export class Pace {
  readonly #counts = new Float64Array(BUCKETS);
  #pauses = 0;
  #sinceLearnt = 0;
  #lives = 0;
  #shortLives = 0;
  /** A longer pause outside of a transaction lies between two requests. */
  gapMs = USUAL_GAP_MS;

  /** Hot path: a pause outside of a transaction. */
  paused(ms: number): void {
    this.#counts[bucketOf(ms)]++;
    this.#pauses++;
    if (++this.#sinceLearnt >= LEARN_EVERY) this.#learn();
  }

  closed(lifetimeMs: number): void {
    this.#lives++;
    if (lifetimeMs < SHORT_LIFE_MS) this.#shortLives++;
    if (this.#lives < LIVES_KEPT) return;
    this.#lives /= 2;
    this.#shortLives /= 2;
  }

  /** Its connections are opened for one request each (CONN_MAX_AGE=0, NullPool). */
  get isPerRequest(): boolean {
    return this.#lives >= LIVES_MIN && this.#shortLives >= this.#lives * SHORT_SHARE_MIN;
  }

  #learn(): void {
    this.#sinceLearnt = 0;
    this.gapMs = gapBetween(this.#counts);
    if (this.#pauses < FORGET_EVERY) return;
    for (let at = 0; at < BUCKETS; at++) this.#counts[at] /= 2;
    this.#pauses /= 2;
  }
}

function bucketOf(ms: number): number {
  if (ms <= 0.0625) return 0;
  return Math.min(BUCKETS - 1, Math.floor((Math.log2(ms) - FIRST_DOUBLING) * PER_DOUBLING));
}

function msOf(bucket: number): number {
  return 2 ** (bucket / PER_DOUBLING + FIRST_DOUBLING);
}

/** Splits the pauses where their logarithms fall apart most (Otsu's criterion), in the middle of the empty stretch. */
function gapBetween(counts: Float64Array): number {
  let total = 0;
  let sum = 0;
  let squares = 0;
  for (let at = 0; at < BUCKETS; at++) {
    total += counts[at];
    sum += counts[at] * at;
    squares += counts[at] * at * at;
  }
  const spread = squares / total - (sum / total) ** 2;
  let best = { apart: 0, from: 0, to: 0 };
  let below = 0;
  let belowSum = 0;
  for (let at = 0; at < BUCKETS - 1; at++) {
    below += counts[at];
    belowSum += counts[at] * at;
    const above = total - below;
    if (Math.min(below, above) < total * GROUP_MIN) continue;
    const apart = ((below * above) / total ** 2) * (belowSum / below - (sum - belowSum) / above) ** 2;
    if (apart > best.apart + 1e-9) best = { apart, from: at, to: at };
    else if (apart > best.apart - 1e-9) best.to = at;
  }
  if (spread <= 0 || best.apart < spread * APART_MIN) return USUAL_GAP_MS;
  const middle = msOf((best.from + best.to) / 2 + 1);
  return Math.min(GAP_MAX_MS, Math.max(GAP_MIN_MS, middle));
}
