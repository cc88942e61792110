// Samples become figures: medians with their intervals, and the judgement of each target.
// Invariant: a ratio is taken within a round, then the median over rounds.
// Not here: how it is written down (report.mjs).

import { SCENARIOS, TARGETS } from './scenarios.mjs';
import { estimate } from './statistics.mjs';

/** @typedef {import('./statistics.mjs').Estimate} Estimate @typedef {import('./measure.mjs').Sample} Sample */

/**
 * @typedef {object} ToolSummary
 * @property {string} tool
 * @property {Record<string, Estimate>} cpuUs per unit, by role
 * @property {Estimate} unitsPerSecond
 * @property {Estimate} p50Us
 * @property {Estimate} p95Us
 * @property {Estimate} p99Us
 * @property {Record<string, number>} residentBytes by role, of the last round
 * @property {Record<string, Estimate>} ratios to the empty relay
 *
 * @typedef {{ text: string, scenario: string, limit: number, kind: string, ratio: Estimate, verdict: string }} Judged
 */

const LATENCIES = /** @type {const} */ (['p50Us', 'p95Us', 'p99Us']);

/** @param {Record<string, Sample>[]} rounds @returns {ToolSummary[]} */
export function summaryOf(rounds) {
  const over = (/** @type {(round: Record<string, Sample>) => number} */ value) => estimate(rounds.map(value));
  return Object.keys(rounds[0]).map((tool) => {
    const last = /** @type {Record<string, Sample>} */ (rounds.at(-1))[tool];
    const roles = Object.keys(last.cpuUs);
    const own = Object.keys(last.residentBytes);
    const total = (/** @type {Sample} */ sample) => own.reduce((sum, role) => sum + sample.cpuUs[role], 0);
    /** @type {Record<string, Estimate>} */
    const ratios = {};
    const empty = 'empty relay';
    if (own.length > 0 && empty in rounds[0]) {
      ratios.relayCpu = over((round) => round[tool].cpuUs.relay / round[empty].cpuUs.relay);
      ratios.cpu = over((round) => total(round[tool]) / round[empty].cpuUs.relay);
      ratios.throughput = over((round) => round[tool].unitsPerSecond / round[empty].unitsPerSecond);
      if ('direct' in rounds[0])
        for (const which of LATENCIES)
          ratios[which] = over(
            (round) => (round[tool][which] - round.direct[which]) / (round[empty][which] - round.direct[which]),
          );
    }
    return {
      tool,
      cpuUs: {
        ...Object.fromEntries(roles.map((role) => [role, over((round) => round[tool].cpuUs[role])])),
        ...(own.length > 0 ? { own: over((round) => total(round[tool])) } : {}),
      },
      unitsPerSecond: over((round) => round[tool].unitsPerSecond),
      p50Us: over((round) => round[tool].p50Us),
      p95Us: over((round) => round[tool].p95Us),
      p99Us: over((round) => round[tool].p99Us),
      residentBytes: last.residentBytes,
      ratios,
    };
  });
}

/** @param {Map<string, Record<string, Sample>[]>} measured by scenario @returns {Judged[]} */
export function judge(measured) {
  return TARGETS.flatMap(({ text, scenarios, limit, kind, ratio }) =>
    scenarios.flatMap((scenario) => {
      const rounds = measured.get(scenario);
      if (rounds === undefined) return [];
      const value = estimate(rounds.map(ratio));
      return [{ text, scenario, limit, kind, ratio: value, verdict: verdictOf(value, { limit, kind }) }];
    }),
  );
}

/**
 * Missed: the whole interval lies on the wrong side.
 * @param {Estimate} value
 * @param {{ limit: number, kind: string }} target
 */
export function verdictOf({ median, low, high }, { limit, kind }) {
  const sign = kind === 'at most' ? 1 : -1;
  if (Math.min(sign * low, sign * high) > sign * limit) return 'missed';
  if (Math.max(sign * low, sign * high) <= sign * limit) return 'met';
  return sign * median <= sign * limit ? 'met, within the noise' : 'not shown: the interval holds the limit';
}

/** @param {string} name */
export function scenarioOf(name) {
  return SCENARIOS.find((scenario) => scenario.name === name);
}
