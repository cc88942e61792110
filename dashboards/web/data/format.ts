// Formats numbers and times for the page: in the reader's time zone, by a clock of 24 hours.
// Invariant: numbers look as they do in the terminal. Not here: how they look (facts/words/format.ts); exact values,
// which the API has; markup.

export { bytes, count, duration, share, windowLength } from '../../../facts/words/format.js';

const MOMENT = { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const MINUTES = new Intl.DateTimeFormat(undefined, MOMENT);
const SECONDS = new Intl.DateTimeFormat(undefined, { ...MOMENT, second: '2-digit' });
const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const ZONED = new Intl.DateTimeFormat(undefined, { ...MOMENT, year: 'numeric', timeZoneName: 'short' });

/** "31 Jan, 09:05", as the reader's language writes it. */
export function moment(iso: string): string {
  return MINUTES.format(new Date(iso));
}

/** "31 Jan, 09:05:12": of single executions. */
export function second(iso: string): string {
  return SECONDS.format(new Date(iso));
}

/** "09:05:12". */
export function clock(iso: string): string {
  return CLOCK.format(new Date(iso));
}

/** From one moment to another with the time zone; what both share, mostly the day, is written once. */
export function span(window: { since: string; until: string }): string {
  return ZONED.formatRange(new Date(window.since), new Date(window.until));
}

/** "21.0", "3.4", "0.33": how many of something there are in each of another. */
export function each(value: number): string {
  return value >= 99.95 ? value.toFixed(0) : value >= 0.995 || value === 0 ? value.toFixed(1) : value.toFixed(2);
}

/** "Route": a tag's key as a title. */
export function capital(word: string): string {
  return word.replace(/^./, (letter) => letter.toUpperCase());
}
