// "pgwitness / Slow raw statements": the statements that have metrics of their own.
// Not here: the form (panels.mjs).

import { CHOSEN, dashboard, lines, OF_SOURCE, ROW_TO_STATEMENT, TO_STATEMENT, table } from './panels.mjs';

const RATE = '[$__rate_interval]';
const OWN = `${CHOSEN}, ${OF_SOURCE}, fingerprint!="other"`;
const NAMED = 'on (job, instance, source, fingerprint) group_left (summary) pgwitness_statement_info';
const LEGEND = '{{summary}} {{fingerprint}}';

/** @param {string} metric @param {string} range */
const perStatement = (metric, range) =>
  `sum by (job, instance, source, fingerprint) (increase(${metric}{${OWN}}${range}))`;

export const slowRaw = dashboard({
  uid: 'pgwitness-slow-raw',
  choices: ['source', 'page'],
  title: 'pgwitness / Slow raw statements',
  description:
    'Raw and SQLAlchemy statements that take most time. Their text is not in Prometheus: see pgwitness show FINGERPRINT, or the page.',
  panels: [
    table({
      title: 'Which statements take most time?',
      description: 'The raw and SQLAlchemy statements with series of their own (--top-series), in the time shown.',
      unit: 'short',
      width: 24,
      height: 11,
      sortBy: 'Service time',
      linked: 'Fingerprint',
      link: ROW_TO_STATEMENT,
      hidden: ['Time', '__name__'],
      rename: { source: 'Source', fingerprint: 'Fingerprint', summary: 'Statement', instance: 'Instance', job: 'Job' },
      columns: [
        { title: 'Service time', unit: 's' },
        { title: 'Executions', unit: 'short' },
        { title: 'Mean', unit: 's' },
        { title: 'Errors', unit: 'short' },
      ],
      queries: [
        {
          expr: `${perStatement('pgwitness_top_statement_seconds_total', '[$__range]')} * ${NAMED}`,
          format: 'table',
          instant: true,
        },
        {
          expr: `${perStatement('pgwitness_top_statement_executions_total', '[$__range]')} * ${NAMED}`,
          format: 'table',
          instant: true,
        },
        {
          expr: `${perStatement('pgwitness_top_statement_seconds_total', '[$__range]')} / ${perStatement('pgwitness_top_statement_executions_total', '[$__range]')} * ${NAMED}`,
          format: 'table',
          instant: true,
        },
        {
          expr: `${perStatement('pgwitness_top_statement_errors_total', '[$__range]')} * ${NAMED}`,
          format: 'table',
          instant: true,
        },
      ],
    }),
    lines({
      title: "Which raw statements take the server's time?",
      link: TO_STATEMENT,
      description: 'Seconds of service time per second, for the ten biggest.',
      unit: 'short',
      stacking: 'normal',
      queries: [
        {
          expr: `topk(10, rate(pgwitness_top_statement_seconds_total{${OWN}, source="raw"}${RATE}) * ${NAMED})`,
          legend: LEGEND,
        },
      ],
    }),
    lines({
      title: 'Which raw statements are slow each time?',
      link: TO_STATEMENT,
      description: 'Mean service time of the ten slowest.',
      unit: 's',
      queries: [
        {
          expr: `topk(10, rate(pgwitness_top_statement_seconds_total{${OWN}, source="raw"}${RATE}) / rate(pgwitness_top_statement_executions_total{${OWN}, source="raw"}${RATE}) * ${NAMED})`,
          legend: LEGEND,
        },
      ],
    }),
    lines({
      title: 'Which SQLAlchemy statements are slow each time?',
      link: TO_STATEMENT,
      description: 'Mean service time of the ten slowest.',
      unit: 's',
      queries: [
        {
          expr: `topk(10, rate(pgwitness_top_statement_seconds_total{${OWN}, source="sqlalchemy"}${RATE}) / rate(pgwitness_top_statement_executions_total{${OWN}, source="sqlalchemy"}${RATE}) * ${NAMED})`,
          legend: LEGEND,
        },
      ],
    }),
    lines({
      title: 'Which are sent most often?',
      link: TO_STATEMENT,
      description: 'Executions per second of the ten most frequent. Many fast executions are often one loop: an N+1.',
      unit: 'ops',
      queries: [
        { expr: `topk(10, rate(pgwitness_top_statement_executions_total{${OWN}}${RATE}) * ${NAMED})`, legend: LEGEND },
      ],
    }),
    lines({
      title: 'Which fail?',
      link: TO_STATEMENT,
      description: 'Errors per second of statements with series of their own.',
      unit: 'ops',
      queries: [
        { expr: `topk(10, rate(pgwitness_top_statement_errors_total{${OWN}}${RATE}) * ${NAMED})`, legend: LEGEND },
      ],
    }),
    lines({
      title: 'How much time is in "other"?',
      description:
        'Service time of raw and SQLAlchemy statements, with and without series of their own. If "other" is big, raise --top-series.',
      unit: 'percentunit',
      stacking: 'percent',
      queries: [
        {
          expr: `sum(rate(pgwitness_top_statement_seconds_total{${OWN}}${RATE}))`,
          legend: 'named here',
        },
        {
          expr: `sum(rate(pgwitness_statement_seconds_total{${CHOSEN}, ${OF_SOURCE}, source=~"raw|sqlalchemy"}${RATE})) - sum(rate(pgwitness_top_statement_seconds_total{${OWN}}${RATE}))`,
          legend: 'other',
        },
      ],
    }),
  ],
});
