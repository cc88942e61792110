// Formats counts, durations, shares and bytes for people, in the same words everywhere.
// Invariant: the terminal and the page print what stands here; null, which is "not measured", is a dash and never 0.
// Not here: times of day, which the terminal prints in UTC (cli/terminal/format.ts) and the page in its reader's zone
// (dashboards/web/data/format.ts); exact values, which are in JSON.

/** 1234567 → "1,234,567". */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Three significant digits with the unit that suits: "850 µs", "12.3 ms", "4.56 s", "3 min 20 s", "2 h 05 min". */
export function duration(ms: number | null): string {
  if (ms === null) return '–';
  if (ms > 0 && ms < 0.0005) return '< 1 µs';
  if (ms < 0.9995) return `${Math.round(ms * 1_000)} µs`;
  if (ms < 999.5) return `${digits(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 99.95) return `${digits(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 5_400) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 2_880) return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
  return `${digits(minutes / 1_440)} d`;
}

/** The length of a window or a step, to the minute: "20 min", "1 h", "1 h 05 min", "7 d". */
export function windowLength(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  if (minutes >= 2_880 || minutes === 1_440) return `${Math.round(minutes / 1_440)} d`;
  const rest = minutes % 60 === 0 ? '' : ` ${twoDigits(minutes % 60)} min`;
  return `${Math.floor(minutes / 60)} h${rest}`;
}

/** 42 of 100 → "42 %"; small shares keep a digit. */
export function share(part: number, whole: number): string {
  if (whole <= 0 || part === 0) return '0 %';
  const percent = (100 * part) / whole;
  if (percent < 0.1) return '< 0.1 %';
  return `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** 1536 → "1.50 KiB". */
export function bytes(value: number): string {
  let rest = value;
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (rest < 1_023.5) return `${unit === 'B' ? Math.round(rest) : digits(rest)} ${unit}`;
    rest /= 1_024;
  }
  return `${digits(rest)} TiB`;
}

function digits(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
