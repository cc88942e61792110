// Says when work of one session lies within a pause of another, and whether that can be chance.
// Invariant: chanceLn gives a bound, which no probability exceeds.
// Not here: which sessions are compared (../nesting.ts).

interface Work {
  readonly firstMs: number;
  readonly lastMs: number;
}

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** The transaction goes on right after: so long, or this share of the pause. */
const RESUMES_MS = 5;
const RESUMES_SHARE = 0.4;
/** The other session begins as soon: a connection may have to be opened. */
const BEGINS_MS = 20;
const BEGINS_SHARE = 0.5;
/** The natural logarithm of the greatest probability that it is chance: 1e-6. */
export const CHANCE_LN_MAX = Math.log(1e-6);

/** The pause has hardly begun when the work begins, and ends soon after it. */
export function isNested({ firstMs, lastMs }: Work, { startMs, endMs }: Span): boolean {
  const { beginsMs, resumesMs } = slackOf(endMs - startMs);
  return firstMs - startMs <= beginsMs && endMs - lastMs <= resumesMs;
}

/** The moments within a pause from which work of this length is nested, in ms. */
export function beginningsMs(pauseMs: number, lengthMs: number): number {
  const { beginsMs, resumesMs } = slackOf(pauseMs);
  const lastMs = Math.min(beginsMs, pauseMs - lengthMs);
  return Math.max(0, lastMs - Math.max(0, pauseMs - lengthMs - resumesMs));
}

function slackOf(pauseMs: number): { beginsMs: number; resumesMs: number } {
  return {
    beginsMs: Math.max(BEGINS_MS, BEGINS_SHARE * pauseMs),
    resumesMs: Math.max(RESUMES_MS, RESUMES_SHARE * pauseMs),
  };
}

/**
 * The logarithm of a bound on the probability that at least `times` of `all` fall into a share of the time: Chernoff's
 * for the binomial distribution. 0 = it may well be chance.
 */
export function chanceLn({ times, all, share }: { times: number; all: number; share: number }): number {
  const seen = times / all;
  if (share >= seen) return 0;
  if (share <= 0) return Number.NEGATIVE_INFINITY;
  const rest = seen === 1 ? 0 : (1 - seen) * Math.log((1 - seen) / (1 - share));
  return -all * (seen * Math.log(seen / share) + rest);
}
