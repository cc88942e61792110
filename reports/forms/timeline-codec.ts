// A statement over time as a JSON value that another pgwitness can merge, and merging several.
// Invariant: decode(encode(report)) equals the report; merging is adding, at the coarsest step of all.
// Not here: the JSON that people read (timeline-json.ts).

import * as v from 'valibot';
import { LogHistogram } from '../../facts/histogram.js';
import type { PointMeasureName } from '../../facts/measures.js';
import { addSums, POINT_RULES } from '../../facts/sums.js';
import { barsOf, pointAt, type TimelinePoint, type TimelineReport } from '../timeline.js';

/** A reader refuses another form. The number goes up with every change but to the measures, which it names. */
const FORM = `3 ${Object.keys(POINT_RULES).join(' ')}`;
const count = v.pipe(v.number(), v.minValue(0));
const schema = v.object({
  form: v.literal(FORM, 'it was made by another version of pgwitness'),
  window: v.object({ sinceMs: v.number(), untilMs: v.number() }),
  stepMs: count,
  points: v.array(
    v.object({
      atMs: count,
      ...measureSchemas(),
      /** LogHistogram.toBase64. */
      histogram: v.string(),
    }),
  ),
});

export type EncodedTimeline = v.InferOutput<typeof schema>;

/** A value for JSON.stringify. */
export function encodeTimeline({ window, stepMs, points }: TimelineReport): EncodedTimeline {
  const encoded = points.map((point) => ({ ...point, histogram: point.histogram.toBase64() }));
  return { form: FORM, window, stepMs, points: encoded };
}

/** Throws valibot's ValiError or RangeError on what encodeTimeline did not make. */
export function decodeTimeline(value: unknown): TimelineReport {
  const { window, stepMs, points } = v.parse(schema, value);
  const decoded = points.map((point) => ({ ...point, histogram: LogHistogram.fromBase64(point.histogram) }));
  return { window, stepMs, points: decoded, distribution: barsOf(mergedHistogram(decoded)) };
}

/** At least one timeline; those given are not changed. */
export function mergeTimelines(timelines: readonly TimelineReport[]): TimelineReport {
  const stepMs = Math.max(...timelines.map((timeline) => timeline.stepMs));
  const merged = new Map<number, TimelinePoint>();
  for (const { points } of timelines) {
    for (const point of points) {
      const atMs = Math.floor(point.atMs / stepMs) * stepMs;
      const into = pointAt(merged, atMs);
      addSums(POINT_RULES, into, point);
      into.histogram.merge(point.histogram);
    }
  }
  const points = [...merged.values()].sort((a, b) => a.atMs - b.atMs);
  return {
    window: {
      sinceMs: Math.min(...timelines.map(({ window }) => window.sinceMs)),
      untilMs: Math.max(...timelines.map(({ window }) => window.untilMs)),
    },
    stepMs,
    points,
    distribution: barsOf(mergedHistogram(points)),
  };
}

function mergedHistogram(points: readonly TimelinePoint[]): LogHistogram {
  const all = new LogHistogram();
  for (const { histogram } of points) all.merge(histogram);
  return all;
}

function measureSchemas(): Record<PointMeasureName, typeof count> {
  const schemas = Object.keys(POINT_RULES).map((name) => [name, count]);
  return Object.fromEntries(schemas) as Record<PointMeasureName, typeof count>;
}
