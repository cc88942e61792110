// "pgwitness / Transactions": how many, how long, what they hold, and what waits inside them.
// Not here: the form (panels.mjs).

import { CHOSEN, dashboard, heatmap, lines, number, OF_POOL } from './panels.mjs';

const RATE = '[$__rate_interval]';
const HERE = `${CHOSEN}, ${OF_POOL}`;
const COMMANDS = 'pgwitness_statement_duration_seconds_count';
const DURATION = 'pgwitness_transaction_duration_seconds';

/** @param {number} q @param {string} by further labels @param {string} over `rate` or `increase` and its range */
const percentile = (q, by, over) => {
  const [what, range] = over.split(' ');
  return `histogram_quantile(${q}, sum by (${by}le) (${what}(${DURATION}_bucket{${HERE}}${range})))`;
};

export const transactions = dashboard({
  uid: 'pgwitness-transactions',
  choices: ['pool'],
  title: 'pgwitness / Transactions',
  description: 'From BEGIN to COMMIT or ROLLBACK, as the server reports it. A statement without BEGIN is not counted.',
  panels: [
    number({
      title: 'How long has a transaction been left open?',
      description: 'Time since the last statement of the connection that is idle in a transaction for longest.',
      unit: 's',
      thresholds: [
        [null, 'green'],
        [10, 'yellow'],
        [60, 'red'],
      ],
      queries: [{ expr: `max(pgwitness_idle_in_transaction_longest_seconds{${HERE}})` }],
    }),
    number({
      title: 'How many connections are idle in a transaction?',
      description: 'Over all pools, now.',
      unit: 'short',
      thresholds: [
        [null, 'green'],
        [5, 'yellow'],
        [20, 'red'],
      ],
      queries: [{ expr: `sum(pgwitness_pool_connections{${HERE}, state="idle_in_transaction"})` }],
    }),
    number({
      title: 'How long is one transaction in twenty?',
      description: 'p95 of the transactions that ended in the time shown.',
      unit: 's',
      thresholds: [
        [null, 'green'],
        [1, 'yellow'],
        [10, 'red'],
      ],
      queries: [{ expr: percentile(0.95, '', 'increase [$__range]'), instant: true }],
    }),
    number({
      title: 'What share is rolled back?',
      description:
        "Share of transactions in the time shown that ended with ROLLBACK. SQLAlchemy's pool rolls back on return: see the panel by pool below.",
      unit: 'percentunit',
      thresholds: [
        [null, 'green'],
        [0.5, 'yellow'],
      ],
      queries: [
        {
          expr: `sum(increase(${COMMANDS}{${HERE}, command="ROLLBACK"}[$__range])) / sum(increase(${COMMANDS}{${HERE}, command=~"COMMIT|ROLLBACK"}[$__range]))`,
          instant: true,
        },
      ],
    }),
    lines({
      title: 'Whose transactions are they?',
      description: 'Transactions that ended, per second, by who opened their connection.',
      unit: 'ops',
      stacking: 'normal',
      queries: [{ expr: `sum by (owner) (rate(${DURATION}_count{${HERE}}${RATE}))`, legend: '{{owner}}' }],
    }),
    lines({
      title: 'How long do transactions last?',
      description: 'Median, p95 and p99 over all pools.',
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((q) => ({ expr: percentile(q, '', `rate ${RATE}`), legend: `p${100 * q}` })),
    }),
    lines({
      title: 'Whose transactions are long?',
      description: 'p95 of the duration, by pool. A long transaction holds its locks and its snapshot all the time.',
      unit: 's',
      queries: [{ expr: percentile(0.95, 'pool, ', `rate ${RATE}`), legend: '{{pool}}' }],
    }),
    heatmap({
      title: 'How are their durations distributed?',
      description: 'A second band far above the first is a kind of request that does other work inside a transaction.',
      unit: 's',
      queries: [
        {
          expr: `sum by (le) (increase(${DURATION}_bucket{${HERE}}${RATE}))`,
          legend: '{{le}}',
          format: 'heatmap',
        },
      ],
    }),
    lines({
      title: 'Which pool is idle in transactions, and how much?',
      description:
        'Seconds per second, by pool: 2 means that two connections on average held a transaction open and sent nothing.',
      unit: 'short',
      stacking: 'normal',
      queries: [
        {
          expr: `sum by (pool) (rate(pgwitness_pool_connection_seconds_total{${HERE}, state="idle_in_transaction"}${RATE}))`,
          legend: '{{pool}}',
        },
      ],
    }),
    lines({
      title: 'Which pool leaves a transaction open?',
      description:
        'Time since the last statement of the connection that is idle in a transaction for longest, by pool.',
      unit: 's',
      queries: [
        {
          expr: `max by (pool) (pgwitness_idle_in_transaction_longest_seconds{${HERE}})`,
          legend: '{{pool}}',
        },
      ],
    }),
    lines({
      title: 'How many statements does a transaction have?',
      description: 'On average, by pool, without BEGIN and COMMIT. A single statement needs no transaction.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (pool) (rate(pgwitness_transaction_statements_total{${HERE}}${RATE})) / sum by (pool) (rate(${DURATION}_count{${HERE}}${RATE}))`,
          legend: '{{pool}}',
        },
      ],
    }),
    lines({
      title: 'Which pool rolls back?',
      description: 'Share of transactions that ended with ROLLBACK, by pool.',
      unit: 'percentunit',
      max: 1,
      queries: [
        {
          expr: `sum by (pool) (rate(${COMMANDS}{${HERE}, command="ROLLBACK"}${RATE})) / sum by (pool) (rate(${COMMANDS}{${HERE}, command=~"COMMIT|ROLLBACK"}${RATE}))`,
          legend: '{{pool}}',
        },
      ],
    }),
    lines({
      title: 'How long do commits take?',
      description: "Service time of COMMIT: median and p95 over all pools. Mostly it is the server's disk.",
      unit: 's',
      queries: [
        {
          expr: `histogram_quantile(0.5, sum by (le) (rate(pgwitness_statement_duration_seconds_bucket{${HERE}, command="COMMIT"}${RATE})))`,
          legend: 'p50',
        },
        {
          expr: `histogram_quantile(0.95, sum by (le) (rate(pgwitness_statement_duration_seconds_bucket{${HERE}, command="COMMIT"}${RATE})))`,
          legend: 'p95',
        },
      ],
    }),
    lines({
      title: 'Which pool nests transactions?',
      description: 'Savepoints per second, by pool: atomic() inside atomic(). Each costs a round trip.',
      unit: 'ops',
      queries: [{ expr: `sum by (pool) (rate(${COMMANDS}{${HERE}, command="SAVEPOINT"}${RATE}))`, legend: '{{pool}}' }],
    }),
  ],
});
