// Sums and histograms of a window by who observed, for ClickHouse.
// Invariant: two statements, however many sidecars there are. Not here: sums by statement (query-statements.ts).

import type { IdentityName } from '../../../../facts/fleet/identity.js';
import type { TagMeasureName } from '../../../../facts/measures.js';
import { TAG_RULES } from '../../../../facts/sums.js';
import type { Segment } from '../../../reading/levels.js';
import type { IdentitySums, SeriesFilter } from '../../../reading/statement-rows.js';
import { seriesCondition } from './filters.js';
import { statementColumn } from './query-statements.js';
import { list, sumsSql } from './sql.js';
import type { View } from './view.js';

export function identitySums(
  view: View,
  segments: readonly Segment[],
  { by, filter, hidden }: { by: IdentityName; filter: SeriesFilter; hidden: ReadonlySet<string> },
): IdentitySums {
  if (segments.length === 0) return { sums: [], histograms: [] };
  const shown = hidden.size === 0 ? '' : ` AND source NOT IN ${list(hidden)}`;
  const from = `FROM rollup FINAL ${view.statementsIn(segments, `${seriesCondition(filter, view)}${shown}`)}`;
  const [sums, histograms] = view.all(
    `SELECT ${by} AS value, fingerprint, source, ${sumsSql<TagMeasureName>(TAG_RULES, statementColumn)} ${from}
     GROUP BY value, fingerprint, source ORDER BY value, fingerprint, source`,
    `SELECT ${by} AS value, sumMap(histogram) AS histogram ${from} GROUP BY value ORDER BY value`,
  );
  return { sums, histograms } as IdentitySums;
}
