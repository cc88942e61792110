// Durations, sizes and moments as people write them, read into numbers with their unit in the name.
// Invariant: text that is not understood completely is refused, never read in part. Not here: printing them
// (facts/words/format.ts).

import { UsageError } from './errors.js';

const MS_OF: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES_OF: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** "250ms", "1s", "15m", "1h30m", "7d" in ms. Throws UsageError naming `where`. */
export function parseDuration(text: string, where = ''): number {
  const hint = 'write a number and a unit (ms, s, m, h, d), for instance 15m or 1h30m';
  if (!/^(?:[0-9]{1,9}(?:\.[0-9]{1,6})?(?:ms|s|m|h|d))+$/.test(text)) {
    throw new UsageError(`"${text}" is not a duration`, { where, hint });
  }
  let ms = 0;
  for (const part of text.matchAll(/([0-9.]+)(ms|s|m|h|d)/g)) ms += Number(part[1]) * MS_OF[part[2]];
  return ms;
}

/** "512MiB", "2GiB", "65536" in bytes. Throws UsageError naming `where`. */
export function parseBytes(text: string, where = ''): number {
  const parts = /^([0-9]{1,15}(?:\.[0-9]{1,6})?) ?(B|kB|MB|GB|KiB|MiB|GiB)?$/.exec(text);
  if (parts === null) {
    throw new UsageError(`"${text}" is not a size`, { where, hint: 'write a number and a unit, for instance 512MiB' });
  }
  return Math.round(Number(parts[1]) * BYTES_OF[parts[2] ?? '']);
}

/** A moment in Unix ms: a duration before `nowMs` ("15m"), or an ISO 8601 date or time, in UTC when it has no zone. */
export function parseMoment(text: string, context: { readonly nowMs: number; readonly where?: string }): number {
  if (/^[0-9.]+(?:ms|[smhd])/.test(text)) return context.nowMs - parseDuration(text, context.where);
  const iso = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(text);
  const ms = iso === null ? Number.NaN : Date.parse(`${iso[1]}T${iso[2] ?? '00:00'}${iso[3] ?? 'Z'}`);
  if (Number.isNaN(ms)) {
    throw new UsageError(`"${text}" is not a moment`, {
      where: context.where,
      hint: 'write how long ago (15m, 7d) or ISO 8601 (2026-01-31T08:00:00Z)',
    });
  }
  return ms;
}

export function isMoment(text: string): boolean {
  try {
    parseMoment(text, { nowMs: 0 });
    return true;
  } catch {
    return false;
  }
}

/** A whole number within [min, max]. Throws UsageError naming `where`. */
export function parseWhole(
  text: string,
  range: { readonly min: number; readonly max: number; readonly where?: string },
): number {
  const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= range.min && value <= range.max) return value;
  throw new UsageError(`"${text}" is not a whole number from ${range.min} to ${range.max}`, { where: range.where });
}
