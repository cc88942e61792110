// Sparklines of statements: their total time over the window, a few characters each.
// Invariant: asked for as many statements as a screen shows, no more. Not here: the points (reports/timeline.ts).

import type { TimeRange } from '../../reports/questions/grammar.js';
import type { Place } from '../reading/place.js';
import { evenly, sparkline } from '../terminal/sparkline.js';
import { trendKey } from './top.js';

/** Beyond it nobody looks at single lines, and each costs a query. */
const ROWS_MAX = 50;
const WIDTH = 12;

/** By trendKey; undefined when there are too many rows, or when nothing has a second point to compare with. */
export async function trendsOf(
  place: Place,
  what: { rows: ReadonlyArray<{ fingerprint: string; source: string }>; range: TimeRange },
): Promise<Map<string, string> | undefined> {
  const { rows, range } = what;
  if (rows.length > ROWS_MAX) return undefined;
  const trends = new Map<string, string>();
  let hasMore = false;
  for (const row of rows) {
    const { window, stepMs, points } = await place.timeline({
      fingerprint: row.fingerprint,
      source: row.source,
      range,
      sketch: 4 * WIDTH,
    });
    if (points.length > 1) hasMore = true;
    const join = (bar: readonly { serviceTotalNs: number }[]): number =>
      bar.reduce((sum, point) => sum + point.serviceTotalNs, 0);
    trends.set(trendKey(row), sparkline(evenly(points, { stepMs, width: WIDTH, ...window, join })));
  }
  return hasMore ? trends : undefined;
}
