// Formats numbers and times for the page; times are in the reader's own time zone.
// Invariant: numbers look as they do in the terminal. Not here: how they look (facts/words/format.ts); exact values,
// which the API has; markup.

export { bytes, count, duration, share, windowLength } from '../../../facts/words/format.js';

const RANGE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** "31 Jan 2026, 09:05", as the reader's language writes it. */
export function moment(iso: string): string {
  return RANGE.format(new Date(iso));
}

/** From one moment to another; what both share, mostly the day, is written once. */
export function span(window: { since: string; until: string }): string {
  return RANGE.formatRange(new Date(window.since), new Date(window.until));
}
