// The answer to "what does a request of this route do": its figures, and single requests of it.
// Invariant: typical is, of the requests that were drawn at random, the one whose time is nearest to the median of all.
// No literal is in it. Not here: figures of all routes (reports/routes.ts), its JSON
// (forms/route-details-json.ts).

import type { UnitSample } from '../../facts/rollup-row.js';
import { addRoute, emptyRoute, type RouteDetails, type RouteFacts, routeOf } from '../../facts/work/routes.js';
import { spanOf, type TimeBounds } from '../../storage/reading/span.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { reportRoutes } from '../routes.js';

/** By its name as `routes` prints it; undefined = no request of it in this window. Throws StoreError, RangeError. */
export function reportRoute(reader: StoreReader, name: string, bounds: TimeBounds = {}): RouteDetails | undefined {
  const { window, routes } = reportRoutes(reader, bounds);
  const route = routes.find((facts) => isNamed(facts, name));
  if (route === undefined) return undefined;
  return reader.read((stored) => {
    const isWanted = (tagSet: string): boolean => {
      const { kind, route: value } = routeOf(tagSet);
      return kind === route.kind && value === route.route;
    };
    const samples = stored.unitSamplesIn({
      minutes: spanOf(stored, bounds).minutes,
      isWanted,
    });
    const names = stored.poolNames();
    const named = (sample: UnitSample | undefined): UnitSample | undefined =>
      sample === undefined
        ? undefined
        : {
            ...sample,
            statements: sample.statements.map((one) => ({ ...one, pool: names.get(one.pool) ?? one.pool })),
          };
    const typical = named(typicalOf(samples, route));
    const slowest = named(slowestOf(samples));
    const shown = [typical, slowest].flatMap((sample) => sample?.statements ?? []);
    const texts = stored.textsOf([...new Set(shown.map(({ fingerprint }) => fingerprint))]);
    const queries = new Map(texts.map(({ fingerprint, query }) => [fingerprint, query] as const));
    return { window, route, typical, slowest, queries };
  });
}

/** Those of several sidecars; undefined where none knows it. */
export function mergeRouteDetails(answers: ReadonlyArray<RouteDetails | undefined>): RouteDetails | undefined {
  const known = answers.filter((one) => one !== undefined);
  if (known.length === 0) return undefined;
  const route = emptyRoute(known[0].route.kind, known[0].route.route);
  for (const one of known) addRoute(route, one.route);
  const windows = known.map(({ window }) => window);
  return {
    window: {
      sinceMs: Math.min(...windows.map(({ sinceMs }) => sinceMs)),
      untilMs: Math.max(...windows.map(({ untilMs }) => untilMs)),
    },
    route,
    typical: typicalOf(
      known.flatMap(({ typical }) => typical ?? []),
      route,
    ),
    slowest: slowestOf(known.flatMap(({ slowest }) => slowest ?? [])),
    queries: new Map(known.flatMap(({ queries }) => [...queries])),
  };
}

/** As `routes` prints it: "books/", "job nightly", "(untagged)"; also without the kind. */
function isNamed({ kind, route }: RouteFacts, name: string): boolean {
  return kind === '' ? name === UNTAGGED : name === route || name === `${kind} ${route}`;
}

const UNTAGGED = '(untagged)';

function typicalOf(samples: readonly UnitSample[], { serviceHistogram }: RouteFacts): UnitSample | undefined {
  const drawn = samples.filter(({ kind }) => kind === 'random');
  const medianNs = serviceHistogram.count === 0 ? 0 : serviceHistogram.percentile(0.5);
  const away = ({ serviceNs }: UnitSample) => Math.abs(serviceNs - medianNs);
  return drawn.sort((a, b) => away(a) - away(b) || b.atMs - a.atMs)[0];
}

function slowestOf(samples: readonly UnitSample[]): UnitSample | undefined {
  return samples.filter(({ kind }) => kind === 'slowest').sort((a, b) => b.serviceNs - a.serviceNs)[0];
}
