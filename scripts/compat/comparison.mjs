// Test results of two runs of the same suite, held against each other.
// Invariant: a test that only one run has is a difference too. Not here: running (differential.mjs).

/**
 * @typedef {object} TestResult
 * @property {'passed' | 'failed' | 'skipped'} outcome
 * @property {string} [detail] what a test gave, where that is the same for each run of it; compared as well
 *
 * @typedef {Map<string, TestResult>} Results by the test's name
 *
 * @typedef {object} Difference
 * @property {string} test
 * @property {string} direct outcome, or 'missing'
 * @property {string} proxied
 * @property {string} [detail] the first line that differs
 */

/** @param {string} one @param {string} other @returns {string} */
function firstDifferentLine(one, other) {
  const others = other.split('\n');
  const lines = one.split('\n');
  const at = lines.findIndex((line, i) => line !== others[i]);
  if (at < 0) return `… "${others[lines.length] ?? ''}" follows`;
  return `line ${at + 1}: "${lines[at]}" / "${others[at] ?? '(end)'}"`.slice(0, 300);
}

/** @param {Results} direct @param {Results} proxied @returns {Difference[]} */
export function differences(direct, proxied) {
  const found = [];
  for (const test of new Set([...direct.keys(), ...proxied.keys()])) {
    const one = direct.get(test);
    const other = proxied.get(test);
    const detailDiffers = (one?.detail ?? '') !== (other?.detail ?? '');
    if (one?.outcome === other?.outcome && !detailDiffers) continue;
    found.push({
      test,
      direct: one?.outcome ?? 'missing',
      proxied: other?.outcome ?? 'missing',
      detail: detailDiffers ? firstDifferentLine(one?.detail ?? '', other?.detail ?? '') : undefined,
    });
  }
  return found;
}

/**
 * What differs in every pass is a difference; what differs in one of them depends on time, and is listed as that.
 * @param {readonly Difference[][]} passes
 * @returns {{ differing: Difference[], unsteady: Difference[] }}
 */
export function settled(passes) {
  const last = passes[passes.length - 1];
  const inAll = (/** @type {string} */ test) => passes.every((pass) => pass.some((found) => found.test === test));
  const seen = new Map(passes.flat().map((found) => [found.test, found]));
  return {
    differing: last.filter((found) => inAll(found.test)),
    unsteady: [...seen.values()].filter((found) => !inAll(found.test)),
  };
}

/** @param {Results} results */
export function totals(results) {
  const counted = { tests: results.size, passed: 0, failed: 0, skipped: 0 };
  for (const { outcome } of results.values()) counted[outcome]++;
  return counted;
}
