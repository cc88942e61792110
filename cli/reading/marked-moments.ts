// Lets the name of a mark stand where a moment may: in --since, --until and the windows of compare.
// Invariant: what is a moment by itself is never looked up; of several marks of one name the last counts.
// Not here: moments as text (config/values/units.ts), setting marks (cli/commands/mark.ts).

import { parseMoment } from '../../config/values/units.js';
import type { MarkRow } from '../../facts/flush.js';
import { momentOf } from '../../reports/questions/grammar.js';
import type { Place } from './place.js';
import { placeOf, type ReadFlags } from './read-flags.js';

/** The flags, with the moment in the place of a mark's name. Throws UsageError for what is neither. */
export async function withMarks<Flags extends ReadFlags>(flags: Flags): Promise<Flags> {
  const named = (['since', 'until'] as const).filter((name) => flags[name] && !isMoment(flags[name]));
  if (named.length === 0) return flags;
  const marks = await marksOf(flags);
  const moments = named.map((name) => {
    const atMs = momentOf(flags[name] as string, {
      nowMs: 0,
      where: `--${name}`,
      markAt: (mark) => lastOf(marks, mark),
    });
    return [name, new Date(atMs).toISOString()];
  });
  return { ...flags, ...Object.fromEntries(moments) };
}

/** A moment, or that of the last mark of this name. Throws UsageError naming `where`. */
export async function markedMoment(
  place: Place,
  { text, where, nowMs }: { text: string; where: string; nowMs: number },
): Promise<number> {
  const marks = isMoment(text) ? [] : await place.marks({});
  return momentOf(text, { nowMs, where, markAt: (name) => lastOf(marks, name) });
}

/** When the last mark of this name was set. */
function lastOf(marks: readonly MarkRow[], name: string): number | undefined {
  return marks.findLast((mark) => mark.name === name)?.atMs;
}

function isMoment(text: string): boolean {
  try {
    parseMoment(text, { nowMs: 0 });
    return true;
  } catch {
    return false;
  }
}

/** None where there is no store: then the wrong moment is the error to tell. */
async function marksOf(flags: ReadFlags): Promise<MarkRow[]> {
  let place: Place;
  try {
    place = await placeOf(flags);
  } catch {
    return [];
  }
  try {
    return await place.marks({});
  } finally {
    place.close();
  }
}
