// Lets the name of a mark stand where a moment may: in --since, --until and the windows of compare.
// Invariant: what is a moment by itself is never looked up; of several marks of one name the last counts.
// Not here: moments as text (config/values/units.ts), setting marks (cli/commands/mark.ts).

import { isMoment } from '../../config/values/units.js';
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

/** When the last mark of this name was set. */
function lastOf(marks: readonly MarkRow[], name: string): number | undefined {
  return marks.findLast((mark) => mark.name === name)?.atMs;
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
