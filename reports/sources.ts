// Executions, their time and distinct statements by source, over time.
// /api/v1/sources answers with them, and /api/v1/progress beside the ledger.
// Invariant: points and totals come from one snapshot; a statement counts once in a point, however many pools or
// constructs it came through. Not here: the ledger and `pgwitness progress`
// (compare/migration.ts), which sources a migration is about (the page and the dashboards say).

import { MINUTE_MS, minuteOf } from '../config/values/minute.js';
import type { Window } from '../facts/answers.js';
import { DAY_MIN, HOUR_MIN } from '../storage/reading/levels.js';
import { spanOf, type TimeBounds } from '../storage/reading/span.js';
import type { StoredFacts, StoreReader } from '../storage/reading/stored-facts.js';
import { recordedPart, timelineOf } from '../storage/reading/timeline-levels.js';

export interface SourceShare {
  calls: number;
  errors: number;
  totalNs: number;
  /** Distinct fingerprints. */
  statements: number;
}

export interface SourcesPoint {
  atMs: number;
  sources: Map<string, SourceShare>;
}

interface Shares {
  window: Window;
  stepMs: number;
  /** In order; points without an execution are left out. */
  points: SourcesPoint[];
  totals: Map<string, SourceShare>;
}

export interface SourcesReport extends Shares {
  /** The same time one week earlier; undefined where it was not recorded from its start. */
  weekBefore: { window: Window; totals: Map<string, SourceShare> } | undefined;
}

const DAY_MS = DAY_MIN * MINUTE_MS;
const HOUR_MS = HOUR_MIN * MINUTE_MS;

/** Distinct statements are counted over every row of the range: beyond this the hours do. */
const MINUTE_ROWS_MAX = 6 * 60;
/** … and beyond this the days. */
const HOURS_READ_MAX_MIN = 10 * DAY_MIN;

/**
 * Without a start it is of the last 24 hours that were recorded, from a full hour: what was migrated away is gone from
 * it after a day. Throws StoreError, and RangeError for a window that ends before it starts.
 */
export function reportSources(reader: StoreReader, bounds: TimeBounds = {}): SourcesReport {
  return reader.read((stored) => {
    const { firstMinute, lastMinute } = stored.foldState();
    const endMs = bounds.untilMs ?? ((lastMinute ?? minuteOf(Date.now())) + 1) * MINUTE_MS;
    const sinceMs = bounds.sinceMs ?? Math.floor((endMs - DAY_MS) / HOUR_MS) * HOUR_MS;
    const shares = sharesIn(stored, { ...bounds, sinceMs });
    const { window } = shares;
    const earlier = { sinceMs: window.sinceMs - 7 * DAY_MS, untilMs: window.untilMs - 7 * DAY_MS };
    if (firstMinute === null || firstMinute * MINUTE_MS > earlier.sinceMs) return { ...shares, weekBefore: undefined };
    const { window: found, totals } = sharesIn(stored, earlier);
    return { ...shares, weekBefore: { window: found, totals } };
  });
}

function sharesIn(stored: StoredFacts, bounds: TimeBounds): Shares {
  const { window } = spanOf(stored, bounds);
  const state = stored.foldState();
  const range = recordedPart(window, state);
  const pointsMax = range.until - range.since > HOURS_READ_MAX_MIN ? HOURS_READ_MAX_MIN / (6 * HOUR_MIN) : undefined;
  const timeline = timelineOf(range, state, { minuteRowsMax: MINUTE_ROWS_MAX, pointsMax });
  const points = new Map<number, SourcesPoint>();
  const totals = new Map<string, SourceShare>();
  for (const { at, source, calls, errors, totalNs } of stored.sourcePoints(timeline)) {
    let point = points.get(at);
    if (point === undefined) {
      point = { atMs: at * MINUTE_MS, sources: new Map() };
      points.set(at, point);
    }
    for (const share of [shareOf(point.sources, source), shareOf(totals, source)]) {
      share.calls += calls;
      share.errors += errors;
      share.totalNs += totalNs;
    }
  }
  for (const { at, source, statements } of stored.distinctPoints(timeline)) {
    const point = points.get(at);
    if (point !== undefined) shareOf(point.sources, source).statements = statements;
  }
  for (const { source, statements } of stored.distinctStatements(timeline.segments)) {
    shareOf(totals, source).statements = statements;
  }
  return {
    window: {
      sinceMs: Math.min(window.sinceMs, timeline.range.since * MINUTE_MS),
      untilMs: Math.max(window.untilMs, timeline.range.until * MINUTE_MS),
    },
    stepMs: timeline.stepMinutes * MINUTE_MS,
    points: [...points.values()].sort((a, b) => a.atMs - b.atMs),
    totals,
  };
}

function shareOf(sources: Map<string, SourceShare>, source: string): SourceShare {
  let share = sources.get(source);
  if (share === undefined) {
    share = { calls: 0, errors: 0, totalNs: 0, statements: 0 };
    sources.set(source, share);
  }
  return share;
}
