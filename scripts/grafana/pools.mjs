// "pgwitness / Pools": who holds connections and whether they are used.
// Not here: the form (panels.mjs).

import { APPLICATION, CHOSEN, dashboard, lines, number, OF_POOL } from './panels.mjs';

const RATE = '[$__rate_interval]';
const HERE = `${CHOSEN}, ${OF_POOL}`;

export const pools = dashboard({
  uid: 'pgwitness-pools',
  choices: ['pool'],
  title: 'pgwitness / Pools',
  description: 'Connections by pool and state, and what each pool sends.',
  panels: [
    number({
      title: 'How many connections are open?',
      description: 'Over all pools, now.',
      unit: 'short',
      width: 8,
      queries: [{ expr: `sum(pgwitness_pool_connections{${HERE}})` }],
    }),
    number({
      title: 'How many of them are busy?',
      description: 'Executing, or idle in a transaction. The peak is the size that one pool for all would need.',
      unit: 'short',
      width: 8,
      queries: [{ expr: `sum(pgwitness_pool_connections{${HERE}, state=~"active|idle_in_transaction"})` }],
    }),
    number({
      title: 'How many pools are there?',
      description: 'Groups of connections that are alike, over all workers of an application.',
      unit: 'short',
      width: 8,
      queries: [{ expr: `count(count by (pool) (pgwitness_pool_connections{${HERE}}))` }],
    }),
    lines({
      title: 'Which pool holds how many connections?',
      description: 'Open connections by pool.',
      unit: 'short',
      stacking: 'normal',
      queries: [{ expr: `sum by (pool) (pgwitness_pool_connections{${HERE}})`, legend: '{{pool}}' }],
    }),
    lines({
      title: 'What do the connections do?',
      description:
        'Open connections by state. Idle connections are not needed now; connections idle in a transaction hold locks too.',
      unit: 'short',
      stacking: 'normal',
      queries: [{ expr: `sum by (state) (pgwitness_pool_connections{${HERE}})`, legend: '{{state}}' }],
    }),
    lines({
      title: 'How full is each pool?',
      description:
        'Share of its open connections that are busy. At 100 % the next request waits or opens another connection.',
      unit: 'percentunit',
      max: 1,
      queries: [
        {
          expr: `sum by (pool) (pgwitness_pool_connections{${HERE}, state=~"active|idle_in_transaction"}) / (sum by (pool) (pgwitness_pool_connections{${HERE}}) > 0)`,
          legend: '{{pool}}',
        },
      ],
    }),
    lines({
      title: 'Which pool leaves transactions open?',
      description: 'Connections idle inside a transaction, by pool.',
      unit: 'short',
      queries: [
        {
          expr: `sum by (pool) (pgwitness_pool_connections{${HERE}, state="idle_in_transaction"})`,
          legend: '{{pool}}',
        },
      ],
    }),
    lines({
      title: 'How much does each pool send?',
      description: 'Executions per second, with housekeeping: pings, and SET at each checkout, show here.',
      unit: 'ops',
      stacking: 'normal',
      queries: [
        {
          expr: `sum by (pool) (rate(pgwitness_statement_duration_seconds_count{${HERE}}${RATE}))`,
          legend: '{{pool}}',
        },
      ],
    }),
    lines({
      title: 'How much of it is housekeeping?',
      description: "Share of each pool's executions that are BEGIN, SET, pings or look-ups.",
      unit: 'percentunit',
      max: 1,
      queries: [
        {
          expr: `sum by (pool) (rate(pgwitness_statement_duration_seconds_count{${HERE}, source="housekeeping"}${RATE})) / sum by (pool) (rate(pgwitness_statement_duration_seconds_count{${HERE}}${RATE}))`,
          legend: '{{pool}}',
        },
      ],
    }),
    lines({
      title: 'How slow is each pool?',
      description: "p95 of the service time of the application's statements.",
      unit: 's',
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (pool, le) (rate(pgwitness_statement_duration_seconds_bucket{${APPLICATION}, ${OF_POOL}}${RATE})))`,
          legend: '{{pool}}',
        },
      ],
    }),
    lines({
      title: 'Who uses which pool?',
      description: 'Executions per second by pool and source.',
      unit: 'ops',
      queries: [
        {
          expr: `sum by (pool, source) (rate(pgwitness_statement_duration_seconds_count{${APPLICATION}, ${OF_POOL}}${RATE}))`,
          legend: '{{pool}} {{source}}',
        },
      ],
    }),
  ],
});
