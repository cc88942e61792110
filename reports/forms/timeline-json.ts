// The JSON forms of reports over time.
// /api/v1/statements/:fingerprint/history, /api/v1/sources and /api/v1/progress answer with them.
// Invariant: times are ISO 8601, durations milliseconds; a value that was not measured is null.
// Not here: the reports (reports/timeline.ts, reports/sources.ts).

import type { SourceShare, SourcesReport } from '../sources.js';
import type { TimelinePoint, TimelineReport } from '../timeline.js';

export interface TimelinePointJson {
  at: string;
  calls: number;
  errors: number;
  batched_calls: number;
  total_ms: number;
  mean_ms: number;
  /** null when every call was batched; so are the others. */
  p50_ms: number | null;
  p95_ms: number | null;
  p99_ms: number | null;
  max_ms: number | null;
}

export interface TimelineJson {
  window: { since: string; until: string };
  /** Length of a point. */
  step_ms: number;
  points: TimelinePointJson[];
  /** Executions whose service time was in (from_ms, to_ms]; rising, without gaps. */
  distribution: Array<{ from_ms: number; to_ms: number; count: number }>;
}

export interface SourceShareJson {
  calls: number;
  errors: number;
  total_ms: number;
  /** Distinct statements. */
  statements: number;
}

export interface SourcesJson {
  window: { since: string; until: string };
  step_ms: number;
  points: Array<{ at: string; sources: Record<string, SourceShareJson> }>;
  totals: Record<string, SourceShareJson>;
  /** The same time one week earlier; null where it was not recorded from its start. */
  week_before: { window: { since: string; until: string }; totals: Record<string, SourceShareJson> } | null;
}

export function timelineJson(report: TimelineReport): TimelineJson {
  return {
    window: windowJson(report.window),
    step_ms: report.stepMs,
    points: report.points.map(pointJson),
    distribution: report.distribution.map(({ fromNs, toNs, count }) => ({
      from_ms: fromNs / 1e6,
      to_ms: toNs / 1e6,
      count,
    })),
  };
}

function pointJson(point: TimelinePoint): TimelinePointJson {
  const { histogram } = point;
  const executions = point.calls + point.errors;
  const percentile = (q: number): number | null => (histogram.count === 0 ? null : percentileOf(point, q) / 1e6);
  return {
    at: iso(point.atMs),
    calls: point.calls,
    errors: point.errors,
    batched_calls: point.batchedCalls,
    total_ms: point.serviceTotalNs / 1e6,
    mean_ms: executions === 0 ? 0 : point.serviceTotalNs / executions / 1e6,
    p50_ms: percentile(0.5),
    p95_ms: percentile(0.95),
    p99_ms: percentile(0.99),
    max_ms: histogram.count === 0 ? null : point.serviceMaxNs / 1e6,
  };
}

/** Of a single execution it is that execution, not the middle of its bucket. The histogram must not be empty. */
export function percentileOf({ histogram, serviceMaxNs }: TimelinePoint, q: number): number {
  return histogram.count === 1 ? serviceMaxNs : Math.min(histogram.percentile(q), serviceMaxNs);
}

export function sourcesJson(report: SourcesReport): SourcesJson {
  return {
    window: windowJson(report.window),
    step_ms: report.stepMs,
    points: report.points.map(({ atMs, sources }) => ({ at: iso(atMs), sources: sharesJson(sources) })),
    totals: sharesJson(report.totals),
    week_before:
      report.weekBefore === undefined
        ? null
        : { window: windowJson(report.weekBefore.window), totals: sharesJson(report.weekBefore.totals) },
  };
}

function sharesJson(sources: ReadonlyMap<string, SourceShare>): Record<string, SourceShareJson> {
  const shares = [...sources].map(
    ([source, { calls, errors, totalNs, statements }]) =>
      [source, { calls, errors, total_ms: totalNs / 1e6, statements }] as const,
  );
  return Object.fromEntries(shares);
}

function windowJson({ sinceMs, untilMs }: { sinceMs: number; untilMs: number }): { since: string; until: string } {
  return { since: iso(sinceMs), until: iso(untilMs) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
