// Families about statements: counts and times by source, and statements with series of their own.
// Invariant: no label holds SQL text. Not here: counting (../state).

import { DURATION_BOUNDS_SECONDS } from '../state/bounds.js';
import { cleanLabel, OTHER } from '../state/labels.js';
import type { MetricsState } from '../state/metrics-state.js';
import type { TopSeries } from '../state/top-statements.js';
import { type Family, one, type Readings, type Sample } from './family.js';

export const STATEMENT_FAMILIES: readonly Family[] = [
  {
    name: 'pgwitness_statement_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    labels: ['source', 'pool', 'command', 'outcome'],
    help: 'Service time of executions: from the statement forwarded to its answer. Pipelined executions are left out, because they share one time.',
    boundsSeconds: DURATION_BOUNDS_SECONDS,
    series: ({ state }) => state.durations.all,
  },
  {
    name: 'pgwitness_statements_total',
    type: 'counter',
    unit: '',
    labels: ['source', 'confidence'],
    help: 'Executions observed, with success or error, by source and by confidence in that source.',
    samples: ({ state }) =>
      [...state.statements].flatMap(([source, byConfidence]) =>
        [...byConfidence].map(([confidence, value]) => ({ value, labels: { source, confidence } })),
      ),
  },
  {
    name: 'pgwitness_statement_seconds_total',
    type: 'counter',
    unit: 'seconds',
    labels: ['source'],
    help: 'Service time of all executions observed, pipelined ones included.',
    samples: ({ state }) =>
      [...state.serviceNsBySource].map(([source, ns]) => ({ value: ns / 1e9, labels: { source } })),
  },
  {
    name: 'pgwitness_attribution_revisions_total',
    type: 'counter',
    unit: '',
    labels: [],
    help: 'Times the owner of a connection was revised after it seemed certain. Executions counted before a revision stay as they were.',
    samples: ({ state }) => one(state.revisions),
  },
  {
    name: 'pgwitness_top_statement_executions_total',
    type: 'counter',
    unit: '',
    labels: ['source', 'fingerprint'],
    help: 'Executions of the raw and SQLAlchemy statements that take most time. All others are counted as fingerprint "other".',
    samples: ({ state }) => topSamples(state, (series) => series.executions),
  },
  {
    name: 'pgwitness_top_statement_errors_total',
    type: 'counter',
    unit: '',
    labels: ['source', 'fingerprint'],
    help: 'Executions of the same statements that ended in an error.',
    samples: ({ state }) => topSamples(state, (series) => series.errors),
  },
  {
    name: 'pgwitness_top_statement_seconds_total',
    type: 'counter',
    unit: 'seconds',
    labels: ['source', 'fingerprint'],
    help: 'Service time of the same statements.',
    samples: ({ state }) => topSamples(state, (series) => series.serviceNs / 1e9),
  },
  {
    name: 'pgwitness_statement_info',
    type: 'gauge',
    unit: '',
    labels: ['source', 'fingerprint', 'summary'],
    help: 'Always 1. Gives the summary (command and tables) of each of the same statements.',
    samples: infoSamples,
  },
];

function topSamples(state: MetricsState, measure: (series: TopSeries) => number): Sample[] {
  return [...state.top.series()].map((series) => ({ value: measure(series), labels: topLabels(series) }));
}

function topLabels({ source, fingerprint }: TopSeries): { source: string; fingerprint: string } {
  return { source, fingerprint };
}

/** Lazy, because each summary may be a query to the store. */
function* infoSamples({ state, summaryOf }: Readings): Generator<Sample> {
  for (const series of state.top.series()) {
    if (series.fingerprint === OTHER) continue;
    if (series.summary === '') series.summary = summaryOf(series.fingerprint);
    yield { value: 1, labels: { ...topLabels(series), summary: cleanLabel(series.summary) } };
  }
}
