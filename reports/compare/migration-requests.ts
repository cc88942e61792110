// Compares the two versions of a pair by whole requests, where both are named by route or flag.
// With those that sent no statement, too, where the application counts them: all of such a request came from a cache.
// Invariant: requests without statements are counted by route alone, so of a side with a flag they are not known.
// Not here: pairs of statements (migration-pairs.ts), the tests (noise/per-request.ts).

import type { LedgerSide } from '../../audit/ledger/ledger.js';
import type { TimeRange } from '../questions/grammar.js';
import { groupsTogether, type RequestGroup } from '../requests.js';
import type { MigrationAsk } from './migration-ask.js';
import { LEAST } from './noise/noise-test.js';
import { compareRequests, type RequestChange } from './noise/per-request.js';

/** Per request, or per use of its first statement where requests are not known. */
export interface VersionCost {
  readonly uses: number;
  /** Requests of it that sent no statement; null = they are not known. */
  readonly idle: number | null;
  readonly statements: number;
  readonly timeNs: number;
  readonly rows: number;
}

/** What changed from the old version to the new; null = it is not known. */
export interface PairChanges {
  readonly statements: RequestChange | null;
  readonly time: RequestChange | null;
  readonly rows: RequestChange | null;
  /** The time with the requests that sent nothing; null = none are known, or a side has none at all. */
  readonly timeWithIdle: RequestChange | null;
}

export const NO_CHANGES: PairChanges = { statements: null, time: null, rows: null, timeWithIdle: null };

export interface ComparedVersions extends PairChanges {
  readonly per: 'request' | 'execution';
  /** The old version hardly ran in the window: its costs are of all the time up to the report's end. */
  readonly oldBefore: boolean;
  readonly old: VersionCost | null;
  readonly new: VersionCost | null;
  /** Requests of its routes sent nothing, but which flag these had is not known. */
  readonly idleByFlag: boolean;
}

/** Whole requests can be told apart by route and flag alone. */
export function isOfRequests(side: LedgerSide): boolean {
  return side.fingerprint === undefined && side.caller === undefined && side.source === undefined;
}

export async function comparedRequests(
  ask: MigrationAsk,
  { oldSide, newSide, window, ever }: { oldSide: LedgerSide; newSide: LedgerSide; window: TimeRange; ever: TimeRange },
): Promise<ComparedVersions> {
  const inWindow = await requestsOf(ask, oldSide, window);
  const oldBefore = inWindow.requests < LEAST;
  const old = oldBefore ? await requestsOf(ask, oldSide, ever) : inWindow;
  const now = await requestsOf(ask, newSide, window);
  const isSplitByFlag = oldSide.flag !== undefined || newSide.flag !== undefined;
  const hasIdle = old.idleRequests + now.idleRequests > 0;
  const changes = compareRequests(old, now);
  return {
    per: 'request',
    oldBefore,
    old: requestCost(old, oldSide),
    new: requestCost(now, newSide),
    statements: changes?.statements ?? null,
    time: changes?.time ?? null,
    rows: changes?.rows ?? null,
    timeWithIdle: isSplitByFlag || !hasIdle ? null : (compareRequests(withIdle(old), withIdle(now))?.time ?? null),
    idleByFlag: isSplitByFlag && hasIdle,
  };
}

async function requestsOf(ask: MigrationAsk, { route, flag }: LedgerSide, range: TimeRange): Promise<RequestGroup> {
  const tags: Array<readonly [string, string]> = flag === undefined ? [] : [['flag', flag]];
  const whole = { groups: new Map<string, RequestGroup>(), statements: new Map() };
  for (const one of route ?? [undefined]) {
    const asked = one === undefined ? tags : [...tags, ['route', one] as const];
    whole.groups.set(String(one), groupsTogether(await ask.requests({ range, tags: asked })));
  }
  return groupsTogether(whole);
}

function requestCost(
  { requests, idleRequests, statements, serviceTotalNs, rows }: RequestGroup,
  { flag }: LedgerSide,
): VersionCost | null {
  if (requests === 0) return null;
  return {
    uses: requests,
    idle: flag === undefined ? idleRequests : null,
    statements: statements / requests,
    timeNs: serviceTotalNs / requests,
    rows: rows / requests,
  };
}

/** One that sent nothing took no time of the database: sums and squares stay, their number grows. */
function withIdle(group: RequestGroup): RequestGroup {
  return { ...group, requests: group.requests + group.idleRequests };
}
