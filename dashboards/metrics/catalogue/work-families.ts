// Families about requests by route, and about the places of a migration.
// Invariant: no label holds SQL text; the series are bounded. Not here: counting (../state).

import { cleanLabel } from '../state/labels.js';
import type { MigrationSeries } from '../state/migration-series.js';
import type { RouteSeries } from '../state/top-routes.js';
import type { Family, SampledFamily } from './family.js';

const OF_ROUTE = ['kind', 'route'] as const;
const OF_PLACE = ['place', 'version'] as const;

export const WORK_FAMILIES: readonly Family[] = [
  ofRoute('pgwitness_route_requests_total', {
    help: 'Requests that sent statements, of the routes, jobs and commands that take most database time. All others are counted as route "other", untagged ones as "(untagged)".',
    value: ({ requests }) => requests,
  }),
  ofRoute('pgwitness_route_statements_total', {
    help: 'Statements of the same requests, without housekeeping. Divided by the requests: how many one sends.',
    value: ({ statements }) => statements,
  }),
  ofRoute('pgwitness_route_seconds_total', {
    unit: 'seconds',
    help: 'Time in the database of the same requests.',
    value: ({ serviceNs }) => serviceNs / 1e9,
  }),
  ofRoute('pgwitness_route_errors_total', {
    help: 'Statements of the same requests that were answered by an error.',
    value: ({ errors }) => errors,
  }),
  ofPlace('pgwitness_migration_uses_total', {
    help: 'Executions of the first statement of each version of a place of the ledger (--ledger), as far as the ledger names its statements.',
    value: ({ uses }) => uses,
  }),
  ofPlace('pgwitness_migration_executions_total', {
    help: 'Executions of all statements of the same versions. Divided by the uses: how many one use sends.',
    value: ({ executions }) => executions,
  }),
  ofPlace('pgwitness_migration_seconds_total', {
    unit: 'seconds',
    help: 'Service time of all statements of the same versions.',
    value: ({ serviceNs }) => serviceNs / 1e9,
  }),
  ofPlace('pgwitness_migration_errors_total', {
    help: 'Executions of the same versions that ended in an error.',
    value: ({ errors }) => errors,
  }),
  {
    name: 'pgwitness_migration_place_info',
    type: 'gauge',
    unit: '',
    labels: ['place', 'at', 'function', 'state'],
    help: 'Always 1. Says where each of the same places is, and its state in the ledger.',
    samples: ({ state }) =>
      state.migration.places.map(({ id, at, function: name, state: now }) => ({
        value: 1,
        labels: { place: cleanLabel(id), at: cleanLabel(at), function: cleanLabel(name), state: now },
      })),
  },
];

interface Told<Series> {
  readonly help: string;
  /** Default: a plain count. */
  readonly unit?: SampledFamily['unit'];
  readonly value: (series: Series) => number;
}

function ofRoute(name: string, { help, unit = '', value }: Told<RouteSeries>): SampledFamily {
  return {
    name,
    type: 'counter',
    unit,
    labels: OF_ROUTE,
    help,
    samples: ({ state }) =>
      [...state.routes.series()].map((series) => ({
        value: value(series),
        labels: { kind: series.kind, route: series.route },
      })),
  };
}

function ofPlace(name: string, { help, unit = '', value }: Told<MigrationSeries>): SampledFamily {
  return {
    name,
    type: 'counter',
    unit,
    labels: OF_PLACE,
    help,
    samples: ({ state }) =>
      [...state.migration.series()].map((series) => ({
        value: value(series),
        labels: { place: cleanLabel(series.place), version: series.version },
      })),
  };
}
