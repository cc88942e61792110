// Families of a store that `pgwitness serve` shows without an observer.
// Invariant: a value is what the store holds; nothing is counted here. Not here: reading the store
// (../stored-figures.ts), which others are exported with them (served.ts).

import { type Family, one, type Readings, type Sample, type StoredFigures } from './family.js';

type SourceFigures = StoredFigures['sources'] extends ReadonlyMap<string, infer Figures> ? Figures : never;

export const STORE_FAMILIES: readonly Family[] = [
  {
    name: 'pgwitness_store_readable',
    type: 'gauge',
    unit: '',
    labels: [],
    help: '1 while the store could be read for these metrics. Otherwise 0, and the families below have no samples.',
    samples: ({ stored }) => one(stored() === undefined ? 0 : 1),
  },
  {
    name: 'pgwitness_store_first_minute_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    labels: ['service', 'environment', 'instance'],
    help: 'Unix time of the first minute that the store has of an instance.',
    samples: (readings) => byInstance(readings, ({ firstMinuteMs }) => firstMinuteMs),
  },
  {
    name: 'pgwitness_store_last_minute_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    labels: ['service', 'environment', 'instance'],
    help: 'Unix time of the last minute that the store has of an instance. It stands still when nothing comes any more.',
    samples: (readings) => byInstance(readings, ({ lastMinuteMs }) => lastMinuteMs),
  },
  {
    name: 'pgwitness_store_hour_executions',
    type: 'gauge',
    unit: '',
    labels: ['source'],
    help: 'Executions that the store has of the last 60 minutes, errors included.',
    samples: (readings) => bySource(readings, ({ calls, errors }) => calls + errors),
  },
  {
    name: 'pgwitness_store_hour_errors',
    type: 'gauge',
    unit: '',
    labels: ['source'],
    help: 'Of these executions those answered with an error.',
    samples: (readings) => bySource(readings, ({ errors }) => errors),
  },
  {
    name: 'pgwitness_store_hour_service_seconds',
    type: 'gauge',
    unit: 'seconds',
    labels: ['source'],
    help: 'Service time of these executions.',
    samples: (readings) => bySource(readings, ({ totalNs }) => totalNs / 1e9),
  },
  {
    name: 'pgwitness_store_hour_statements',
    type: 'gauge',
    unit: '',
    labels: ['source'],
    help: 'Distinct statements of these executions.',
    samples: (readings) => bySource(readings, ({ statements }) => statements),
  },
];

type Instance = StoredFigures['instances'][number];

function byInstance({ stored }: Readings, read: (instance: Instance) => number): Sample[] {
  return (stored()?.instances ?? []).map((instance) => {
    const { service, environment, instance: name } = instance;
    return { value: read(instance) / 1e3, labels: { service, environment, instance: name } };
  });
}

function bySource({ stored }: Readings, read: (figures: SourceFigures) => number): Sample[] {
  return [...(stored()?.sources ?? [])].map(([source, figures]) => ({ value: read(figures), labels: { source } }));
}
