// "pgwitness / Migration": the places of the ledger, and their old versions beside the new ones.
// Not here: the form (panels.mjs).

import { CHOSEN, dashboard, lines, number, table } from './panels.mjs';

const RATE = '[$__rate_interval]';
const RANGE = '[$__range]';
const INFO = 'pgwitness_migration_place_info';
const BY = 'job, instance, place';
const NAMED = `on (${BY}) group_left (at, function, state) ${INFO}`;
const LEGEND = '{{at}} {{function}}';

/** @param {'old' | 'new'} version @param {string} what @param {string} [range] */
const grown = (version, what, range = RANGE) =>
  `sum by (${BY}) (increase(pgwitness_migration_${what}_total{${CHOSEN}, version="${version}"}${range}))`;
/** Time of a use; no value where it did not run. @param {'old' | 'new'} version @param {string} [range] */
const each = (version, range) => `(${grown(version, 'seconds', range)} / (${grown(version, 'uses', range)} > 0))`;

/** @param {string} expr */
const inTable = (expr) => ({ expr: `${expr} * ${NAMED}`, format: /** @type {const} */ ('table'), instant: true });

/** @param {string} states */
const places = (states) => `count(${INFO}{${CHOSEN}, state=~"${states}"}) or vector(0)`;

export const migration = dashboard({
  uid: 'pgwitness-migration',
  title: 'pgwitness / Migration',
  description:
    'The places of the ledger (run --ledger) that are todo, doing or done: what their old and new versions send, and cost. `pgwitness progress` judges them.',
  panels: [
    number({
      title: 'How many places are left?',
      description: 'That are todo or doing in the ledger.',
      unit: 'short',
      thresholds: [
        [null, 'green'],
        [1, 'yellow'],
      ],
      queries: [{ expr: places('todo|doing') }],
    }),
    number({
      title: 'How many are done?',
      description: 'In the ledger.',
      unit: 'short',
      queries: [{ expr: places('done') }],
    }),
    number({
      title: 'How many are done and yet seen?',
      description:
        'Their old version ran in the time shown: a port that was rolled back, a second caller, a worker with old code.',
      unit: 'short',
      thresholds: [
        [null, 'green'],
        [1, 'red'],
      ],
      queries: [
        {
          expr: `count((${grown('old', 'executions')} * on (${BY}) group_left (state) ${INFO}{state="done"}) > 0) or vector(0)`,
          instant: true,
        },
      ],
    }),
    number({
      title: 'How much of their time is in the old versions?',
      description: 'Share of the service time of both versions in the time shown.',
      unit: 'percentunit',
      thresholds: [
        [null, 'green'],
        [0.01, 'yellow'],
        [0.5, 'red'],
      ],
      queries: [
        {
          expr: `sum(increase(pgwitness_migration_seconds_total{${CHOSEN}, version="old"}${RANGE})) / sum(increase(pgwitness_migration_seconds_total{${CHOSEN}}${RANGE}))`,
          instant: true,
        },
      ],
    }),
    table({
      title: 'What does a use cost, before and after?',
      description:
        'A use is an execution of the first statement of a version. The old version is measured in the same time: choose one in which both ran.',
      unit: 'short',
      width: 24,
      height: 11,
      sortBy: 'Times slower',
      hidden: ['Time', '__name__', 'job', 'instance', 'place'],
      rename: { at: 'Place', function: 'Function', state: 'State' },
      columns: [
        { title: 'Old, each', unit: 's' },
        { title: 'New, each', unit: 's' },
        { title: 'Times slower', unit: 'short' },
        { title: 'Statements of the new', unit: 'short' },
        { title: 'Uses of the new', unit: 'short' },
        { title: 'Errors of the new', unit: 'short' },
      ],
      queries: [
        inTable(each('old')),
        inTable(each('new')),
        inTable(`${each('new')} / ${each('old')}`),
        inTable(`(${grown('new', 'executions')} / (${grown('new', 'uses')} > 0))`),
        inTable(grown('new', 'uses')),
        inTable(grown('new', 'errors')),
      ],
    }),
    lines({
      title: 'Which version sends how much?',
      description: 'Executions per second of the old and of the new versions.',
      unit: 'ops',
      stacking: 'normal',
      queries: [
        {
          expr: `sum by (version) (rate(pgwitness_migration_executions_total{${CHOSEN}}${RATE}))`,
          legend: '{{version}}',
        },
      ],
    }),
    lines({
      title: 'Which version takes how much time?',
      description: 'Seconds of service time per second of the old and of the new versions.',
      unit: 'short',
      stacking: 'normal',
      queries: [
        { expr: `sum by (version) (rate(pgwitness_migration_seconds_total{${CHOSEN}}${RATE}))`, legend: '{{version}}' },
      ],
    }),
    lines({
      title: 'Which new versions take long?',
      description: 'Time of a use, of the ten slowest.',
      unit: 's',
      queries: [{ expr: `topk(10, ${each('new', RATE)} * ${NAMED})`, legend: LEGEND }],
    }),
    lines({
      title: 'Which new versions send many statements?',
      description: 'Statements of a use, of the ten highest. More than the ledger names for it is most often an N+1.',
      unit: 'short',
      queries: [
        {
          expr: `topk(10, ${grown('new', 'executions', RATE)} / (${grown('new', 'uses', RATE)} > 0) * ${NAMED})`,
          legend: LEGEND,
        },
      ],
    }),
    lines({
      title: 'Which old versions still run?',
      description: 'Executions per second, of the ten most frequent.',
      unit: 'ops',
      queries: [
        {
          expr: `topk(10, sum by (${BY}) (rate(pgwitness_migration_executions_total{${CHOSEN}, version="old"}${RATE})) * ${NAMED})`,
          legend: LEGEND,
        },
      ],
    }),
    lines({
      title: 'Which versions fail?',
      description: 'Errors per second by version.',
      unit: 'ops',
      queries: [
        { expr: `sum by (version) (rate(pgwitness_migration_errors_total{${CHOSEN}}${RATE}))`, legend: '{{version}}' },
      ],
    }),
  ],
});
