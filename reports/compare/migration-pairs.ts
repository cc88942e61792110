// Compares the new version of each migrated place with its old one.
// By requests where both are named by route or flag; else by the uses of their statements.
// Invariant: the new version is counted in the window; the old one there too, but in all the time up to its end where
// it ran there less often than a test needs.
// Not here: whole requests (migration-requests.ts), the tests and what a use is (noise).

import { callerOf, isSameFile } from '../../audit/callers.js';
import { type LedgerEntry, type LedgerSide, placeAt } from '../../audit/ledger/ledger.js';
import type { StatementFacts, StatementsReport } from '../../facts/answers.js';
import { keyOf } from '../../facts/statement-facts.js';
import { mergeRequests } from '../forms/requests-json.js';
import type { TimeRange } from '../questions/grammar.js';
import type { RequestsReport } from '../requests.js';
import { allOf, type MigrationAsk } from './migration-ask.js';
import {
  type ComparedVersions,
  comparedRequests,
  isOfRequests,
  NO_CHANGES,
  type VersionCost,
} from './migration-requests.js';
import { LEAST } from './noise/noise-test.js';
import { changeOf, type RequestChange } from './noise/per-request.js';
import { compareSets, type Use } from './noise/sets.js';
import { isNobodys, type PlaceFacts, statementsOf } from './old-statements.js';

export interface PairFacts extends ComparedVersions {
  readonly id: string;
  /** How the new version was found: the ledger names it, or the function that the place is in sends it now. */
  readonly by: 'ledger' | 'function';
  /** Why nothing is compared. */
  readonly reason: string | null;
}

export interface PairsInput {
  readonly places: readonly PlaceFacts[];
  readonly inWindow: StatementsReport;
  /** Up to the end of the report. */
  readonly ever: StatementsReport;
}

/** Of the places with a pair in the ledger, and of those that are doing or done. */
export async function comparePairs(ask: MigrationAsk, input: PairsInput): Promise<PairFacts[]> {
  const pairs: PairFacts[] = [];
  for (const place of input.places) {
    const pair = await pairOf(ask, { place, input });
    if (pair !== undefined) pairs.push(pair);
  }
  return pairs;
}

interface Asked {
  readonly place: PlaceFacts;
  readonly input: PairsInput;
}

async function pairOf(ask: MigrationAsk, { place, input }: Asked): Promise<PairFacts | undefined> {
  const { entry, target } = place;
  const isNamed = entry.new != null || entry.old != null;
  if (!isNamed && entry.state !== 'doing' && entry.state !== 'done') return undefined;
  const by = isNamed ? 'ledger' : 'function';
  const none = { id: entry.id, by, ...NOT_COMPARED } as const;
  const newSide = entry.new ?? functionSide(entry, target);
  if (newSide === undefined) {
    return { ...none, reason: 'what replaced it is not known: write new: in the ledger' };
  }
  const oldSide = entry.old ?? oldSideOf(entry, newSide);
  if (JSON.stringify(oldSide) === JSON.stringify(newSide)) {
    return { ...none, reason: 'old and new are the same requests: tell them apart by source, flag or fingerprint' };
  }
  const compared =
    isOfRequests(oldSide) && isOfRequests(newSide)
      ? await comparedRequests(ask, { oldSide, newSide, window: input.inWindow.window, ever: everOf(input) })
      : await comparedUses(ask, { place, oldSide, newSide, input });
  const missing = [compared.old === null ? 'old' : '', compared.new === null ? 'new' : ''].filter(Boolean);
  const reason = missing.length === 0 ? null : `its ${missing.join(' and its ')} version did not run`;
  if (by === 'function' && compared.new === null) {
    return { ...none, reason: 'its function was seen to send nothing new: write new: in the ledger' };
  }
  return { id: entry.id, by, ...compared, reason };
}

/** What the function that the place is, or was, in sends by the target now. */
function functionSide(entry: LedgerEntry, target: string): LedgerSide | undefined {
  if (entry.function_lines == null) return undefined;
  const [from, to] = entry.function_lines;
  return { caller: `${placeAt(entry.at).file}:${from}-${to}`, source: target };
}

function oldSideOf(entry: LedgerEntry, newSide: LedgerSide): LedgerSide {
  if (isOfRequests(newSide) && entry.routes.length > 0) return { route: entry.routes };
  return { fingerprint: entry.statements };
}

interface Sides {
  readonly oldSide: LedgerSide;
  readonly newSide: LedgerSide;
  readonly input: PairsInput;
}

function everOf({ ever }: PairsInput): TimeRange {
  return { untilMs: ever.window.untilMs };
}

