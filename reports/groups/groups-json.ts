// The JSON form of groups: `top --group-by … --json` and /api/v1/groups. Here too: their order.
// Invariant: other programs read these names; durations are milliseconds; what is not known is null and never 0.
// Not here: the form in which groups travel to be merged (groups-codec.ts).

import { latencyOf } from '../../facts/latency.js';
import { type StatementSort, sortValue } from '../../facts/statement-order.js';
import type { GroupFacts, GroupsReport } from './groups.js';

export interface GroupJson {
  /** '' = what has no value. */
  value: string;
  /** Requests of the application, as far as comments name them: at least so many. */
  requests: number | null;
  calls_per_request: number | null;
  ms_per_request: number | null;
  statements: number;
  calls: number;
  errors: number;
  rows: number;
  total_ms: number;
  /** Of the service time of all groups, 0 to 1. */
  share: number;
  mean_ms: number;
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  max_ms: number | null;
  /** Executions by source. */
  sources: Record<string, number>;
}

export interface GroupsJson {
  window: { since: string; until: string };
  observed: { executions: number; not_observed: number; unknown: number; exact: boolean };
  group_by: string;
  /** Groups that fit, of which `groups` may be the first. */
  groups_all: number;
  groups: GroupJson[];
}

/** `limit` 0 = no limit. */
export function groupsJson(
  { window, observed, groups }: GroupsReport,
  options: { by: string; sort: StatementSort; limit: number; minMs: number },
): GroupsJson {
  const { by, sort, limit, minMs } = options;
  const wholeNs = groups.reduce((sum, group) => sum + group.serviceTotalNs, 0);
  const slow = groups.filter((group) => latencyOf(group).meanNs >= minMs * 1e6);
  const ordered = slow.sort((a, b) => sortValue(sort, b) - sortValue(sort, a) || (a.value < b.value ? -1 : 1));
  return {
    window: { since: new Date(window.sinceMs).toISOString(), until: new Date(window.untilMs).toISOString() },
    observed: {
      executions: observed.executions,
      not_observed: observed.notObserved,
      unknown: observed.unknown,
      exact: observed.exact,
    },
    group_by: by,
    groups_all: slow.length,
    groups: (limit === 0 ? ordered : ordered.slice(0, limit)).map((group) => groupJson(group, wholeNs)),
  };
}

function groupJson(group: GroupFacts, wholeNs: number): GroupJson {
  const latency = latencyOf(group);
  const known = group.requests > 0;
  return {
    value: group.value,
    requests: known ? group.requests : null,
    calls_per_request: known ? (group.calls + group.errors) / group.requests : null,
    ms_per_request: known ? group.serviceTotalNs / group.requests / 1e6 : null,
    statements: group.statements.size,
    calls: group.calls,
    errors: group.errors,
    rows: group.rows,
    total_ms: milliseconds(group.serviceTotalNs),
    share: wholeNs === 0 ? 0 : group.serviceTotalNs / wholeNs,
    mean_ms: milliseconds(latency.meanNs),
    p50_ms: orNull(latency.p50Ns),
    p95_ms: orNull(latency.p95Ns),
    p99_ms: orNull(latency.p99Ns),
    max_ms: orNull(latency.maxNs),
    sources: Object.fromEntries([...group.sources].sort((a, b) => b[1] - a[1])),
  };
}

/** Exact to the nanosecond. */
function milliseconds(ns: number): number {
  return Math.round(ns) / 1e6;
}

function orNull(ns: number | null): number | null {
  return ns === null ? null : milliseconds(ns);
}
