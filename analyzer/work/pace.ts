// Learns the pace of alike connections: how long they pause inside a request and between two.
// Alike: with one startup packet.
// Invariant: constant memory; a gap is learnt only from pauses that fall into two clearly separate groups, else a fixed
// one is used. Not here: what begins a unit (boundary.ts).

import { limits } from '../../config/limits.js';

/** Used until enough pauses were seen, and where they are all of one kind. */
const USUAL_GAP_MS = 10;
/** A request may pause longer than the shortest of these, and a user is not faster than the longest. */
const GAP_MIN_MS = 4;
export const GAP_MAX_MS = 500;
/** Pauses after which the gap is worked out anew, at first and once there are many. */
const LEARN_EVERY = 64;
const MANY = 1_024;
const LEARN_EVERY_OF_MANY = 512;
/** Pauses count half after so many, so that the gap follows the traffic. */
const FORGET_EVERY = 4_096;
/** Between two heaps the emptiest place has this share of the smaller heap at most. */
const VALLEY_MAX = 0.3;
/** The longer pauses are this share of all at least. */
const GROUP_MIN = 0.02;

/** Two buckets for each doubling, from 1/16 ms on. */
const BUCKETS = 40;
const PER_DOUBLING = 2;
const FIRST_DOUBLING = -4;
const FIRST_MS = 2 ** FIRST_DOUBLING;
const TIMES_MAX = 2 ** (BUCKETS / PER_DOUBLING);

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
    if (++this.#sinceLearnt >= (this.#pauses < MANY ? LEARN_EVERY : LEARN_EVERY_OF_MANY)) this.#learn();
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

/** The pace of each group of alike connections. At most pacesMax are told apart: the oldest is learnt anew. */
export class Paces {
  readonly #byStartup = new Map<string, Pace>();

  of(startup: string): Pace {
    let pace = this.#byStartup.get(startup);
    if (pace !== undefined) return pace;
    if (this.#byStartup.size >= limits.pacesMax) {
      for (const oldest of this.#byStartup.keys()) {
        this.#byStartup.delete(oldest);
        break;
      }
    }
    pace = new Pace();
    this.#byStartup.set(startup, pace);
    return pace;
  }
}

function bucketOf(ms: number): number {
  const times = ms / FIRST_MS;
  if (times <= 1) return 0;
  if (times >= TIMES_MAX) return BUCKETS - 1;
  const doubling = 31 - Math.clz32(times);
  return doubling * PER_DOUBLING + (times >= (1 << doubling) * Math.SQRT2 ? 1 : 0);
}

function msOf(bucket: number): number {
  return 2 ** (bucket / PER_DOUBLING + FIRST_DOUBLING);
}

/** Each bucket with half of its neighbours. */
const SMOOTH = new Float64Array(BUCKETS);
/** Of the buckets after each: the highest, and all together. Made once: an array of this size is dear. */
const LATER = new Float64Array(BUCKETS);
const ABOVE = new Float64Array(BUCKETS);

/**
 * The emptiest place between two heaps of pauses. Pauses of one kind have one heap, however wide; a second one counts
 * when the stretch before it is nearly empty.
 */
function gapBetween(counts: Float64Array): number {
  const smooth = SMOOTH;
  const later = LATER;
  const above = ABOVE;
  smoothen(counts);
  later[BUCKETS - 1] = above[BUCKETS - 1] = 0;
  for (let at = BUCKETS - 2; at >= 0; at--) {
    later[at] = Math.max(later[at + 1], smooth[at + 1]);
    above[at] = above[at + 1] + smooth[at + 1];
  }
  const total = above[0] + smooth[0];
  let deepest = 0;
  let found = -1;
  let heap = 0;
  for (let at = 1; at < BUCKETS - 1; at++) {
    heap = Math.max(heap, smooth[at - 1]);
    const smaller = Math.min(heap, later[at]);
    if (above[at] < total * GROUP_MIN || smooth[at] > smaller * VALLEY_MAX) continue;
    if (smaller - smooth[at] <= deepest) continue;
    deepest = smaller - smooth[at];
    found = at;
  }
  if (found < 0) return USUAL_GAP_MS;
  return Math.min(GAP_MAX_MS, Math.max(GAP_MIN_MS, msOf(middleOf(smooth, found) + 0.5)));
}

function smoothen(counts: Float64Array): void {
  for (let at = 0; at < BUCKETS; at++) {
    const before = at === 0 ? 0 : counts[at - 1];
    const after = at === BUCKETS - 1 ? 0 : counts[at + 1];
    SMOOTH[at] = (before + 2 * counts[at] + after) / 4;
  }
}

/** The middle of the stretch that is as empty as this bucket. */
function middleOf(smooth: Float64Array, from: number): number {
  let to = from;
  while (to + 1 < BUCKETS && smooth[to + 1] <= smooth[from] + 1e-9) to++;
  return (from + to) / 2;
}
