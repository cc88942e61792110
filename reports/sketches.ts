// The service time of several statements over time, in few points: what lines of bars are of.
// Invariant: all sketches are of one moment and one window, and of the executions that the filter lets pass.
// Not here: percentiles over time (timeline.ts), trends of one length (trends/trends.ts), drawing.

import { MINUTE_MS } from '../config/values/minute.js';
import type { ExecutionFilter, Window } from '../facts/answers.js';
import { DAY_MIN } from '../storage/reading/levels.js';
import { spanOf, type TimeBounds } from '../storage/reading/span.js';
import type { StatementKey } from '../storage/reading/statement-rows.js';
import type { StoredFacts, StoreReader } from '../storage/reading/stored-facts.js';
import { timelineOf } from '../storage/reading/timeline-levels.js';

export interface SketchesQuestion extends TimeBounds, ExecutionFilter {
  readonly statements: readonly StatementKey[];
  /** At most so many points, unless days are more: days are never joined. */
  readonly pointsMax: number;
}

export interface SketchPoint {
  readonly atMs: number;
  readonly serviceTotalNs: number;
}

export interface Sketch {
  readonly window: Window;
  readonly stepMs: number;
  /** In order; points without an execution are left out. */
  readonly points: readonly SketchPoint[];
}

/** In the order of the statements. Throws StoreError, and RangeError for a window that ends before it starts. */
export function reportSketches(reader: StoreReader, question: SketchesQuestion): Sketch[] {
  return reader.read((stored) => sketchesIn(stored, question));
}

/** Likewise, of one moment that is read. */
export function sketchesIn(stored: StoredFacts, question: SketchesQuestion): Sketch[] {
  const { sinceMs: _, untilMs: __, pointsMax, ...asked } = question;
  const { window } = spanOf(stored, question);
  const range = { since: Math.floor(window.sinceMs / MINUTE_MS), until: Math.ceil(window.untilMs / MINUTE_MS) };
  const timeline = timelineOf(range, stored.foldState(), { minuteRowsMax: DAY_MIN, pointsMax });
  const totals = new Map(asked.statements.map((statement) => [nameOf(statement), new Map<number, number>()]));
  for (const point of asked.statements.length === 0 ? [] : stored.totalPoints(timeline, asked)) {
    const at = point.at * MINUTE_MS;
    const ofStatement = totals.get(nameOf(point));
    ofStatement?.set(at, (ofStatement.get(at) ?? 0) + point.totalNs);
  }
  return asked.statements.map((statement) =>
    sketchOf(totals.get(nameOf(statement))!, { window, stepMs: timeline.stepMinutes * MINUTE_MS }),
  );
}

/** Of the same statement at several places: at least one. The coarsest step is that of all. */
export function mergeSketches(sketches: readonly Sketch[]): Sketch {
  const stepMs = Math.max(...sketches.map((sketch) => sketch.stepMs));
  const totals = new Map<number, number>();
  for (const { atMs, serviceTotalNs } of sketches.flatMap(({ points }) => points)) {
    const at = Math.floor(atMs / stepMs) * stepMs;
    totals.set(at, (totals.get(at) ?? 0) + serviceTotalNs);
  }
  const sinceMs = Math.min(...sketches.map(({ window }) => window.sinceMs));
  const untilMs = Math.max(...sketches.map(({ window }) => window.untilMs));
  return sketchOf(totals, { window: { sinceMs, untilMs }, stepMs });
}

function sketchOf(totals: ReadonlyMap<number, number>, of: { window: Window; stepMs: number }): Sketch {
  const points = [...totals].map(([atMs, serviceTotalNs]) => ({ atMs, serviceTotalNs }));
  return { ...of, points: points.sort((a, b) => a.atMs - b.atMs) };
}

function nameOf({ fingerprint, source }: StatementKey): string {
  return `${fingerprint} ${source}`;
}
