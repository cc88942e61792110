// The histograms of statements over all their lives, which bound what they took in a window.
// Invariant: no statement is called too quick that is not. One histogram of each is read, where a window has one a day.
// Not here: the histograms of the window (first-by-percentile.ts).

import { countFrom, GAMMA, LogHistogram } from '../../facts/histogram.js';
import { keyOf } from '../../facts/statement-facts.js';
import type { Segment } from '../../storage/reading/levels.js';
import type { RankedStatement, SeriesFilter } from '../../storage/reading/statement-rows.js';
import type { StoredFacts } from '../../storage/reading/stored-facts.js';

const NONE: readonly Uint8Array[] = [];

export class Lifetimes {
  /** Encoded, one of each series, by keyOf. */
  readonly #histograms = new Map<string, Uint8Array[]>();

  /** @param segments those of all time. */
  static of(
    stored: StoredFacts,
    ranked: readonly RankedStatement[],
    { filter, segments }: { filter: SeriesFilter; segments: readonly Segment[] },
  ): Lifetimes {
    const lifetimes = new Lifetimes();
    const histograms = lifetimes.#histograms;
    for (const one of ranked) histograms.set(keyOf(one), []);
    const bySeries = new Map<number, Uint8Array[]>();
    for (const series of stored.seriesIds(ranked, filter)) {
      const own = histograms.get(keyOf(series));
      if (own !== undefined) bySeries.set(series.id, own);
    }
    const fingerprints = [...new Set(ranked.map(({ fingerprint }) => fingerprint))];
    const ids = [...bySeries.keys()];
    for (const { id, histogram } of stored.histogramsOf('rollup', { segments, fingerprints, ids }))
      bySeries.get(id)?.push(histogram);
    return lifetimes;
  }

  /** Those that can have the percentile: no more executions of a window can have taken so long than ever did. */
  reaching(ranked: RankedStatement[], leastNs: number | null, share: number): RankedStatement[] {
    if (leastNs === null) return ranked;
    // A percentile is told as the middle of its bucket.
    const ns = leastNs / GAMMA;
    return ranked.filter((one) => {
      let count = 0;
      for (const histogram of this.#of(one)) count += countFrom(histogram, ns);
      return count >= Math.max(1, (one.timed ?? 0) / share);
    });
  }

  /** A window is much like all time, so most of the rest need not be read once the first of these are known. */
  slowestFirst(ranked: readonly RankedStatement[], share: number): RankedStatement[] {
    const keyed = ranked.map((one) => {
      const ever = new LogHistogram();
      for (const histogram of this.#of(one)) ever.mergeEncoded(histogram);
      return { one, ns: ever.percentile(1 - 1 / share) };
    });
    return keyed.sort((a, b) => b.ns - a.ns).map(({ one }) => one);
  }

  #of(one: RankedStatement): readonly Uint8Array[] {
    return this.#histograms.get(keyOf(one)) ?? NONE;
  }
}
