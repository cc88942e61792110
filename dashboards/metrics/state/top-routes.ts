// Counts the few routes with series of their own, and all others together.
// Invariant: however many routes pass, the series are as many as the places, and one.
// Not here: which routes these are (sticky-places.ts), where requests begin and end (analyzer/work).

import { type RouteKind, routeOf } from '../../../facts/work/routes.js';
import { cleanLabel, OTHER } from './labels.js';
import { StickyPlaces } from './sticky-places.js';

/** Requests of one tag set since the last flush; a RequestRollup is one. */
export interface RouteDelta {
  readonly tagSet: string;
  readonly requests: number;
  readonly statements: number;
  readonly errors: number;
  readonly serviceTotalNs: number;
}

export interface RouteSeries {
  /** '' = untagged, or all others. */
  readonly kind: RouteKind;
  /** As a label. */
  readonly route: string;
  requests: number;
  statements: number;
  errors: number;
  serviceNs: number;
}

interface Named {
  readonly kind: RouteKind;
  readonly route: string;
}

type Counted = RouteDelta & Named;

const UNTAGGED = '(untagged)';
/** Of the tag sets for which the observer had no place itself. */
const CAPPED = '(other)';

export class TopRoutes {
  readonly #places: StickyPlaces<Counted, Named, RouteSeries>;

  /** With 0 places nothing is kept, not even "other". */
  constructor(places: number) {
    this.#places = new StickyPlaces(places, {
      keyOf: ({ kind, route }) => `${kind}\0${route}`,
      identityOf: ({ kind, route }) => ({ kind, route }),
      groupOf: () => OTHER,
      timeNs: ({ serviceTotalNs }) => serviceTotalNs,
      make: ({ kind, route }) => seriesOf(kind, route),
      makeOther: () => seriesOf('', OTHER),
      count(series, { requests, statements, errors, serviceTotalNs }) {
        series.requests += requests;
        series.statements += statements;
        series.errors += errors;
        series.serviceNs += serviceTotalNs;
      },
    });
  }

  series(): Iterable<RouteSeries> {
    return this.#places.series();
  }

  add(delta: RouteDelta, nowMs: number): void {
    const { tagSet, requests, statements, errors, serviceTotalNs } = delta;
    const { kind, route } = routeOf(tagSet);
    // Two routes with one label would be one series twice.
    const label = kind === '' ? UNTAGGED : cleanLabel(route);
    const counted = { tagSet, requests, statements, errors, serviceTotalNs, kind, route: label };
    if (tagSet === CAPPED) this.#places.addOther(counted);
    else this.#places.add(counted, nowMs);
  }
}

function seriesOf(kind: RouteKind, route: string): RouteSeries {
  return { kind, route, requests: 0, statements: 0, errors: 0, serviceNs: 0 };
}
