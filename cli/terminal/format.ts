// Numbers, durations and times as people read them in a terminal. Exact values are in --json.

/** 1234567 → "1,234,567". */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Three significant digits with the unit that suits: "850 µs", "12.3 ms", "4.56 s", "3 min 20 s", "2 h 05 min". '–' for null. */
export function duration(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 0.9995) return `${Math.round(ms * 1_000)} µs`;
  if (ms < 999.5) return `${digits(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 99.95) return `${digits(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 5_400) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 2_880) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${digits(minutes / 1_440)} d`;
}

/** 0.4217 → "42 %"; small shares keep a digit. */
export function share(part: number, whole: number): string {
  if (whole <= 0) return '0 %';
  const percent = (100 * part) / whole;
  if (percent === 0) return '0 %';
  if (percent < 0.1) return '< 0.1 %';
  return `${percent < 9.95 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** "2026-01-31 08:05 UTC". */
export function moment(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** "2026-01-31 08:05 – 09:10 UTC (1 h 05 min)". */
export function span(sinceMs: number, untilMs: number): string {
  const from = moment(sinceMs).slice(0, -4);
  const to = moment(untilMs);
  const sameDay = from.slice(0, 10) === to.slice(0, 10);
  return `${from} – ${sameDay ? to.slice(11) : to} (${minutesOf(untilMs - sinceMs)})`;
}

/** 1536 → "1.5 KiB". */
export function bytes(value: number): string {
  let rest = value;
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (rest < 1_023.5) return `${unit === 'B' ? Math.round(rest) : digits(rest)} ${unit}`;
    rest /= 1_024;
  }
  return `${digits(rest)} TiB`;
}

function minutesOf(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2_880) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
  return `${Math.round(minutes / 1_440)} d`;
}

function digits(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}
