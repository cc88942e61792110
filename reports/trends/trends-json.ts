// The JSON of reports over time that only pictures are made of.
// /api/v1/trends and /api/v1/pools/history answer with them.
// Invariant: times are ISO 8601, durations milliseconds. Not here: the reports (trends.ts,
// pool-history.ts).

import type { Window } from '../../facts/answers.js';
import type { PoolHistoryReport } from './pool-history.js';
import type { TrendsReport } from './trends.js';

export interface TrendsJson {
  window: { since: string; until: string };
  /** Service time of each part of the window, all of one length. */
  trends: Array<{ fingerprint: string; source: string; total_ms: number[] }>;
}

export function trendsJson({ window, trends }: TrendsReport): TrendsJson {
  return {
    window: windowJson(window),
    trends: trends.map(({ fingerprint, source, totalsNs }) => ({
      fingerprint,
      source,
      total_ms: totalsNs.map((ns) => Math.round(ns / 1e3) / 1e3),
    })),
  };
}

export interface PoolHistoryJson {
  window: { since: string; until: string };
  /** Length of a point. */
  step_ms: number;
  /** Peaks over all pools at once. */
  all: Array<{ at: string; connections_max: number; busy_max: number }>;
  /** By pool id. */
  pools: Record<
    string,
    Array<{
      at: string;
      connections_max: number;
      busy_max: number;
      active_ms: number;
      idle_ms: number;
      idle_in_transaction_ms: number;
    }>
  >;
}

export function poolHistoryJson({ window, stepMs, fleet, pools }: PoolHistoryReport): PoolHistoryJson {
  return {
    window: windowJson(window),
    step_ms: stepMs,
    all: fleet.map(({ atMs, connectionsMax, busyMax }) => ({
      at: new Date(atMs).toISOString(),
      connections_max: connectionsMax,
      busy_max: busyMax,
    })),
    pools: Object.fromEntries(
      [...pools].map(([id, points]) => [
        id,
        points.map((point) => ({
          at: new Date(point.atMs).toISOString(),
          connections_max: point.connectionsMax,
          busy_max: point.busyMax,
          active_ms: point.activeMs,
          idle_ms: point.idleMs,
          idle_in_transaction_ms: point.idleInTransactionMs,
        })),
      ]),
    ),
  };
}

function windowJson({ sinceMs, untilMs }: Window): { since: string; until: string } {
  return { since: new Date(sinceMs).toISOString(), until: new Date(untilMs).toISOString() };
}
