// One statement over time, and the distribution of its durations.
// Invariant: points and distribution come from one snapshot and are of the same executions; a batched execution has no
// duration of its own. Not here: totals, texts and evidence of the statement (statements.ts).

import { MINUTE_MS } from '../config/values/minute.js';
import type { ExecutionFilter, Window } from '../facts/answers.js';
import { GAMMA, LogHistogram } from '../facts/histogram.js';
import type { PointMeasureName } from '../facts/measures.js';
import { addSums, noSums, POINT_RULES } from '../facts/sums.js';
import { DAY_MIN } from '../storage/reading/levels.js';
import { spanOf, type TimeBounds } from '../storage/reading/span.js';
import type { StoredFacts, StoreReader } from '../storage/reading/stored-facts.js';
import { timelineOf } from '../storage/reading/timeline-levels.js';

export interface TimelineQuestion extends TimeBounds, ExecutionFilter {
  fingerprint: string;
  /** At most so many points, unless days are more: days are never joined. Default: as many as a screen shows. */
  pointsMax?: number;
}

export interface TimelinePoint extends Record<PointMeasureName, number> {
  atMs: number;
  /** Of service times in ns, not batched only. */
  histogram: LogHistogram;
}

/** Executions whose service time was in (fromNs, toNs]. */
export interface DurationShare {
  fromNs: number;
  toNs: number;
  count: number;
}

export interface TimelineReport {
  window: Window;
  stepMs: number;
  /** In order; points without an execution are left out. */
  points: TimelinePoint[];
  distribution: DurationShare[];
}

/** Stored buckets per bar: bars are 1.27 times as long as the one before, so that ten decades fit on a screen. */
const BUCKETS_PER_BAR = 12;

/** Throws StoreError, and RangeError for a window that ends before it starts. */
export function reportTimeline(reader: StoreReader, question: TimelineQuestion): TimelineReport {
  return reader.read((stored) => timelineIn(stored, question));
}

function timelineIn(stored: StoredFacts, question: TimelineQuestion): TimelineReport {
  const { window } = spanOf(stored, question);
  const range = { since: window.sinceMs / MINUTE_MS, until: Math.ceil(window.untilMs / MINUTE_MS) };
  const { pointsMax } = question;
  const timeline = timelineOf({ ...range, since: Math.floor(range.since) }, stored.foldState(), {
    minuteRowsMax: DAY_MIN,
    pointsMax,
  });
  const points = new Map<number, TimelinePoint>();
  const all = new LogHistogram();
  for (const row of stored.statementPoints(timeline, question)) {
    const point = pointAt(points, row.at * MINUTE_MS);
    addSums(POINT_RULES, point, row);
    point.histogram.mergeEncoded(row.histogram);
  }
  for (const { histogram } of points.values()) all.merge(histogram);
  return {
    window,
    stepMs: timeline.stepMinutes * MINUTE_MS,
    points: [...points.values()].sort((a, b) => a.atMs - b.atMs),
    distribution: barsOf(all),
  };
}

/** The point of this time, empty where it is new. */
export function pointAt(points: Map<number, TimelinePoint>, atMs: number): TimelinePoint {
  let point = points.get(atMs);
  if (point === undefined) {
    point = { atMs, ...noSums(POINT_RULES), histogram: new LogHistogram() };
    points.set(atMs, point);
  }
  return point;
}

/** Bars without a gap from the fastest execution to the slowest; none for an empty histogram. */
export function barsOf(histogram: LogHistogram): DurationShare[] {
  const counts = new Map<number, number>();
  for (const [index, count] of histogram.buckets) {
    const bar = Math.ceil(index / BUCKETS_PER_BAR);
    counts.set(bar, (counts.get(bar) ?? 0) + count);
  }
  if (counts.size === 0) return [];
  const first = Math.min(...counts.keys());
  const last = Math.max(...counts.keys());
  return Array.from({ length: last - first + 1 }, (_, n) => ({
    fromNs: GAMMA ** ((first + n - 1) * BUCKETS_PER_BAR),
    toNs: GAMMA ** ((first + n) * BUCKETS_PER_BAR),
    count: counts.get(first + n) ?? 0,
  }));
}
