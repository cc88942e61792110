// Chooses the few statements with series of their own.
// Places are sticky, so that series rarely come and go.
// Invariant: at most `places` statements have a place. A place is kept for at least TENURE_MS, and lost only to a
// statement that takes more than twice the time. Every other statement is counted under "other" of its source.
// Not here: which sources take part (metrics-state.ts).

import { OTHER } from './labels.js';

/** Counts of one (fingerprint, source) since the last flush; a RollupRow is one. */
export interface TopDelta {
  readonly key: { readonly fingerprint: string; readonly source: string };
  readonly calls: number;
  readonly errors: number;
  readonly serviceTotalNs: number;
}

export interface TopSeries {
  readonly fingerprint: string;
  readonly source: string;
  /** Set by the exporter once it is known. */
  summary: string;
  executions: number;
  errors: number;
  serviceNs: number;
}

interface Place {
  readonly series: TopSeries;
  sinceMs: number;
  /** Recent service time: halved at each review. */
  recentNs: number;
}

const TENURE_MS = 15 * 60_000;
const REVIEW_MS = 60_000;
/** Statements without a place whose recent time is remembered, per place. */
const WAITING_PER_PLACE = 20;

export class TopStatements {
  readonly #max: number;
  readonly #places = new Map<string, Place>();
  readonly #others = new Map<string, TopSeries>();
  readonly #waiting = new Map<string, { statement: TopDelta['key']; recentNs: number }>();
  #reviewedMs = Number.NEGATIVE_INFINITY;

  /** With 0 places nothing is kept, not even "other". */
  constructor(places: number) {
    this.#max = places;
  }

  /** Places first, then one "other" per source. */
  *series(): Generator<TopSeries> {
    for (const place of this.#places.values()) yield place.series;
    yield* this.#others.values();
  }

  /** Adds the counts of a flush. */
  add(delta: TopDelta, nowMs: number): void {
    if (this.#max === 0) return;
    if (nowMs - this.#reviewedMs >= REVIEW_MS) this.#review(nowMs);
    const { source, fingerprint } = delta.key;
    const key = `${source}\0${fingerprint}`;
    let place = this.#places.get(key);
    if (place === undefined && this.#places.size < this.#max) place = this.#give(key, { statement: delta.key, nowMs });
    if (place !== undefined) {
      place.recentNs += delta.serviceTotalNs;
      count(place.series, delta);
      return;
    }
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) waiting.recentNs += delta.serviceTotalNs;
    else if (this.#waiting.size < this.#max * WAITING_PER_PLACE) {
      this.#waiting.set(key, { statement: { source, fingerprint }, recentNs: delta.serviceTotalNs });
    }
    let other = this.#others.get(source);
    if (other === undefined) {
      other = { fingerprint: OTHER, source, summary: '', executions: 0, errors: 0, serviceNs: 0 };
      this.#others.set(source, other);
    }
    count(other, delta);
  }

  #give(key: string, { statement, nowMs }: { statement: TopDelta['key']; nowMs: number }): Place {
    const { fingerprint, source } = statement;
    const series = { fingerprint, source, summary: '', executions: 0, errors: 0, serviceNs: 0 };
    const place = { series, sinceMs: nowMs, recentNs: 0 };
    this.#places.set(key, place);
    return place;
  }

  /**
   * Gives each place that is past its tenure to a statement that takes more than twice its time; then halves recent
   * times.
   */
  #review(nowMs: number): void {
    this.#reviewedMs = nowMs;
    const challengers = [...this.#waiting].sort((a, b) => b[1].recentNs - a[1].recentNs);
    const holders = [...this.#places]
      .filter(([, place]) => nowMs - place.sinceMs >= TENURE_MS)
      .sort((a, b) => a[1].recentNs - b[1].recentNs);
    for (const [index, [key, { statement, recentNs }]] of challengers.slice(0, holders.length).entries()) {
      const [lostKey, lost] = holders[index];
      if (recentNs <= 2 * lost.recentNs) break;
      this.#places.delete(lostKey);
      this.#give(key, { statement, nowMs }).recentNs = recentNs;
    }
    this.#waiting.clear();
    for (const [key, waiting] of challengers) {
      const recentNs = waiting.recentNs / 2;
      if (recentNs >= 1 && !this.#places.has(key)) this.#waiting.set(key, { statement: waiting.statement, recentNs });
    }
    for (const place of this.#places.values()) place.recentNs /= 2;
  }
}

function count(series: TopSeries, delta: TopDelta): void {
  series.executions += delta.calls + delta.errors;
  series.errors += delta.errors;
  series.serviceNs += delta.serviceTotalNs;
}
