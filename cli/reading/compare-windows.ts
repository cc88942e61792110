// Reads the two windows of `compare`: given one by one, or around a mark.
// Invariant: the two share no minute, and the minute of a mark is in neither. Not here: comparing (reports/compare).

import { RuntimeError, UsageError } from '../../config/values/errors.js';
import { MINUTE_MS, minuteOf } from '../../config/values/minute.js';
import { parseDuration, parseMoment } from '../../config/values/units.js';
import type { StatementFilter } from '../../facts/answers.js';
import type { TimeRange } from '../../reports/questions/grammar.js';
import { moment } from '../terminal/format.js';
import type { Place } from './place.js';

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

/** One side of a comparison: its window, and the filter of its statements. */
export interface ComparedSide extends LabelledWindow {
  readonly filter: StatementFilter;
}

export async function windowsOf(place: Place, flags: WindowFlags): Promise<[LabelledWindow, LabelledWindow]> {
  const nowMs = Date.now();
  if (flags.around !== undefined) return around(place, { name: flags.around, span: flags.span ?? '1h', nowMs });
  if (flags.before === undefined || flags.after === undefined) {
    throw new UsageError('only one window', { where: 'compare', hint: 'give --before and --after, each as from..to' });
  }
  const before = readWindow(flags.before, { where: '--before', nowMs });
  const after = readWindow(flags.after, { where: '--after', nowMs });
  const overlap =
    (before.range.sinceMs ?? 0) < (after.range.untilMs ?? Infinity) &&
    (after.range.sinceMs ?? 0) < (before.range.untilMs ?? Infinity);
  if (overlap)
    throw new UsageError('the two windows overlap', {
      where: '--before, --after',
      hint: 'end one before the other begins',
    });
  return [before, after];
}

function readWindow(text: string, context: { where: string; nowMs: number }): LabelledWindow {
  const { where, nowMs } = context;
  const parts = text.split('..');
  if (parts.length !== 2 || (parts[0] === '' && parts[1] === '')) {
    throw new UsageError(`"${text}" is not a window`, { where, hint: 'write from..to, for instance 3h..1h or 1h..' });
  }
  const [sinceMs, untilMs] = parts.map((part) => (part === '' ? undefined : parseMoment(part, { nowMs, where })));
  if (sinceMs !== undefined && untilMs !== undefined && sinceMs >= untilMs) {
    throw new UsageError(`"${text}" is empty`, { where, hint: 'the first moment must lie before the second' });
  }
  return { label: where.slice(2), range: { sinceMs, untilMs } };
}

async function around(
  place: Place,
  { name, span, nowMs }: { name: string; span: string; nowMs: number },
): Promise<[LabelledWindow, LabelledWindow]> {
  const spanMs = parseDuration(span, '--span');
  const atMs = await momentOf(place, name, nowMs);
  const minute = minuteOf(atMs) * MINUTE_MS;
  const next = minute + MINUTE_MS;
  return [
    { label: `before ${moment(atMs)}`, range: { sinceMs: minute - spanMs, untilMs: minute } },
    { label: `after ${moment(atMs)}`, range: { sinceMs: next, untilMs: next + spanMs } },
  ];
}

/** The moment of the last mark with this name, else the moment that the text gives. */
async function momentOf(place: Place, name: string, nowMs: number): Promise<number> {
  const marks = await place.marks({});
  const fits = marks.filter((mark) => mark.name === name);
  if (fits.length > 0) return fits[fits.length - 1].atMs;
  try {
    return parseMoment(name, { nowMs });
  } catch {
    const known = [...new Set(marks.slice(-5).map((mark) => `"${mark.name}"`))].join(', ');
    throw new RuntimeError(`there is no mark "${name}"`, {
      where: place.name,
      hint: known === '' ? 'set one with pgwitness mark NAME, or give a moment' : `the last ones are ${known}`,
    });
  }
}
