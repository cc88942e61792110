// Families about pools: their connections and their transactions.
// Not here: counting (../state), how pools are told apart (analyzer/pools).

import { TRANSACTION_BOUNDS_SECONDS } from '../state/bounds.js';
import type { Family } from './family.js';

export const POOL_FAMILIES: readonly Family[] = [
  {
    name: 'pgwitness_pool_connections',
    type: 'gauge',
    unit: '',
    labels: ['pool', 'state'],
    help: 'Open connections by pool. The state is active, idle or idle_in_transaction.',
    samples: ({ state }) =>
      [...state.poolConnections()].flatMap(([pool, counts]) =>
        Object.entries(counts).map(([name, value]) => ({ value, labels: { pool, state: name } })),
      ),
  },
  {
    name: 'pgwitness_pool_connection_seconds_total',
    type: 'counter',
    unit: 'seconds',
    labels: ['owner', 'pool', 'state'],
    help: 'Time that connections were open, by state: active (a statement ran), idle or idle_in_transaction.',
    samples: ({ state }) =>
      [...state.pools.all()].flatMap(({ milliseconds, labels }) =>
        Object.entries(milliseconds).map(([name, ms]) => ({ value: ms / 1e3, labels: { ...labels, state: name } })),
      ),
  },
  {
    name: 'pgwitness_idle_in_transaction_longest_seconds',
    type: 'gauge',
    unit: 'seconds',
    labels: ['pool'],
    help: 'Time since the last statement on the connection that is now idle in a transaction for longest. 0 while there is none.',
    samples: ({ state }) =>
      [...state.idleInTransactionLongestMs()].map(([pool, ms]) => ({ value: ms / 1e3, labels: { pool } })),
  },
  {
    name: 'pgwitness_transaction_duration_seconds',
    type: 'histogram',
    unit: 'seconds',
    labels: ['owner', 'pool'],
    help: 'Duration of transactions that ended, from BEGIN to COMMIT or ROLLBACK. A statement without BEGIN is not counted here.',
    boundsSeconds: TRANSACTION_BOUNDS_SECONDS,
    series: ({ state }) => state.pools.all(),
  },
  {
    name: 'pgwitness_transaction_statements_total',
    type: 'counter',
    unit: '',
    labels: ['owner', 'pool'],
    help: 'Executions in these transactions, without BEGIN, COMMIT and ROLLBACK.',
    samples: ({ state }) => [...state.pools.all()].map(({ statements, labels }) => ({ value: statements, labels })),
  },
];
