// Numbers, durations and times as people read them. Exact values are in the API.
// Invariant: null, which is "not measured", is a dash and never 0. Not here: markup.

const WHOLE = new Intl.NumberFormat('en');
const RANGE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const COMPACT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });

export function count(value: number): string {
  return WHOLE.format(Math.round(value));
}

/** "1.23M", for axes. */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** Three significant digits: "850 µs", "12.3 ms", "4.56 s", "3 min 20 s", "2.1 h". */
export function duration(ms: number | null): string {
  if (ms === null) return '–';
  if (ms === 0) return '0 ms';
  if (ms < 0.9995) return `${ms < 0.00995 ? (ms * 1_000).toFixed(1) : Math.round(ms * 1_000)} µs`;
  if (ms < 999.5) return `${digits(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 99.95) return `${digits(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 5_400) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return whole < 172_800 ? `${digits(whole / 3_600)} h` : `${digits(whole / 86_400)} d`;
}

export function share(part: number, whole: number): string {
  if (whole <= 0 || part === 0) return '0 %';
  const percent = (100 * part) / whole;
  if (percent < 0.1) return '< 0.1 %';
  return `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)} %`;
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return power === 0 ? `${Math.round(value)} B` : `${digits(value / 1024 ** power)} ${units[power]}`;
}

/** In the reader's own time zone. */
export function moment(iso: string): string {
  return new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

export function span(window: { since: string; until: string }): string {
  // What both ends share is said once: the day, mostly.
  return RANGE.formatRange(new Date(window.since), new Date(window.until));
}

function digits(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}
