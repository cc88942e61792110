// Families about storing: whether it fails, since when, and how much waits.
// Not here: who finds out (observer/accounts/storing.ts).

import { type Family, one } from './family.js';

export const STORING_FAMILIES: readonly Family[] = [
  {
    name: 'pgwitness_store_failing',
    type: 'gauge',
    unit: '',
    labels: [],
    help: '1 while the store does not take what was counted: it waits in memory and is tried again. Otherwise 0.',
    samples: ({ state }) => one(state.storing.failing ? 1 : 0),
  },
  {
    name: 'pgwitness_last_flush_timestamp_seconds',
    type: 'gauge',
    unit: 'seconds',
    labels: [],
    help: 'Unix time of the last flush that was stored. 0 before the first.',
    samples: ({ state }) => one(state.storing.storedMs / 1e3),
  },
  {
    name: 'pgwitness_flush_failures_total',
    type: 'counter',
    unit: '',
    labels: ['code'],
    help: 'Flushes that the store did not take, by why: full, unwritable, busy, stuck, corrupt, io. refused: it took all but some rows, which are lost.',
    samples: ({ state }) => [...state.storing.failures].map(([code, value]) => ({ value, labels: { code } })),
  },
  {
    name: 'pgwitness_upkeep_failures_total',
    type: 'counter',
    unit: '',
    labels: ['code'],
    help: 'Turns of rolling up, retention or windows that failed, by why, as above. Each is tried again after five seconds.',
    samples: ({ state }) => [...state.storing.upkeepFailures].map(([code, value]) => ({ value, labels: { code } })),
  },
  {
    name: 'pgwitness_unstored_executions',
    type: 'gauge',
    unit: '',
    labels: [],
    help: 'Executions that are counted and wait to be stored. They are lost if the observer ends before the store takes them.',
    samples: ({ state }) => one(state.storing.unstoredExecutions),
  },
];