const NOT_COMPARED: ComparedVersions = {
  ...NO_CHANGES,
  per: 'execution',
  oldBefore: false,
  old: null,
  new: null,
  idleByFlag: false,
};

async function comparedUses(
  ask: MigrationAsk,
  { place, oldSide, newSide, input }: Sides & Asked,
): Promise<ComparedVersions> {
  const { entry } = place;
  const oldIn = async (report: StatementsReport): Promise<readonly StatementFacts[]> => {
    const asked = (await askedFor(ask, oldSide, report)).filter((facts) => fitsSide(facts, oldSide));
    return entry.old == null ? statementsOf(entry, asked) : asked;
  };
  const inWindow = await oldIn(input.inWindow);
  const oldBefore = inWindow.reduce((sum, { calls, errors }) => sum + calls + errors, 0) < LEAST;
  const old = oldBefore ? await oldIn(input.ever) : inWindow;
  const isOld = new Set(old.map(keyOf));
  const asked = await askedFor(ask, newSide, input.inWindow);
  const now = asked.filter((facts) => fitsSide(facts, newSide) && !isOld.has(keyOf(facts)));
  const { window } = input.inWindow;
  const row = compareSets(
    { statements: old, requests: await requestsWith(ask, oldSide, oldBefore ? everOf(input) : window) },
    { statements: now, requests: await requestsWith(ask, newSide, window) },
  );
  const { beforePerUse, afterPerUse, judgement, factor, low, high, test, p } = row;
  const isCompared = judgement !== 'new' && judgement !== 'gone';
  const counted = (of: 'callMoments' | 'rowMoments'): RequestChange | null => {
    const [was, is] = [beforePerUse[of], afterPerUse[of]];
    return isCompared && was !== undefined && is !== undefined ? changeOf(was, is) : null;
  };
  return {
    ...NOT_COMPARED,
    per: beforePerUse.by === 'requests' && afterPerUse.by === 'requests' ? 'request' : 'execution',
    oldBefore,
    old: old.length === 0 ? null : useCost(beforePerUse),
    new: now.length === 0 ? null : useCost(afterPerUse),
    statements: counted('callMoments'),
    time: isCompared ? { factor, low, high, judgement, test, p } : null,
    rows: counted('rowMoments'),
  };
}

/** What ran within the requests of a side. */
async function requestsWith(ask: MigrationAsk, { route, flag }: LedgerSide, range: TimeRange): Promise<RequestsReport> {
  const tags: Array<readonly [string, string]> = flag === undefined ? [] : [['flag', flag]];
  const asked = (route ?? [undefined]).map((one) =>
    ask.requests({ range, tags: one === undefined ? tags : [...tags, ['route', one] as const] }),
  );
  return mergeRequests(await Promise.all(asked));
}

/** Statements are counted by caller, route and flag only where they are asked for by them. */
async function askedFor(
  ask: MigrationAsk,
  { caller, route, flag }: LedgerSide,
  { statements, window }: StatementsReport,
): Promise<readonly StatementFacts[]> {
  if (caller === undefined && route === undefined && flag === undefined) return statements;
  const found: StatementFacts[] = [];
  for (const name of caller === undefined ? [undefined] : callersIn(statements, caller)) {
    for (const one of route ?? [undefined]) {
      const given = { caller: name, route: one, flag };
      const tags = Object.entries(given).filter((tag): tag is [string, string] => tag[1] !== undefined);
      found.push(...(await ask.statements(allOf(window, { tags }))).statements);
    }
  }
  return found;
}

/** Values of the tag that are in a file, at a line of it, or between two. */
function callersIn(statements: readonly StatementFacts[], wanted: string): string[] {
  const [, file, from, to = from] = /^(.*?)(?::(\d+)(?:-(\d+))?)?$/.exec(wanted) as RegExpExecArray;
  const names = new Set(statements.flatMap(({ tags }) => [...(tags.get('caller') ?? [])]));
  return [...names].filter((name) => {
    const sent = callerOf(name);
    if (sent === undefined || !isSameFile(file, sent.file)) return false;
    return from === undefined || (sent.line >= Number(from) && sent.line <= Number(to));
  });
}

function fitsSide(facts: StatementFacts, { fingerprint, source }: LedgerSide): boolean {
  if (isNobodys(facts)) return false;
  if (fingerprint !== undefined && !fingerprint.some((start) => facts.fingerprint.startsWith(start))) return false;
  return source === undefined || facts.source === source;
}

function useCost({ uses, calls, timeNs, rows }: Use): VersionCost {
  return { uses, idle: null, statements: calls, timeNs, rows };
}
