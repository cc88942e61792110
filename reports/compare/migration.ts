// The report of a migration: the ledger beside what ran, in a window and a week before.
// What is left, per group, file, route and week; what came back; what each new version costs beside its old one.
// Invariant: an execution belongs to a place by fingerprint and kind of source; what is not known is said, not guessed.
// Not here: reading the ledger (audit/ledger), pairs (migration-pairs.ts), the JSON (migration-json.ts).

import { groupOf, type Ledger, type LedgerEntry, placeAt, STATES, type State } from '../../audit/ledger/ledger.js';
import type { StatementsReport, Window } from '../../facts/answers.js';
import { sumsBySource } from '../../facts/statement-facts.js';
import type { TimeRange } from '../questions/grammar.js';
import { allOf, type MigrationAsk } from './migration-ask.js';
import { compareAtMarks, type FactorRange, factorsOf, type MarkFacts } from './migration-marks.js';
import { comparePairs, type PairFacts } from './migration-pairs.js';
import { type OldShare, type PlaceFacts, seenOf, shareOf, statementsOf } from './old-statements.js';

export interface GroupFacts {
  readonly group: string;
  readonly states: Record<State, number>;
  /** Old places that ran in the window. */
  readonly seen: number;
  readonly executions: number;
  readonly timeNs: number;
  readonly factors: FactorRange | null;
}

export interface WeekFacts {
  /** Monday, 00:00 UTC. */
  readonly startMs: number;
  readonly old: OldShare;
  /** Places todo or doing at its end; null = the ledger does not say. */
  readonly placesLeft: number | null;
}

export interface MigrationReport {
  readonly window: Window;
  readonly exact: boolean;
  readonly sources: StatementsReport['sums'];
  readonly old: OldShare;
  /** undefined = it was not recorded from its start. */
  readonly weekBefore:
    | { readonly window: Window; readonly sources: StatementsReport['sums']; readonly old: OldShare }
    | undefined;
  readonly weeks: readonly WeekFacts[];
  /** undefined = there is no ledger. */
  readonly ledger: LedgerFacts | undefined;
}

