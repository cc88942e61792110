// Chooses the few that have series of their own.
// Places are sticky, so that series rarely come and go.
// Invariant: at most `places` have a place. A place is kept for at least TENURE_MS, and lost only to one that takes
// more than twice the time. All others are counted under "other" of their group.
// Not here: what is counted (top-statements.ts, top-routes.ts).

export interface PlaceRules<Delta, Identity, Series> {
  readonly keyOf: (delta: Delta) => string;
  /** What is remembered of one that waits for a place. */
  readonly identityOf: (delta: Delta) => Identity;
  readonly groupOf: (delta: Delta) => string;
  readonly timeNs: (delta: Delta) => number;
  readonly make: (identity: Identity) => Series;
  readonly makeOther: (group: string) => Series;
  readonly count: (series: Series, delta: Delta) => void;
}

interface Place<Series> {
  readonly series: Series;
  sinceMs: number;
  /** Recent service time: halved at each review. */
  recentNs: number;
}

const TENURE_MS = 15 * 60_000;
const REVIEW_MS = 60_000;
/** Those without a place whose recent time is remembered, per place. */
const WAITING_PER_PLACE = 20;

export class StickyPlaces<Delta, Identity, Series> {
  readonly #max: number;
  readonly #rules: PlaceRules<Delta, Identity, Series>;
  readonly #places = new Map<string, Place<Series>>();
  readonly #others = new Map<string, Series>();
  readonly #waiting = new Map<string, { identity: Identity; recentNs: number }>();
  #reviewedMs = Number.NEGATIVE_INFINITY;

  /** With 0 places nothing is kept, not even "other". */
  constructor(places: number, rules: PlaceRules<Delta, Identity, Series>) {
    this.#max = places;
    this.#rules = rules;
  }

  /** Places first, then one "other" per group. */
  *series(): Generator<Series> {
    for (const place of this.#places.values()) yield place.series;
    yield* this.#others.values();
  }

  /** Adds the counts of a flush. */
  add(delta: Delta, nowMs: number): void {
    if (this.#max === 0) return;
    if (nowMs - this.#reviewedMs >= REVIEW_MS) this.#review(nowMs);
    const rules = this.#rules;
    const key = rules.keyOf(delta);
    let place = this.#places.get(key);
    if (place === undefined && this.#places.size < this.#max) {
      place = this.#give(key, { identity: rules.identityOf(delta), nowMs });
    }
    if (place !== undefined) {
      place.recentNs += rules.timeNs(delta);
      rules.count(place.series, delta);
      return;
    }
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) waiting.recentNs += rules.timeNs(delta);
    else if (this.#waiting.size < this.#max * WAITING_PER_PLACE) {
      this.#waiting.set(key, { identity: rules.identityOf(delta), recentNs: rules.timeNs(delta) });
    }
    this.addOther(delta);
  }

  /** Of one that is never to have a place. */
  addOther(delta: Delta): void {
    if (this.#max === 0) return;
    const group = this.#rules.groupOf(delta);
    let other = this.#others.get(group);
    if (other === undefined) {
      other = this.#rules.makeOther(group);
      this.#others.set(group, other);
    }
    this.#rules.count(other, delta);
  }

  #give(key: string, { identity, nowMs }: { identity: Identity; nowMs: number }): Place<Series> {
    const place = { series: this.#rules.make(identity), sinceMs: nowMs, recentNs: 0 };
    this.#places.set(key, place);
    return place;
  }

  /**
   * Gives each place that is past its tenure to one that takes more than twice its time; then halves recent times.
   */
  #review(nowMs: number): void {
    this.#reviewedMs = nowMs;
    const challengers = [...this.#waiting].sort((a, b) => b[1].recentNs - a[1].recentNs);
    const holders = [...this.#places]
      .filter(([, place]) => nowMs - place.sinceMs >= TENURE_MS)
      .sort((a, b) => a[1].recentNs - b[1].recentNs);
    for (const [index, [key, { identity, recentNs }]] of challengers.slice(0, holders.length).entries()) {
      const [lostKey, lost] = holders[index];
      if (recentNs <= 2 * lost.recentNs) break;
      this.#places.delete(lostKey);
      this.#give(key, { identity, nowMs }).recentNs = recentNs;
    }
    this.#waiting.clear();
    for (const [key, waiting] of challengers) {
      const recentNs = waiting.recentNs / 2;
      if (recentNs >= 1 && !this.#places.has(key)) this.#waiting.set(key, { ...waiting, recentNs });
    }
    for (const place of this.#places.values()) place.recentNs /= 2;
  }
}
