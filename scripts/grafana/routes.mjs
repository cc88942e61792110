// "pgwitness / Routes": what a request of each route, job and command costs.
// Not here: the form (panels.mjs).

import { CHOSEN, dashboard, lines, number, ROW_TO_ROUTE, TO_ROUTE, table } from './panels.mjs';

const RATE = '[$__rate_interval]';
const RANGE = '[$__range]';
const ALL = `${CHOSEN}, route=~"$route"`;
const OWN = `${ALL}, route!="other"`;
const LEGEND = '{{kind}} {{route}}';

/** @param {string} what @param {string} range */
const grown = (what, range) => `sum by (kind, route) (increase(pgwitness_route_${what}_total{${OWN}}${range}))`;
/** @param {string} what */
const rated = (what) => `sum by (kind, route) (rate(pgwitness_route_${what}_total{${OWN}}${RATE}))`;

/** @param {string} expr */
const inTable = (expr) => ({ expr, format: /** @type {const} */ ('table'), instant: true });

export const routes = dashboard({
  uid: 'pgwitness-routes',
  title: 'pgwitness / Routes',
  description:
    'Requests by route, job and command: those that take most database time have series of their own (--top-series). The page has every route, and single requests.',
  choices: ['route', 'page'],
  panels: [
    number({
      title: 'How many requests a second?',
      description: 'That sent statements, of all routes.',
      unit: 'ops',
      width: 8,
      queries: [{ expr: `sum(rate(pgwitness_route_requests_total{${ALL}}${RATE}))` }],
    }),
    number({
      title: 'How many statements does a request send?',
      description: 'On average, over the time shown, without housekeeping.',
      unit: 'short',
      width: 8,
      thresholds: [
        [null, 'green'],
        [20, 'yellow'],
        [50, 'red'],
      ],
      queries: [
        {
          expr: `sum(increase(pgwitness_route_statements_total{${ALL}}${RANGE})) / sum(increase(pgwitness_route_requests_total{${ALL}}${RANGE}))`,
          instant: true,
        },
      ],
    }),
    number({
      title: 'How long does a request wait for the database?',
      description: 'On average, over the time shown.',
      unit: 's',
      width: 8,
      thresholds: [
        [null, 'green'],
        [0.1, 'yellow'],
        [0.5, 'red'],
      ],
      queries: [
        {
          expr: `sum(increase(pgwitness_route_seconds_total{${ALL}}${RANGE})) / sum(increase(pgwitness_route_requests_total{${ALL}}${RANGE}))`,
          instant: true,
        },
      ],
    }),
    table({
      title: 'Which routes take most time?',
      description: 'In the time shown. A route leads to its page: its findings, its statements, its slowest request.',
      unit: 'short',
      width: 24,
      height: 11,
      sortBy: 'Database time',
      hidden: ['Time', '__name__'],
      rename: { kind: 'Kind', route: 'Route' },
      linked: 'Route',
      link: ROW_TO_ROUTE,
      columns: [
        { title: 'Database time', unit: 's' },
        { title: 'Requests', unit: 'short' },
        { title: 'Time in each', unit: 's' },
        { title: 'Statements in each', unit: 'short' },
        { title: 'Errors', unit: 'short' },
      ],
      queries: [
        inTable(grown('seconds', RANGE)),
        inTable(grown('requests', RANGE)),
        inTable(`${grown('seconds', RANGE)} / ${grown('requests', RANGE)}`),
        inTable(`${grown('statements', RANGE)} / ${grown('requests', RANGE)}`),
        inTable(grown('errors', RANGE)),
      ],
    }),
    lines({
      title: "Which routes take the database's time?",
      description: 'Seconds of service time per second, for the ten biggest.',
      unit: 'short',
      stacking: 'normal',
      link: TO_ROUTE,
      queries: [{ expr: `topk(10, ${rated('seconds')})`, legend: LEGEND }],
    }),
    lines({
      title: 'Which routes send many statements in each request?',
      description: 'Statements per request of the ten highest. A rise after a mark is most often an N+1.',
      unit: 'short',
      link: TO_ROUTE,
      queries: [{ expr: `topk(10, ${rated('statements')} / ${rated('requests')})`, legend: LEGEND }],
    }),
    lines({
      title: 'Which routes wait long for the database?',
      description: 'Database time per request of the ten slowest.',
      unit: 's',
      link: TO_ROUTE,
      queries: [{ expr: `topk(10, ${rated('seconds')} / ${rated('requests')})`, legend: LEGEND }],
    }),
    lines({
      title: 'Which routes are asked most?',
      description: 'Requests per second of the ten most frequent.',
      unit: 'ops',
      link: TO_ROUTE,
      queries: [{ expr: `topk(10, ${rated('requests')})`, legend: LEGEND }],
    }),
    lines({
      title: 'Where do statements fail?',
      description: 'Errors per second of the ten routes with most.',
      unit: 'ops',
      link: TO_ROUTE,
      queries: [{ expr: `topk(10, ${rated('errors')})`, legend: LEGEND }],
    }),
    lines({
      title: 'How much time has no route of its own?',
      description:
        'Requests beyond --top-series are "other"; "(untagged)" are those whose application names no route (clients/python does).',
      unit: 'percentunit',
      stacking: 'percent',
      queries: [
        { expr: `sum(rate(pgwitness_route_seconds_total{${OWN}, route!="(untagged)"}${RATE}))`, legend: 'named here' },
        {
          expr: `sum by (route) (rate(pgwitness_route_seconds_total{${ALL}, route=~"other|\\\\(untagged\\\\)"}${RATE}))`,
          legend: '{{route}}',
        },
      ],
    }),
  ],
});
