// Draws sparklines of statements: their total time over the window.
// Invariant: it asks for at most ROWS_MAX statements. Not here: the points (reports/sketches.ts).

import type { StatementFilter } from '../../facts/answers.js';
import type { TimeRange } from '../../reports/questions/grammar.js';
import type { Place } from '../reading/place.js';
import { evenly, sparkline } from '../terminal/sparkline.js';
import { trendKey } from './top-columns.js';

/** Each line costs seeks or a request, and a longer list is not read line by line. */
const ROWS_MAX = 50;
const WIDTH = 12;

/** By trendKey; undefined if there are too many rows, or if no statement has more than one point. */
export async function trendsOf(
  place: Place,
  shown: {
    rows: ReadonlyArray<{ fingerprint: string; source: string }>;
    range: TimeRange;
    /** Of the list: the bars are of the same executions as its figures. */
    filter: StatementFilter;
  },
): Promise<Map<string, string> | undefined> {
  const { rows, range } = shown;
  const { fingerprint: _, prefix: __, source: ___, ...filter } = shown.filter;
  if (rows.length > ROWS_MAX) return undefined;
  const statements = rows.map(({ fingerprint, source }) => ({ fingerprint, source }));
  const sketches = await place.sketches({ ...filter, statements, range, pointsMax: 4 * WIDTH });
  const trends = new Map<string, string>();
  let hasMore = false;
  for (const [n, row] of rows.entries()) {
    const { window, stepMs, points } = sketches[n];
    if (points.length > 1) hasMore = true;
    const join = (bar: readonly { serviceTotalNs: number }[]): number =>
      bar.reduce((sum, point) => sum + point.serviceTotalNs, 0);
    trends.set(trendKey(row), sparkline(evenly(points, { stepMs, width: WIDTH, ...window, join })));
  }
  return hasMore ? trends : undefined;
}
