// The service time of several statements over one window, in few points: for sparklines.
// Invariant: every trend has the same points; a time without an execution is 0.
// Not here: any number of points (reports/sketches.ts), one statement with percentiles (reports/timeline.ts).

import { MINUTE_MS } from '../../config/values/minute.js';
import type { StatementFilter, Window } from '../../facts/answers.js';
import { spanOf, type TimeBounds } from '../../storage/reading/span.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { recordedPart } from '../../storage/reading/timeline-levels.js';
import { sketchesIn } from '../sketches.js';

export interface TrendsQuestion extends TimeBounds, Pick<StatementFilter, 'pool' | 'tags'> {
  readonly statements: ReadonlyArray<{ readonly fingerprint: string; readonly source: string }>;
}

export interface TrendsReport {
  /** The part of what was asked for that was recorded. */
  readonly window: Window;
  readonly trends: ReadonlyArray<{
    readonly fingerprint: string;
    readonly source: string;
    /** Service time in ns of each part of the window, all of one length. */
    readonly totalsNs: readonly number[];
  }>;
}

/** As many as a sparkline of 24 to 48 px can show apart. */
const PARTS = 24;

/** At least one statement. Throws StoreError, and RangeError for a window that ends before it starts. */
export function reportTrends(reader: StoreReader, { statements, ...question }: TrendsQuestion): TrendsReport {
  return reader.read((stored) => {
    const { since, until } = recordedPart(spanOf(stored, question).window, stored.foldState());
    const window = { sinceMs: since * MINUTE_MS, untilMs: Math.max(since + 1, until) * MINUTE_MS };
    const sketches = sketchesIn(stored, { ...question, ...window, statements, pointsMax: 2 * PARTS });
    const trends = statements.map(({ fingerprint, source }, index) => {
      const totalsNs = new Array<number>(PARTS).fill(0);
      const lengthMs = window.untilMs - window.sinceMs;
      for (const { atMs, serviceTotalNs } of sketches[index].points) {
        const part = Math.floor((PARTS * (atMs - window.sinceMs)) / lengthMs);
        totalsNs[Math.min(PARTS - 1, Math.max(0, part))] += serviceTotalNs;
      }
      return { fingerprint, source, totalsNs };
    });
    return { window, trends };
  });
}
