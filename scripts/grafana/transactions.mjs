// "pgwitness / Transactions": begun, committed, rolled back, and what waits inside them. Not here: the form (panels.mjs).

import { CHOSEN, dashboard, lines, number } from './panels.mjs';

const RATE = '[$__rate_interval]';
const COUNT = 'pgwitness_statement_duration_seconds_count';

export const transactions = dashboard({
  uid: 'pgwitness-transactions',
  title: 'pgwitness / Transactions',
  description:
    'Transactions as their commands show them. A single statement outside BEGIN is one too, and is not counted here.',
  panels: [
    number({
      title: 'What share is rolled back?',
      description:
        "ROLLBACK, of all that ended in the time shown. SQLAlchemy's pool rolls back on return: look by pool below before worrying.",
      unit: 'percentunit',
      width: 8,
      thresholds: [
        [null, 'green'],
        [0.5, 'yellow'],
      ],
      queries: [
        {
          expr: `sum(increase(${COUNT}{${CHOSEN}, command="ROLLBACK"}[$__range])) / sum(increase(${COUNT}{${CHOSEN}, command=~"COMMIT|ROLLBACK"}[$__range]))`,
          instant: true,
        },
      ],
    }),
    number({
      title: 'How many wait inside a transaction?',
      description: 'Connections idle in a transaction, now, over all pools.',
      unit: 'short',
      width: 8,
      thresholds: [
        [null, 'green'],
        [5, 'yellow'],
        [20, 'red'],
      ],
      queries: [{ expr: `sum(pgwitness_pool_connections{${CHOSEN}, state="idle_in_transaction"})` }],
    }),
    number({
      title: 'How long does a commit take?',
      description: "p95 of COMMIT in the time shown: mostly the server's disk.",
      unit: 's',
      width: 8,
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (le) (increase(pgwitness_statement_duration_seconds_bucket{${CHOSEN}, command="COMMIT"}[$__range])))`,
          instant: true,
        },
      ],
    }),
    lines({
      title: 'How many transactions are begun and ended?',
      description: 'BEGIN, COMMIT and ROLLBACK per second.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (command) (rate(${COUNT}{${CHOSEN}, command=~"BEGIN|COMMIT|ROLLBACK"}${RATE}))`,
          legend: '{{command}}',
        },
      ],
    }),
    lines({
      title: 'Which pool rolls back?',
      description: 'Share of ROLLBACK among the ends of transactions, by pool.',
      unit: 'percentunit',
      max: 1,
      queries: [
        {
          expr: `sum by (pool) (rate(${COUNT}{${CHOSEN}, command="ROLLBACK"}${RATE})) / sum by (pool) (rate(${COUNT}{${CHOSEN}, command=~"COMMIT|ROLLBACK"}${RATE}))`,
          legend: '{{pool}}',
        },
      ],
    }),
    lines({
      title: 'How long do commits take?',
      description: 'COMMIT: median and p95 over all pools.',
      unit: 's',
      queries: [
        {
          expr: `histogram_quantile(0.5, sum by (le) (rate(pgwitness_statement_duration_seconds_bucket{${CHOSEN}, command="COMMIT"}${RATE})))`,
          legend: 'p50',
        },
        {
          expr: `histogram_quantile(0.95, sum by (le) (rate(pgwitness_statement_duration_seconds_bucket{${CHOSEN}, command="COMMIT"}${RATE})))`,
          legend: 'p95',
        },
      ],
    }),
    lines({
      title: 'How many statements has a transaction?',
      description:
        'Executions other than BEGIN, COMMIT and savepoints, for each BEGIN, by pool; statements outside a transaction count too.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (pool) (rate(${COUNT}{${CHOSEN}, source!~"housekeeping|tool"}${RATE})) / sum by (pool) (rate(${COUNT}{${CHOSEN}, command="BEGIN"}${RATE}))`,
          legend: '{{pool}}',
        },
      ],
    }),
    lines({
      title: 'Who nests transactions?',
      description: 'Savepoints per second by pool: atomic() inside atomic(). Each costs a round trip.',
      unit: 'ops',
      queries: [{ expr: `sum by (pool) (rate(${COUNT}{${CHOSEN}, command="SAVEPOINT"}${RATE}))`, legend: '{{pool}}' }],
    }),
    lines({
      title: 'Who waits inside a transaction?',
      description: 'Connections idle in a transaction, by pool.',
      unit: 'short',
      stacking: 'normal',
      queries: [
        {
          expr: `sum by (pool) (pgwitness_pool_connections{${CHOSEN}, state="idle_in_transaction"})`,
          legend: '{{pool}}',
        },
      ],
    }),
  ],
});
