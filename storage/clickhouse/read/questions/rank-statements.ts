// The first statements in an order, and the sums of all, in one statement for ClickHouse.
// Invariant: the order is that of facts/statement-order.ts, ties included; the sums are of every statement that fits.
// Not here: percentiles (reports/statements.ts), reading the statements that come first (query-statements.ts).

import type { SourceSums } from '../../../../facts/answers.js';
import type { Segment } from '../../../reading/levels.js';
import type { RankedSort, RankedStatement, Ranking, RankingQuestion } from '../../../reading/statement-rows.js';
import { seriesCondition } from './filters.js';
import { CALLS_SQL } from './query-statements.js';
import { list, totalSql } from './sql.js';
import type { View } from './view.js';

/** Over the sums of one statement. */
const VALUES: Readonly<Record<RankedSort, string>> = {
  total: 'total_ns',
  mean: 'total_ns / greatest(1, executions)',
  max: 'toFloat64(most_ns)',
  calls: 'all_calls',
  errors: 'all_errors',
  rows: 'all_rows',
  p95: percentileMost(20),
  p99: percentileMost(100),
};

/** As in storage/sqlite/read/rank-statements.ts: no more than one in `share` can have taken so long. */
function percentileMost(share: number): string {
  return `least(toFloat64(most_ns), 1.01 * total_ns / greatest(1, (executions - batched) / ${share}))`;
}

interface Row extends SourceSums {
  source: string;
  best: Array<[minusValue: number, fingerprint: string, leastNs: number, mostNs: number]>;
}

export function rankStatements(view: View, segments: readonly Segment[], question: RankingQuestion): Ranking {
  const { filter, sort, limit, hidden, meanNsMin } = question;
  if (segments.length === 0) return { ranked: [], sums: new Map() };
  const best = `(-(${VALUES[sort]}), fingerprint, toFloat64(ifNull(least_ns, -1)), toFloat64(most_ns))`;
  const listed = limit === 0 ? `arraySort(groupArray(${best}))` : `groupArraySorted(${limit})(${best})`;
  const rows = view.rows<Row>(
    `SELECT source, count() AS statements, ${totalSql('executions')} AS executions, ${totalSql('total_ns')} AS serviceTotalNs,
       ${hidden.size === 0 ? listed : `if(source IN ${list(hidden)}, [], ${listed})`} AS best
     FROM (
       SELECT fingerprint, source, ${totalSql(CALLS_SQL)} AS all_calls, ${totalSql('errors')} AS all_errors,
         all_calls + all_errors AS executions, ${totalSql('batched_calls')} AS batched, ${totalSql('rows')} AS all_rows,
         ${totalSql('service_total_ns')} AS total_ns, min(service_min_ns) AS least_ns, max(service_max_ns) AS most_ns
       FROM rollup FINAL WHERE ${view.in(segments)} AND ${seriesCondition(filter)} GROUP BY fingerprint, source
       HAVING total_ns >= ${meanNsMin} * executions
     ) GROUP BY source`,
  );
  const sums = new Map<string, SourceSums>();
  const ranked: RankedStatement[] = [];
  const needsBounds = sort === 'p95' || sort === 'p99';
  for (const { source, best: first, ...sum } of rows) {
    sums.set(source, sum);
    for (const [minusValue, fingerprint, leastNs, mostNs] of first) {
      const minNs = needsBounds && leastNs >= 0 ? leastNs : null;
      ranked.push({
        fingerprint,
        source,
        value: -minusValue,
        minNs,
        maxNs: needsBounds || sort === 'max' ? mostNs : 0,
      });
    }
  }
  ranked.sort((a, b) => b.value - a.value || compare(a.fingerprint, b.fingerprint) || compare(a.source, b.source));
  return { ranked: limit === 0 ? ranked : ranked.slice(0, limit), sums };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
