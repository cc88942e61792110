// Formats numbers and times for the terminal; times are in UTC.
// Invariant: numbers look as they do on the page. Not here: how they look (facts/words/format.ts); exact values, which
// --json prints.

import { windowLength } from '../../facts/words/format.js';

export { bytes, count, duration, share, windowLength } from '../../facts/words/format.js';

/** "2026-01-31 08:05 UTC". */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** "2026-01-31 08:05 – 09:10 UTC (1 h 05 min)". */
export function span(sinceMs: number, untilMs: number): string {
  const from = moment(sinceMs).slice(0, -4);
  const to = moment(untilMs);
  const sameDay = from.slice(0, 10) === to.slice(0, 10);
  return `${from} – ${sameDay ? to.slice(11) : to} (${windowLength(untilMs - sinceMs)})`;
}
