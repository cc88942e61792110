// Reads the two windows of `compare`: given one by one, or around a mark.
// Invariant: the two share no minute, and the minute of a mark is in neither; of each only what was recorded counts
// as its length. Not here: comparing (comparison.ts), filters (sides.ts).

import { RuntimeError, UsageError } from '../../config/values/errors.js';
import { MINUTE_MS, minuteOf } from '../../config/values/minute.js';
import { isMoment, parseDuration, parseMoment } from '../../config/values/units.js';
import type { Window } from '../../facts/answers.js';
import type { MarkRow } from '../../facts/flush.js';
import { momentOf, type TimeRange } from '../questions/grammar.js';

/** The store that moments may be named in. */
export interface MarksPlace {
  /** For people. */
  readonly name: string;
  /** Oldest first. */
  marks(range: TimeRange): Promise<MarkRow[]>;
}

/** How windows are asked for: as flags of the terminal or parameters of the API. */
export interface WindowFlags {
  readonly before?: string;
  readonly after?: string;
  readonly around?: string;
  readonly span?: string;
}

export interface LabelledWindow {
  readonly label: string;
  readonly range: TimeRange;
}

/** The moment that two windows lie around. */
export interface MarkedMoment {
  readonly name: string;
  readonly atMs: number;
  /** Its own minute, which is in neither window. */
  readonly leftOut: Window;
}

export interface ComparedWindows {
  readonly windows: readonly [LabelledWindow, LabelledWindow];
  readonly mark?: MarkedMoment;
}

/** `named`: how errors name a flag. Throws UsageError, RuntimeError for a mark that is not there. */
export async function windowsOf(
  place: MarksPlace,
  { flags, named, nowMs }: { flags: WindowFlags; named: (flag: string) => string; nowMs: number },
): Promise<ComparedWindows> {
  if (flags.around !== undefined) {
    const spanMs = parseDuration(flags.span ?? '1h', named('span'));
    return around(place, { name: flags.around, spanMs, nowMs });
  }
  if (flags.before === undefined || flags.after === undefined) {
    throw new UsageError('only one window', {
      where: 'compare',
      hint: `give ${named('before')} and ${named('after')}, each as from..to`,
    });
  }
  const before = await readWindow(place, { label: 'before', text: flags.before, where: named('before'), nowMs });
  const after = await readWindow(place, { label: 'after', text: flags.after, where: named('after'), nowMs });
  const overlap =
    (before.range.sinceMs ?? 0) < (after.range.untilMs ?? Infinity) &&
    (after.range.sinceMs ?? 0) < (before.range.untilMs ?? Infinity);
  if (overlap)
    throw new UsageError('the two windows overlap', {
      where: `${named('before')}, ${named('after')}`,
      hint: 'end one before the other begins',
    });
  return { windows: [before, after] };
}

/** The part of a window between the first and the last minute that was recorded; undefined = nothing of it was. */
export function clipped(window: Window, recorded: Window | undefined): Window | undefined {
  if (recorded === undefined) return undefined;
  const sinceMs = Math.max(window.sinceMs, recorded.sinceMs);
  const untilMs = Math.min(window.untilMs, recorded.untilMs);
  return sinceMs < untilMs ? { sinceMs, untilMs } : undefined;
}

async function readWindow(
  place: MarksPlace,
  { label, text, where, nowMs }: { label: string; text: string; where: string; nowMs: number },
): Promise<LabelledWindow> {
  const parts = text.split('..');
  if (parts.length !== 2 || (parts[0] === '' && parts[1] === '')) {
    throw new UsageError(`"${text}" is not a window`, { where, hint: 'write from..to, for instance 3h..1h or 1h..' });
  }
  const read = async (part: string): Promise<number | undefined> =>
    part === '' ? undefined : markedMoment(place, { text: part, where, nowMs });
  const [since, until] = [await read(parts[0]), await read(parts[1])];
  if (since !== undefined && until !== undefined && since >= until) {
    throw new UsageError(`"${text}" is empty`, { where, hint: 'the first moment must lie before the second' });
  }
  // Both bounds go to the start of their minute: where one window ends and the other begins no minute is in both.
  const [sinceMs, endMs] = [since, until].map((at) => (at === undefined ? undefined : minuteOf(at) * MINUTE_MS));
  const untilMs = endMs !== undefined && endMs === sinceMs ? endMs + MINUTE_MS : endMs;
  return { label, range: { sinceMs, untilMs } };
}

async function around(
  place: MarksPlace,
  { name, spanMs, nowMs }: { name: string; spanMs: number; nowMs: number },
): Promise<ComparedWindows> {
  const atMs = await momentNamed(place, name, nowMs);
  const minute = minuteOf(atMs) * MINUTE_MS;
  const next = minute + MINUTE_MS;
  return {
    windows: [
      { label: `before ${minuteText(atMs)}`, range: { sinceMs: minute - spanMs, untilMs: minute } },
      { label: `after ${minuteText(atMs)}`, range: { sinceMs: next, untilMs: next + spanMs } },
    ],
    mark: { name, atMs, leftOut: { sinceMs: minute, untilMs: next } },
  };
}

/** The moment of the last mark with this name, else the moment that the text gives. */
async function momentNamed(place: MarksPlace, name: string, nowMs: number): Promise<number> {
  return markNamed(await place.marks({}), { name, nowMs, read: place.name }).atMs;
}

/** Of `marks`, oldest first; a moment is a mark of its own. Throws RuntimeError naming those there are. */
export function markNamed(
  marks: readonly MarkRow[],
  { name, nowMs, read }: { name: string; nowMs: number; read: string },
): MarkRow {
  const last = marks.findLast((mark) => mark.name === name);
  if (last !== undefined) return last;
  try {
    return { atMs: parseMoment(name, { nowMs }), kind: 'manual', name, fingerprint: '', source: '' };
  } catch {
    const known = [...new Set(marks.slice(-5).map((mark) => `"${mark.name}"`))].join(', ');
    throw new RuntimeError(`there is no mark "${name}"`, {
      where: read,
      hint: known === '' ? 'set one with pgwitness mark NAME, or give a moment' : `the last ones are ${known}`,
    });
  }
}

/** A moment, or that of the last mark of this name. Throws UsageError naming `where`. */
async function markedMoment(
  place: MarksPlace,
  { text, where, nowMs }: { text: string; where: string; nowMs: number },
): Promise<number> {
  const marks = isMoment(text) ? [] : await place.marks({});
  return momentOf(text, { nowMs, where, markAt: (name) => marks.findLast((mark) => mark.name === name)?.atMs });
}

/** "2026-01-31 08:05 UTC". */
function minuteText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
