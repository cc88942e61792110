// The JSON form of a migration's report: `progress --json`, and `migration` of /api/v1/progress.
// Invariant: times are ISO 8601, durations milliseconds, shares 0 to 1; what is not known is null.
// Not here: the report (migration.ts).

import type { StatementsReport, Window } from '../../facts/answers.js';
import { intervalJson } from './comparison-json.js';
import type { GroupFacts, LedgerFacts, MigrationReport } from './migration.js';
import type { MarkFacts } from './migration-marks.js';
import type { PairFacts } from './migration-pairs.js';
import type { VersionCost } from './migration-requests.js';
import type { OldShare, PlaceFacts } from './old-statements.js';

export interface OldShareJson {
  statements: number;
  executions: number;
  total_ms: number;
  /** Of everything but housekeeping and tools; null where nothing ran. */
  share_of_executions: number | null;
  share_of_time: number | null;
}

export interface MigrationJson {
  window: { since: string; until: string };
  exact: boolean;
  sources: Record<string, { statements: number; executions: number; total_ms: number }>;
  old: OldShareJson;
  week_before: {
    window: { since: string; until: string };
    sources: MigrationJson['sources'];
    old: OldShareJson;
  } | null;
  weeks: Array<{ week: string; places_left: number | null; old: OldShareJson }>;
  ledger: LedgerJson | null;
}

export interface LedgerJson {
  file: string;
  target: string;
  states: Record<string, number>;
  groups: Array<ReturnType<typeof groupJson>>;
  files: Array<{ file: string; left: number }>;
  routes: Array<{ route: string; left: number }>;
  places: Array<ReturnType<typeof placeJson>>;
  /** Ids. */
  regressions: string[];
  pairs: Array<ReturnType<typeof pairJson>>;
  marks: Array<ReturnType<typeof markJson>>;
  not_known: string[];
}

export function migrationJson(report: MigrationReport): MigrationJson {
  const { window, exact, sources, old, weekBefore, weeks, ledger } = report;
  return {
    window: windowJson(window),
    exact,
    sources: sourcesJson(sources),
    old: oldJson(old),
    week_before:
      weekBefore === undefined
        ? null
        : {
            window: windowJson(weekBefore.window),
            sources: sourcesJson(weekBefore.sources),
            old: oldJson(weekBefore.old),
          },
    weeks: weeks.map((week) => ({
      week: iso(week.startMs).slice(0, 10),
      places_left: week.placesLeft,
      old: oldJson(week.old),
    })),
    ledger: ledger === undefined ? null : ledgerJson(ledger),
  };
}

function ledgerJson(ledger: LedgerFacts): LedgerJson {
  const { file, target, states, groups, files, routes, places, pairs, marks, notKnown } = ledger;
  return {
    file,
    target,
    states,
    groups: groups.map(groupJson),
    files: [...files].map(([name, left]) => ({ file: name, left })),
    routes: [...routes].map(([route, left]) => ({ route, left })),
    places: places.map(placeJson),
    regressions: places.filter(({ regressed }) => regressed !== null).map(({ entry }) => entry.id),
    pairs: pairs.map(pairJson),
    marks: marks.map(markJson),
    not_known: [...notKnown],
  };
}

function groupJson({ group, states, seen, executions, timeNs, factors }: GroupFacts) {
  return { group, states, seen, executions, total_ms: timeNs / 1e6, factors };
}

function placeJson({ entry, group, target, seen, lastSeenMs, regressed }: PlaceFacts) {
  const { id, at, kind, complexity, state, reason, owner, ticket, statements } = entry;
  return {
    id,
    at,
    function: entry.function,
    kind,
    complexity: complexity ?? null,
    in_code: entry.in_code,
    state,
    reason: reason ?? null,
    owner: owner ?? null,
    ticket: ticket ?? null,
    group,
    target,
    fingerprints: statements,
    seen:
      seen === null
        ? null
        : {
            executions: seen.executions,
            errors: seen.errors,
            total_ms: seen.timeNs / 1e6,
            routes: [...seen.routes],
          },
    last_seen: lastSeenMs === null ? null : iso(lastSeenMs),
    regressed,
  };
}

function pairJson(pair: PairFacts) {
  const { id, by, per, oldBefore, old, new: now, time, statements, rows, timeWithIdle, reason } = pair;
  return {
    id,
    by,
    per,
    old_before: oldBefore,
    old: costJson(old),
    new: costJson(now),
    factor: time?.factor ?? null,
    low: time?.low ?? null,
    high: time?.high ?? null,
    judgement: time?.judgement ?? null,
    test: time === null || time.test === '' ? null : time.test,
    p: time?.p ?? null,
    statements: statements && intervalJson(statements, 'count'),
    rows: rows && intervalJson(rows, 'count'),
    /** The time with the requests that sent no statement. */
    with_idle: timeWithIdle && intervalJson(timeWithIdle, 'time'),
    reason,
  };
}

function costJson(cost: VersionCost | null) {
  if (cost === null) return null;
  const { uses, idle, statements, timeNs, rows } = cost;
  const share = idle === null ? null : idle / (uses + idle);
  return { uses, idle_requests: idle, idle_share: share, statements, db_ms: timeNs / 1e6, rows };
}

function markJson({ marks, window, groups, pairs }: MarkFacts) {
  return {
    marks: marks.map(({ name, kind, atMs }) => ({ name, kind, at: iso(atMs) })),
    window: windowJson(window),
    groups,
    pairs: pairs.map(pairJson),
  };
}

function sourcesJson(sources: StatementsReport['sums']): MigrationJson['sources'] {
  return Object.fromEntries(
    [...sources].map(([source, { statements, executions, serviceTotalNs }]) => [
      source,
      { statements, executions, total_ms: serviceTotalNs / 1e6 },
    ]),
  );
}

function oldJson({ statements, executions, timeNs, callShare, timeShare }: OldShare): OldShareJson {
  const share = (value: number): number | null => (Number.isNaN(value) ? null : value);
  return {
    statements,
    executions,
    total_ms: timeNs / 1e6,
    share_of_executions: share(callShare),
    share_of_time: share(timeShare),
  };
}

function windowJson({ sinceMs, untilMs }: Window): { since: string; until: string } {
  return { since: iso(sinceMs), until: iso(untilMs) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
