// "pgwitness / Overview": who sends what, how far the migration is, what is slow and what fails.
// Not here: the form (panels.mjs).

import { APPLICATION, CHOSEN, dashboard, heatmap, lines, number, OF_POOL, OF_SOURCE } from './panels.mjs';

const RATE = '[$__rate_interval]';
/** Of durations, which have a pool too. */
const CHOSEN_HERE = `${APPLICATION}, ${OF_SOURCE}, ${OF_POOL}`;

export const overview = dashboard({
  uid: 'pgwitness-overview',
  choices: ['source', 'pool'],
  title: 'pgwitness / Overview',
  description: 'Statements by source: how many, how long, how many fail, and what is left to migrate.',
  panels: [
    number({
      title: 'How much is not yet Django ORM?',
      description:
        "Share of the application's executions in the time shown that were raw SQL or SQLAlchemy. At 0 % the migration is finished.",
      unit: 'percentunit',
      thresholds: [
        [null, 'green'],
        [0.01, 'yellow'],
        [0.3, 'red'],
      ],
      queries: [
        {
          expr: `sum(increase(pgwitness_statements_total{${CHOSEN}, source=~"raw|sqlalchemy"}[$__range])) / sum(increase(pgwitness_statements_total{${APPLICATION}}[$__range]))`,
          instant: true,
        },
      ],
    }),
    number({
      title: 'How much of the time is not yet Django ORM?',
      description: 'The same share of service time. A few slow statements can take most of it.',
      unit: 'percentunit',
      thresholds: [
        [null, 'green'],
        [0.01, 'yellow'],
        [0.3, 'red'],
      ],
      queries: [
        {
          expr: `sum(increase(pgwitness_statement_seconds_total{${CHOSEN}, source=~"raw|sqlalchemy"}[$__range])) / sum(increase(pgwitness_statement_seconds_total{${APPLICATION}}[$__range]))`,
          instant: true,
        },
      ],
    }),
    number({
      title: 'What share of statements fails?',
      description: "Of the application's executions in the time shown; pipelined ones are left out.",
      unit: 'percentunit',
      thresholds: [
        [null, 'green'],
        [0.01, 'yellow'],
        [0.05, 'red'],
      ],
      queries: [
        {
          expr: `sum(increase(pgwitness_statement_duration_seconds_count{${CHOSEN_HERE}, outcome="error"}[$__range])) / sum(increase(pgwitness_statement_duration_seconds_count{${CHOSEN_HERE}}[$__range]))`,
          instant: true,
        },
      ],
    }),
    number({
      title: 'How slow is one statement in twenty?',
      description: "p95 of the service time of the application's statements in the time shown.",
      unit: 's',
      thresholds: [
        [null, 'green'],
        [0.1, 'yellow'],
        [0.5, 'red'],
      ],
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (le) (increase(pgwitness_statement_duration_seconds_bucket{${CHOSEN_HERE}}[$__range])))`,
          instant: true,
        },
      ],
    }),
    lines({
      title: 'Who sends how many statements?',
      description: 'Executions per second by source, housekeeping and tools included.',
      unit: 'ops',
      stacking: 'normal',
      queries: [
        {
          expr: `sum by (source) (rate(pgwitness_statements_total{${CHOSEN}, ${OF_SOURCE}}${RATE}))`,
          legend: '{{source}}',
        },
      ],
    }),
    lines({
      title: 'How far is the migration?',
      description:
        "Each source's share of the application's executions. Housekeeping and tools are left out, because they do not migrate.",
      unit: 'percentunit',
      stacking: 'percent',
      queries: [
        { expr: `sum by (source) (rate(pgwitness_statements_total{${APPLICATION}}${RATE}))`, legend: '{{source}}' },
      ],
    }),
    lines({
      title: 'How slow is each source?',
      description: "p95 of service time: from the statement forwarded to the server's answer.",
      unit: 's',
      queries: [
        {
          expr: `histogram_quantile(0.95, sum by (source, le) (rate(pgwitness_statement_duration_seconds_bucket{${CHOSEN_HERE}}${RATE})))`,
          legend: '{{source}}',
        },
      ],
    }),
    lines({
      title: "Where does the server's time go?",
      description: 'Seconds of service time per second: 2 means two connections busy all the time.',
      unit: 'short',
      stacking: 'normal',
      queries: [
        {
          expr: `sum by (source) (rate(pgwitness_statement_seconds_total{${CHOSEN}, ${OF_SOURCE}}${RATE}))`,
          legend: '{{source}}',
        },
      ],
    }),
    lines({
      title: 'What share of each source fails?',
      description: 'Share of executions that ended in an error. Pipelined executions are left out.',
      unit: 'percentunit',
      queries: [
        {
          expr: `sum by (source) (rate(pgwitness_statement_duration_seconds_count{${CHOSEN_HERE}, outcome="error"}${RATE})) / sum by (source) (rate(pgwitness_statement_duration_seconds_count{${CHOSEN_HERE}}${RATE}))`,
          legend: '{{source}}',
        },
      ],
    }),
    heatmap({
      title: 'How are durations distributed?',
      description:
        "Service time of the application's statements. Two bands are two kinds of statement. If a band moves up, those statements became slower.",
      unit: 's',
      queries: [
        {
          expr: `sum by (le) (increase(pgwitness_statement_duration_seconds_bucket{${CHOSEN_HERE}}${RATE}))`,
          legend: '{{le}}',
          format: 'heatmap',
        },
      ],
    }),
    lines({
      title: 'What is wrong, by kind?',
      description:
        'Findings that are open and proven: N+1, transactions that do not cover the other pool, and others. `pgwitness findings` has their lines of code.',
      unit: 'short',
      stacking: 'normal',
      queries: [{ expr: `sum by (kind) (pgwitness_findings{${CHOSEN}}) > 0`, legend: '{{kind}}' }],
    }),
    lines({
      title: 'How sure is the attribution?',
      description: 'Executions by confidence. "none" means that the source is unknown; it is never guessed.',
      unit: 'ops',
      stacking: 'normal',
      queries: [
        {
          expr: `sum by (confidence) (rate(pgwitness_statements_total{${CHOSEN}, ${OF_SOURCE}}${RATE}))`,
          legend: '{{confidence}}',
        },
      ],
    }),
    lines({
      title: 'What kinds of statement are sent?',
      description: 'Executions per second by command. Pipelined executions are left out.',
      unit: 'ops',
      stacking: 'normal',
      queries: [
        {
          expr: `sum by (command) (rate(pgwitness_statement_duration_seconds_count{${CHOSEN_HERE}}${RATE}))`,
          legend: '{{command}}',
        },
      ],
    }),
  ],
});
