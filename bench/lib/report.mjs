// The measured figures as text: for the terminal and for docs/BENCHMARKS.md.
// Invariant: a ratio is never shown without its interval. Not here: where it is written (document.mjs).

import { table } from './document.mjs';
import { estimate } from './statistics.mjs';
import { mib } from './units.mjs';

/** @typedef {import('./statistics.mjs').Estimate} Estimate */

/** @param {number} value @param {number} [digits] */
const fixed = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits) : '–');
/** @param {Estimate | undefined} estimate @param {number} [digits] */
const withInterval = (estimate, digits = 2) =>
  estimate === undefined
    ? '–'
    : `${fixed(estimate.median, digits)} (${fixed(estimate.low, digits)}–${fixed(estimate.high, digits)})`;
const mibOrDash = (/** @type {number | undefined} */ bytes) => (bytes === undefined ? '–' : mib(bytes));

/** @param {readonly import('./summary.mjs').Judged[]} judged */
export function targetsTable(judged) {
  return table(
    ['target, as a ratio to the empty relay', 'scenario', 'limit', 'measured (95 %)', ''],
    judged.map(({ text, scenario, limit, kind, ratio, verdict }) => [
      text,
      scenario,
      `${kind === 'at most' ? '≤' : '≥'} ${limit.toFixed(2)}`,
      withInterval(ratio),
      verdict,
    ]),
  );
}

const UNITS = { statement: 'statement', MB: 'MB', connection: 'connection' };

/**
 * @param {import('./scenarios.mjs').Scenario} scenario
 * @param {readonly import('./summary.mjs').ToolSummary[]} tools
 */
export function scenarioTable({ unit }, tools) {
  const head = [
    `CPU µs per ${UNITS[unit]}`,
    'relay',
    'observer',
    'together, × empty (95 %)',
    `${UNITS[unit]}s/s`,
    'p50 µs',
    'p95 µs',
    'p99 µs',
    'added p50 × empty',
    'added p99 × empty',
    'RSS MiB',
    'server',
    'load',
  ];
  return table(
    head,
    tools.map(({ tool, cpuUs, unitsPerSecond, p50Us, p95Us, p99Us, residentBytes, ratios }) => [
      tool,
      withInterval(cpuUs.relay, 1),
      withInterval(cpuUs.observer, 1),
      withInterval(ratios.cpu),
      fixed(unitsPerSecond.median, unitsPerSecond.median < 100 ? 1 : 0),
      fixed(p50Us.median, 0),
      fixed(p95Us.median, 0),
      fixed(p99Us.median, 0),
      withInterval(ratios.p50Us),
      withInterval(ratios.p99Us),
      Object.values(residentBytes).map(mibOrDash).join(' + ') || '–',
      fixed(cpuUs.server.median, 1),
      fixed(cpuUs.load.median, 1),
    ]),
  );
}

/** @param {readonly import('./memory.mjs').Idle[]} rows */
export function idleTable(rows) {
  return table(
    ['idle connections, RSS', 'connections', 'relay MiB', 'per further one, kB', 'observer MiB'],
    rows.map((row, index) => {
      const before = index > 0 && rows[index - 1].tool === row.tool ? rows[index - 1] : undefined;
      const more = before && (row.relayBytes - before.relayBytes) / (row.connections - before.connections);
      return [
        row.tool,
        row.connections,
        mib(row.relayBytes, 1),
        more === undefined ? '–' : (more / 1000).toFixed(1),
        mibOrDash(row.observerBytes),
      ];
    }),
  );
}

/** Which of so many sorted rounds an interval goes from and to. @param {number} rounds */
export function intervalInWords(rounds) {
  const { low, high } = estimate(Array.from({ length: Math.ceil(rounds) }, (_, i) => i + 1));
  // Even the whole range covers the median only with 1 − 2·½ⁿ.
  const isTooFew = 2 * 0.5 ** rounds > 0.05;
  return `the ${ordinal(low)} to the ${ordinal(high)}${isTooFew ? ', too few for 95 %' : ''}`;
}

const ORDINALS = new Intl.PluralRules('en', { type: 'ordinal' });
/** @type {Partial<Record<Intl.LDMLPluralRule, string>>} */
const SUFFIXES = { one: 'st', two: 'nd', few: 'rd' };

/** @param {number} n */
function ordinal(n) {
  return `${n}${SUFFIXES[ORDINALS.select(n)] ?? 'th'}`;
}
