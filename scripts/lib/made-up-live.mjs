// The made-up shop as it runs now: what waits, what is in flight, and statements as they end.
// Invariant: statements are those of made-up-shop.mjs. Not here: a running sidecar (lib/sidecar.mjs).

import { shopFingerprint, WORSE } from './made-up-shop.mjs';

/** @typedef {import('../../dist/facts/work/activity.js').ActivityFacts} ActivityFacts */

const SHOWN = 14;

/** @returns {import('../../dist/dashboards/http/live-reader.js').LiveReader} */
export function madeUpLive() {
  return {
    ask: async (/** @type {import('../../dist/dashboards/http/live-reader.js').LiveQuestion} */ question) =>
      /** @type {any} */ (question.of === 'tail' ? tailAfter(question.after) : activity()),
  };
}

/** Nothing runs. @returns {import('../../dist/dashboards/http/live-reader.js').LiveReader} */
export function nothingLive() {
  const none = { sequence: 0, missed: 0, executions: [], texts: new Map() };
  return {
    ask: async (/** @type {import('../../dist/dashboards/http/live-reader.js').LiveQuestion} */ question) =>
      /** @type {any} */ (question.of === 'tail' ? none : { ...activity(), sessions: [] }),
  };
}

function activity() {
  const atMs = Date.now();
  /** @type {ActivityFacts} */
  const waiting = {
    state: 'idle',
    sinceMs: atMs - 41_000,
    transactionSinceMs: atMs - 42_300,
    transactionStatements: 6,
    session: 'a1',
    user: 'shop',
    database: 'shop',
    applicationName: '',
    clientAddress: '10.0.0.5',
    backendPid: 4211,
    pool: 'django:shop@shop',
    source: 'django-orm',
    routeKind: 'route',
    route: 'orders/new/',
    caller: 'shop/orders.py:124',
    request: '',
    fingerprint: shopFingerprint('newLine'),
    query: '',
  };
  /** @type {ActivityFacts} */
  const running = {
    ...waiting,
    state: 'running',
    sinceMs: atMs - 2_700,
    transactionSinceMs: 0,
    session: 'a2',
    backendPid: 4214,
    source: 'raw',
    route: 'reports/slow-movers/',
    caller: 'shop/reports.py:41',
    fingerprint: shopFingerprint('report'),
  };
  return { atMs, sessions: [waiting, running], more: 0, texts: new Map() };
}

/** Something at the first question alone, so that a picture is the same every time. @param {number} after */
function tailAfter(after) {
  const names = ['user', 'orders', ...Array.from({ length: SHOWN - 2 }, () => 'lines')];
  const executions = names.map((name, at) => ({
    atMs: Date.now() - 3 * (names.length - at),
    session: 'a3',
    pool: 'django:shop@shop',
    source: 'django-orm',
    construct: 'queryset',
    fingerprint: shopFingerprint(name),
    serviceNs: 1e6 * (1 + (at % 4) / 3),
    rows: 3,
    sqlstate: '',
    transactionPosition: 0,
    tagSet: JSON.stringify({ route: WORSE.route, caller: WORSE.caller }),
    request: '',
    unit: '7',
    boundary: 'tags',
  }));
  return { sequence: 1, missed: 0, executions: after > 0 ? [] : executions, texts: new Map() };
}
