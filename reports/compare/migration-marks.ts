// Compares the pairs of a ledger anew from each mark of a window to the next.
// Invariant: where minutes are kept, each is of one stretch; that of a mark is of the stretch that begins with it. An
// old version that did not run in a stretch has the same costs in all of them.
// Not here: comparing (migration-pairs.ts), the window as a whole (migration.ts).

import { MINUTE_MS, minuteOf } from '../../config/values/minute.js';
import type { StatementsReport, Window } from '../../facts/answers.js';
import type { MarkRow } from '../../facts/flush.js';
import { allOf, type MigrationAsk } from './migration-ask.js';
import { comparePairs, type PairFacts } from './migration-pairs.js';
import type { PlaceFacts } from './old-statements.js';

/** Least and largest factor of the pairs that are known. */
export interface FactorRange {
  readonly low: number;
  readonly high: number;
}

/** From one mark to the next, or to the end of the window. */
export interface MarkFacts {
  /** Several where they share a minute; none = the window begins without one. */
  readonly marks: readonly MarkRow[];
  readonly window: Window;
  readonly groups: ReadonlyArray<{ readonly group: string; readonly factors: FactorRange | null }>;
  readonly pairs: readonly PairFacts[];
}

export interface MarksReport {
  readonly stretches: readonly MarkFacts[];
  /** Marks that are left out: older ones, of more than MARKS_MAX. */
  readonly leftOut: number;
}

/** Each costs as much as the report itself. */
const MARKS_MAX = 12;

/** None where no mark is in the window. `window`: as it was asked for; `ever`: up to its end. */
export async function compareAtMarks(
  ask: MigrationAsk,
  { places, ever, window }: { places: readonly PlaceFacts[]; ever: StatementsReport; window: Window },
): Promise<MarksReport> {
  const all = (await ask.marks(window)).filter(({ kind }) => kind !== 'ddl');
  const marks = all.slice(-MARKS_MAX);
  const leftOut = all.length - marks.length;
  const stretches: MarkFacts[] = [];
  if (marks.length === 0) return { stretches, leftOut };
  const cuts = cutsOf(marks, window);
  for (const [at, { marks: own, sinceMs }] of cuts.entries()) {
    const untilMs = cuts[at + 1]?.sinceMs ?? window.untilMs;
    const inWindow = await ask.statements(allOf({ sinceMs, untilMs }));
    const pairs = await comparePairs(ask, { places, inWindow, ever });
    stretches.push({ marks: own, window: inWindow.window, groups: groupsAt(places, pairs), pairs });
  }
  return { stretches, leftOut };
}

interface Cut {
  readonly marks: MarkRow[];
  readonly sinceMs: number;
}

function cutsOf(marks: readonly MarkRow[], { sinceMs }: Window): Cut[] {
  const start = minuteOf(sinceMs) * MINUTE_MS;
  const cuts: Cut[] = [];
  for (const mark of marks) {
    const minute = minuteOf(mark.atMs) * MINUTE_MS;
    const last = cuts.at(-1);
    if (last?.sinceMs === minute) last.marks.push(mark);
    else cuts.push({ marks: [mark], sinceMs: minute });
  }
  if (cuts[0].sinceMs > start) cuts.unshift({ marks: [], sinceMs: start });
  return cuts;
}

function groupsAt(places: readonly PlaceFacts[], pairs: readonly PairFacts[]): MarkFacts['groups'] {
  const names = [...new Set(places.map(({ group }) => group))].sort();
  return names.map((group) => ({
    group,
    factors: factorsOf(
      places.filter((place) => place.group === group),
      pairs,
    ),
  }));
}

export function factorsOf(places: readonly PlaceFacts[], pairs: readonly PairFacts[]): FactorRange | null {
  const ids = new Set(places.map(({ entry }) => entry.id));
  const factors = pairs.flatMap((pair) => (ids.has(pair.id) ? (pair.time?.factor ?? []) : []));
  return factors.length === 0 ? null : { low: Math.min(...factors), high: Math.max(...factors) };
}
