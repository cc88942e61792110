// Counts the few statements with series of their own, and the others of each source.
// Not here: which statements these are (sticky-places.ts), which sources take part (metrics-state.ts).

import { OTHER } from './labels.js';
import { StickyPlaces } from './sticky-places.js';

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

/** With 0 places nothing is kept, not even "other". */
export function topStatements(places: number): StickyPlaces<TopDelta, TopDelta['key'], TopSeries> {
  return new StickyPlaces(places, {
    keyOf: ({ key: { source, fingerprint } }) => `${source}\0${fingerprint}`,
    identityOf: ({ key: { source, fingerprint } }) => ({ source, fingerprint }),
    groupOf: ({ key }) => key.source,
    timeNs: ({ serviceTotalNs }) => serviceTotalNs,
    make: seriesOf,
    makeOther: (source) => seriesOf({ source, fingerprint: OTHER }),
    count(series, { calls, errors, serviceTotalNs }) {
      series.executions += calls + errors;
      series.errors += errors;
      series.serviceNs += serviceTotalNs;
    },
  });
}

function seriesOf({ source, fingerprint }: TopDelta['key']): TopSeries {
  return { fingerprint, source, summary: '', executions: 0, errors: 0, serviceNs: 0 };
}
