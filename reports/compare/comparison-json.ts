// The JSON of `compare`: sides with their windows, and rows of changes.
// Invariant: it says all that the text says; times are ISO 8601, durations milliseconds.
// Not here: comparing (comparison.ts), text and Markdown (cli/views/compare.ts, cli/views/compare-sets.ts).

import type { Window } from '../../facts/answers.js';
import { type Comparison, leftOutOf, minutesOf } from './comparison.js';
import type { Changed, ComparedRow, Side } from './noise/compare.js';
import type { PerRequest, RequestChange, RequestSide } from './noise/per-request.js';

interface ChangeJson {
  /** null where a side is missing. */
  factor: number | null;
  judgement: string;
  test: string | null;
  p: number;
}

interface SideJson {
  calls: number;
  errors: number;
  executions: number;
  executions_per_minute: number | null;
  rows: number;
  requests: number;
  total_ms: number;
  mean_ms: number;
  /** null when every call was batched, and of requests. */
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  calls_per_request: number | null;
  ms_per_request: number | null;
}

interface RequestSideJson {
  requests: number;
  guessed: number;
  statements: number;
  ms: number;
  rows: number;
}

export type IntervalJson = ChangeJson & { low: number | null; high: number | null };

interface PerRequestJson {
  before: RequestSideJson;
  after: RequestSideJson;
  statements: IntervalJson;
  time: IntervalJson;
  rows: IntervalJson;
}

export interface ComparedRowJson extends ChangeJson {
  /** Fingerprint, or the value of the tag that rows are grouped by. */
  key: string;
  source: string;
  query: string;
  before: SideJson | null;
  after: SideJson | null;
  of: 'requests' | 'executions';
  per_request: PerRequestJson | null;
  per_execution: ChangeJson | null;
}

interface WindowJson {
  since: string;
  until: string;
}

export interface ComparisonJson {
  sides: Array<{
    label: string;
    window: WindowJson;
    /** The part of the window that was recorded. */
    recorded: WindowJson | null;
    minutes: number;
    not_observed: number;
    exact: boolean;
  }>;
  mark: { name: string; at: string; left_out: WindowJson } | null;
  left_out: Record<string, readonly [number, number]>;
  group_by: string | null;
  whole: ComparedRowJson;
  rows: ComparedRowJson[];
}

export function comparisonJson(comparison: Comparison): ComparisonJson {
  const { sides, reports, times, mark, whole, rows, groupBy } = comparison;
  const minutes = times.map(minutesOf);
  return {
    sides: sides.map(({ label }, at) => ({
      label,
      window: windowJson(reports[at].window),
      recorded: times[at] === undefined ? null : windowJson(times[at]),
      minutes: minutes[at],
      not_observed: reports[at].observed.notObserved,
      exact: reports[at].observed.exact,
    })),
    mark:
      mark === undefined
        ? null
        : { name: mark.name, at: new Date(mark.atMs).toISOString(), left_out: windowJson(mark.leftOut) },
    left_out: Object.fromEntries(leftOutOf(comparison)),
    group_by: groupBy ?? null,
    whole: rowJson(whole, minutes),
    rows: rows.map((row) => rowJson(row, minutes)),
  };
}

/** `minutes`: how long each side was recorded. */
export function rowJson(row: ComparedRow, minutes?: readonly number[]): ComparedRowJson {
  const { key, source, query, before, after, perRequest, perExecution } = row;
  return {
    key,
    source,
    query,
    ...changedJson(row),
    before: before === undefined ? null : sideJson(before, { minutes: minutes?.[0], requests: perRequest?.before }),
    after: after === undefined ? null : sideJson(after, { minutes: minutes?.[1], requests: perRequest?.after }),
    of: perRequest === undefined ? 'executions' : 'requests',
    per_request: perRequest === undefined ? null : perRequestJson(perRequest),
    per_execution: perExecution === undefined ? null : changedJson(perExecution),
  };
}

function changedJson({ factor, judgement, test, p }: Changed): ChangeJson {
  return { factor: factor ?? null, judgement, test: test === '' ? null : test, p };
}

function perRequestJson({ before, after, statements, time, rows }: PerRequest): PerRequestJson {
  const side = (one: RequestSide): RequestSideJson => ({
    requests: one.requests,
    guessed: one.guessed,
    statements: one.statements,
    ms: one.timeNs / 1e6,
    rows: one.rows,
  });
  return {
    before: side(before),
    after: side(after),
    statements: intervalJson(statements, 'count'),
    time: intervalJson(time, 'time'),
    rows: intervalJson(rows, 'count'),
  };
}

/** Of counts it says more and fewer. */
export function intervalJson(change: RequestChange, of: 'time' | 'count'): IntervalJson {
  const words = { slower: 'more', faster: 'fewer' } as Readonly<Record<string, string>>;
  const judgement = of === 'time' ? change.judgement : (words[change.judgement] ?? change.judgement);
  return { ...changedJson(change), judgement, low: change.low ?? null, high: change.high ?? null };
}

function sideJson(
  side: Side,
  { minutes, requests }: { minutes: number | undefined; requests: RequestSide | undefined },
): SideJson {
  const inMs = <Ns extends number | null>(ns: Ns): Ns => (ns === null ? ns : ns / 1e6) as Ns;
  const tagged = side.requests > 0;
  const executions = side.calls + side.errors;
  return {
    calls: side.calls,
    errors: side.errors,
    executions,
    executions_per_minute: minutes === undefined || minutes === 0 ? null : executions / minutes,
    rows: side.rows,
    requests: requests?.requests ?? side.requests,
    total_ms: inMs(side.totalNs),
    mean_ms: inMs(side.meanNs),
    p50_ms: inMs(side.p50Ns),
    p95_ms: inMs(side.p95Ns),
    p99_ms: inMs(side.p99Ns),
    calls_per_request: requests?.statements ?? (tagged ? executions / side.requests : null),
    ms_per_request: requests !== undefined ? requests.timeNs / 1e6 : tagged ? side.totalNs / side.requests / 1e6 : null,
  };
}

function windowJson({ sinceMs, untilMs }: Window): WindowJson {
  return { since: new Date(sinceMs).toISOString(), until: new Date(untilMs).toISOString() };
}
