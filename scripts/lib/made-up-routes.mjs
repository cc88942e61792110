// The requests of a made-up minute: each statement belongs to a route, as its tags would say.
// Invariant: sums of routes, tags and parts follow from the rollup rows that they are made of.
// Not here: those rows (generate-store.mjs, bench/lib/big-store.mjs).

import { LogHistogram } from '../../dist/facts/histogram.js';
import { MadeUpRequests } from './made-up-requests.mjs';

/**
 * @typedef {import('../../dist/facts/rollup-row.js').RollupRow} RollupRow
 * @typedef {import('../../dist/facts/flush.js').Flush} Flush
 */

const HOUR_MIN = 60;

/** @param {number} n */
const routeOf = (n) => `area/${n % 40}/view/${n}/`;

/**
 * @param {ReadonlyArray<readonly [n: number, row: RollupRow]>} rows with the rank of each
 * @param {{ routes: number, minute: number }} of
 * @returns {Partial<Flush>}
 */
export function requestsOf(rows, { routes, minute }) {
  /** @type {Map<number, Array<readonly [number, RollupRow]>>} */
  const byRoute = new Map();
  for (const one of rows) {
    const known = byRoute.get(one[0] % routes);
    if (known === undefined) byRoute.set(one[0] % routes, [one]);
    else known.push(one);
  }
  const samples = new MadeUpRequests();
  /** @type {{ tags: Array<import('../../dist/facts/rollup-row.js').TagRollup>,
   *   requests: Array<import('../../dist/facts/rollup-row.js').RequestRollup>,
   *   requestStatements: Array<import('../../dist/facts/rollup-row.js').RequestStatementRollup> }} */
  const parts = { tags: [], requests: [], requestStatements: [] };
  for (const [n, of] of byRoute) {
    const route = routeOf(n);
    parts.requests.push(requestOf(of, { route, minute }));
    for (const one of of) {
      const { tag, statement } = taggedOf(one, { route, minute });
      parts.tags.push(tag);
      parts.requestStatements.push(statement);
    }
    // A sample an hour is what is kept of a route.
    if (minute % HOUR_MIN === HOUR_MIN / 2) sample(samples, of, { route, minute });
  }
  return { ...parts, unitSamples: samples.kept() };
}

/**
 * @param {ReadonlyArray<readonly [number, RollupRow]>} rows
 * @param {{ route: string, minute: number }} of
 */
function requestOf(rows, { route, minute }) {
  const requests = Math.max(1, Math.round(callsOf(rows[0][1]) / 2));
  const sum = (/** @type {(row: RollupRow) => number} */ of) => rows.reduce((all, [, row]) => all + of(row), 0);
  const [statements, ns, rowsSent] = [sum(callsOf), sum((row) => row.serviceTotalNs), sum((row) => row.rows)];
  const request = {
    minute,
    found: /** @type {const} */ ('direct'),
    tagSet: JSON.stringify({ route }),
    requests,
    idleRequests: 0,
    statements,
    statementsSquared: statements ** 2 / requests,
    statementsMax: Math.ceil(statements / requests),
    repeated: 0,
    serviceTotalNs: ns,
    serviceSquaredNs2: ns ** 2 / requests,
    serviceMaxNs: Math.ceil(ns / requests),
    rows: rowsSent,
    rowsSquared: rowsSent ** 2 / requests,
    errors: 0,
    statementHistogram: new LogHistogram(),
    serviceHistogram: new LogHistogram(),
    parts: new Map(),
  };
  for (let n = 0; n < Math.min(requests, 20); n++) {
    request.statementHistogram.add(1 + ((statements + n) % 9));
    request.serviceHistogram.add(1 + Math.round((ns / requests) * (0.5 + n / 20)));
  }
  for (const [, row] of rows) {
    const { source, pool } = row.key;
    const part = request.parts.get(`${source} ${pool}`) ?? { source, pool, statements: 0, serviceTotalNs: 0 };
    part.statements += callsOf(row);
    part.serviceTotalNs += row.serviceTotalNs;
    request.parts.set(`${source} ${pool}`, part);
  }
  return request;
}

/** @param {readonly [number, RollupRow]} one @param {{ route: string, minute: number }} of */
function taggedOf([n, row], { route, minute }) {
  const calls = callsOf(row);
  const { fingerprint, source } = row.key;
  const tagSet = JSON.stringify({ caller: `area/${n % 97}.py:${n % 300} load`, route });
  const histogram = new LogHistogram();
  histogram.merge(row.histogram);
  const { rows, serviceTotalNs, serviceMinNs, serviceMaxNs } = row;
  const same = { minute, fingerprint, source, tagSet, rows, serviceTotalNs };
  const requests = Math.max(1, Math.round(calls / 2));
  const tag = { ...same, calls, batchedCalls: 0, errors: 0, requests, serviceMinNs, serviceMaxNs, histogram };
  const squares = { executionsSquared: calls ** 2 / requests, rowsSquared: rows ** 2 / requests };
  const statement = {
    ...same,
    ...squares,
    requests,
    executions: calls,
    serviceSquaredNs2: serviceTotalNs ** 2 / requests,
  };
  return { tag, statement };
}

/**
 * @param {MadeUpRequests} samples
 * @param {ReadonlyArray<readonly [number, RollupRow]>} rows
 * @param {{ route: string, minute: number }} of
 */
function sample(samples, rows, { route, minute }) {
  const begun = samples.begin({ tagSet: JSON.stringify({ route }), minute });
  for (const [n, row] of rows.slice(0, 12)) {
    const each = Math.round(row.serviceTotalNs / callsOf(row));
    begun.add({ ...row.key, rows: 3, caller: `area/${n % 97}.py:${n % 300} load` }, [each]);
  }
  begun.end();
}

/** @param {RollupRow} row */
function callsOf(row) {
  return row.callsCertain + row.callsStrong + row.callsWeak + row.callsNone;
}

/**
 * Findings of the first routes, one each.
 * @param {{ count: number, routes: number, fromMs: number, toMs: number, pools: number }} of
 * @param {(n: number) => { fingerprint: string, source: string }} statementOf
 * @returns {Array<import('../../dist/facts/finding.js').FindingDelta>}
 */
export function findingsOf({ count, routes, fromMs, toMs, pools }, statementOf) {
  return Array.from({ length: count }, (_, n) => ({
    id: (0xf1d0000000000000n + BigInt(n)).toString(16),
    kind: n % 3 === 0 ? /** @type {const} */ ('duplicate') : /** @type {const} */ ('n-plus-one'),
    confidence: /** @type {const} */ ('strong'),
    found: /** @type {const} */ ('direct'),
    route: routeOf(n % routes),
    statements: [{ ...statementOf(n), role: /** @type {const} */ ('repeated') }],
    pools: [`pool-${n % pools}`],
    callers: [`area/${n % 97}.py:${n % 300} load`],
    units: 100 + (n % 50),
    times: 1000 + n,
    timesMax: 40,
    costNs: 1e9 + n * 1e6,
    firstMs: fromMs,
    lastMs: toMs - (n % 100) * 60_000,
    sample: undefined,
  }));
}
