// Median and its interval, without an assumption about how the values are distributed.
// Invariant: an interval is a pair of measured values; where there are too few for 95 %, it is the whole range.
// Not here: what is measured.

/**
 * @typedef {object} Estimate
 * @property {number} median
 * @property {number} low
 * @property {number} high
 */

/**
 * The median with the distribution-free interval between two order statistics that covers it with a probability of at
 * least 95 %
 * (binomial(n, ½); Conover, Practical Nonparametric Statistics, 3.2). 9 values: the 2nd to the 8th, 96.1 %.
 * @param {readonly number[]} values at least one
 * @returns {Estimate}
 */
export function estimate(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const cut = outside(sorted.length);
  return { median: middleOf(sorted), low: sorted[cut], high: sorted[sorted.length - 1 - cut] };
}

/** @param {readonly number[]} values at least one */
export function median(values) {
  return middleOf([...values].sort((a, b) => a - b));
}

/** @param {readonly number[]} sorted */
function middleOf(sorted) {
  const last = sorted.length - 1;
  return (sorted[Math.floor(last / 2)] + sorted[Math.ceil(last / 2)]) / 2;
}

/**
 * How many values may be left out at each end: the largest k with 2·P(fewer than k+1 below the median) at most 5 %.
 * @param {number} n
 */
function outside(n) {
  let cut = 0;
  let term = 0.5 ** n;
  let below = term;
  for (;;) {
    term *= (n - cut) / (cut + 1);
    below += term;
    if (below * 2 > 0.05 || cut + 1 > (n - 1) / 2) return cut;
    cut++;
  }
}