export interface LedgerFacts {
  readonly file: string;
  readonly target: string;
  readonly states: Record<State, number>;
  readonly groups: readonly GroupFacts[];
  /** Places todo or doing, by file and by route. */
  readonly files: ReadonlyMap<string, number>;
  readonly routes: ReadonlyMap<string, number>;
  readonly places: readonly PlaceFacts[];
  readonly pairs: readonly PairFacts[];
  /** The same from each mark in the window to the next; none where there are no marks. */
  readonly marks: readonly MarkFacts[];
  /** What this report cannot say, in words. */
  readonly notKnown: readonly string[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;
const WEEKS_MAX = 12;

/** Without a start it is of the last 24 hours that were recorded. Throws what asking throws. */
export async function reportMigration(
  ask: MigrationAsk,
  { ledger, range }: { ledger: Ledger | undefined; range: TimeRange },
): Promise<MigrationReport> {
  const recorded = await ask.recorded();
  const untilMs = range.untilMs ?? recorded?.untilMs ?? Date.now();
  const aDayBefore = Math.floor((untilMs - DAY_MS) / HOUR_MS) * HOUR_MS;
  const sinceMs = range.sinceMs ?? Math.max(aDayBefore, recorded?.sinceMs ?? 0);
  const inWindow = await ask.statements(allOf({ sinceMs, untilMs }));
  const entries = ledger?.places ?? [];
  const earlier = { sinceMs: sinceMs - WEEK_MS, untilMs: untilMs - WEEK_MS };
  const hasEarlier = recorded !== undefined && recorded.sinceMs <= earlier.sinceMs;
  const before = hasEarlier ? await ask.statements(allOf(earlier)) : undefined;
  return {
    window: inWindow.window,
    exact: inWindow.observed.exact,
    sources: sumsBySource(inWindow.statements),
    old: shareOf(inWindow, entries),
    weekBefore: before && {
      window: before.window,
      sources: sumsBySource(before.statements),
      old: shareOf(before, entries),
    },
    weeks: await weeksOf(ask, { recorded, untilMs, ledger }),
    ledger: ledger && (await ledgerFacts(ask, { ledger, inWindow, asked: { sinceMs, untilMs } })),
  };
}

async function ledgerFacts(
  ask: MigrationAsk,
  { ledger, inWindow, asked }: { ledger: Ledger; inWindow: StatementsReport; asked: Window },
): Promise<LedgerFacts> {
  const ever = await ask.statements(allOf({ untilMs: inWindow.window.untilMs }));
  const places = ledger.places.map((entry): PlaceFacts => {
    const seen = statementsOf(entry, inWindow.statements);
    const known = statementsOf(entry, ever.statements);
    const lastSeenMs = known.length === 0 ? null : Math.max(...known.map((facts) => facts.lastSeenMs));
    const isOver = entry.state === 'done' || entry.state === 'gone';
    // The window begins with the whole minute in which a mark was set.
    const isBack = seen.length > 0 && (lastSeenMs ?? 0) >= asked.sinceMs;
    return {
      entry,
      group: groupOf(entry, ledger),
      target: entry.target ?? ledger.target,
      seen: seen.length === 0 ? null : seenOf(seen),
      lastSeenMs,
      regressed: !isOver ? null : isBack ? 'seen' : entry.in_code ? 'in-code' : null,
    };
  });
  const pairs = await comparePairs(ask, { places, inWindow, ever });
  const { stretches, leftOut } = await compareAtMarks(ask, { places, ever, window: asked });
  const left = places.filter(({ entry }) => isLeft(entry));
  return {
    file: ledger.file,
    target: ledger.target,
    states: statesOf(places),
    groups: groupsOf(places, pairs),
    files: countedBy(left, ({ entry }) => [placeAt(entry.at).file]),
    routes: countedBy(left, ({ entry }) => entry.routes),
    places,
    pairs,
    marks: stretches,
    notKnown: notKnown(places, { pairs, marksLeftOut: leftOut, exact: inWindow.observed.exact }),
  };
}

/** The last weeks in which something was recorded, oldest first. */
async function weeksOf(
  ask: MigrationAsk,
  { recorded, untilMs, ledger }: { recorded: Window | undefined; untilMs: number; ledger: Ledger | undefined },
): Promise<WeekFacts[]> {
  if (recorded === undefined) return [];
  const mondayOf = (ms: number): number => ms - ((((ms - FIRST_MONDAY_MS) % WEEK_MS) + WEEK_MS) % WEEK_MS);
  const last = mondayOf(untilMs - 1);
  const first = Math.max(mondayOf(recorded.sinceMs), last - (WEEKS_MAX - 1) * WEEK_MS);
  const weeks: WeekFacts[] = [];
  for (let startMs = first; startMs <= last; startMs += WEEK_MS) {
    const range = { sinceMs: startMs, untilMs: Math.min(startMs + WEEK_MS, untilMs) };
    const report = await ask.statements(allOf(range));
    if (report.statements.length === 0) continue;
    weeks.push({ startMs, old: shareOf(report, ledger?.places ?? []), placesLeft: leftOn(ledger, startMs + WEEK_MS) });
  }
  return weeks;
}

function leftOn(ledger: Ledger | undefined, endMs: number): number | null {
  const line = ledger?.history.findLast(({ on }) => Date.parse(on) < endMs);
  return line === undefined ? null : line.todo + line.doing;
}

function groupsOf(places: readonly PlaceFacts[], pairs: readonly PairFacts[]): GroupFacts[] {
  const names = [...new Set(places.map(({ group }) => group))].sort();
  return names.map((group) => {
    const own = places.filter((place) => place.group === group);
    const ran = own.flatMap(({ seen }) => seen ?? []);
    return {
      group,
      states: statesOf(own),
      seen: ran.length,
      executions: ran.reduce((sum, one) => sum + one.executions, 0),
      timeNs: ran.reduce((sum, one) => sum + one.timeNs, 0),
      factors: factorsOf(own, pairs),
    };
  });
}

function notKnown(
  places: readonly PlaceFacts[],
  { pairs, marksLeftOut, exact }: { pairs: readonly PairFacts[]; marksLeftOut: number; exact: boolean },
): string[] {
  const said: string[] = [];
  const say = (n: number, one: string, several: string): void => {
    if (n > 0) said.push(n === 1 ? `1 ${one}` : `${n} ${several}`);
  };
  const nameless = places.filter(({ entry }) => isLeft(entry) && entry.statements.length === 0).length;
  say(
    nameless,
    'place has no known statement: run its code, then audit with --ledger again',
    'places have no known statement: run their code, then audit with --ledger again',
  );
  const paired = new Set(pairs.filter(({ time }) => time !== null).map(({ id }) => id));
  const unpaired = places.filter(({ entry }) => entry.state === 'done' && !paired.has(entry.id)).length;
  say(
    unpaired,
    'place that is done cannot be compared with what replaced it: see its pair',
    'places that are done cannot be compared with what replaced them: see their pairs',
  );
  say(
    pairs.filter(({ idleByFlag }) => idleByFlag).length,
    'pair is told apart by flag: requests of its routes sent nothing, and with which flag is not known',
    'pairs are told apart by flag: requests of their routes sent nothing, and with which flag is not known',
  );
  say(marksLeftOut, 'older mark of the window is left out', 'older marks of the window are left out');
  if (!exact) said.push('not every execution of the window was observed: see pgwitness status');
  return said;
}

function isLeft({ state }: LedgerEntry): boolean {
  return state === 'todo' || state === 'doing';
}

function statesOf(places: readonly PlaceFacts[]): Record<State, number> {
  const counts = STATES.map((state) => [state, places.filter(({ entry }) => entry.state === state).length]);
  return Object.fromEntries(counts) as Record<State, number>;
}

/** Most first. */
function countedBy(
  places: readonly PlaceFacts[],
  keysOf: (place: PlaceFacts) => readonly string[],
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of places.flatMap(keysOf)) counts.set(key, (counts.get(key) ?? 0) + 1);
  return new Map([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}
