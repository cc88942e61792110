// Finds the first statements in an order, and the sums of all.
// It does so without reading everything about each.
// Invariant: the order is that of facts/statement-order.ts, ties included; the sums are of every statement that fits.
// Not here: percentiles (reports/percentiles/first-by-percentile.ts), reading the statements that come first.

import type { SourceSums } from '../../../facts/answers.js';
import type { Segment } from '../../reading/levels.js';
import type { RankedSort, RankedStatement, Ranking, RankingQuestion } from '../../reading/statement-rows.js';
import type { Rows } from '../file/rows.js';
import { totalSql } from '../tables/saturating.js';
import { type SeriesTotal, seriesTotals } from './series-totals.js';

const VALUES: Readonly<Record<RankedSort, string>> = {
  total: 'total_ns',
  mean: 'total_ns * 1.0 / max(1, executions)',
  max: 'max_ns',
  calls: 'calls',
  errors: 'errors',
  rows: 'rows',
  p95: percentileMost(20),
  p99: percentileMost(100),
};

/**
 * Upper bound of a percentile: one execution in `share` is at or above it, and together they took no longer than all. A
 * histogram is off by a percent at most.
 */
function percentileMost(share: number): string {
  return `min(max_ns, 1.01 * total_ns / max(1, timed / ${share}))`;
}

/** Each is worked out for every row of the window, which is most of what a ranking costs. */
const SUMS = ['executions', 'total_ns'] as const;
const NEEDED: Readonly<Partial<Record<RankedSort, readonly SeriesTotal[]>>> = {
  calls: ['calls'],
  errors: ['errors'],
  max: ['max_ns'],
  rows: ['rows'],
  p95: ['timed', 'min_ns', 'max_ns'],
  p99: ['timed', 'min_ns', 'max_ns'],
};

interface Row extends RankedStatement {
  statements: number | null;
  executions: number;
  totalNs: number;
}

export function rankStatements(rows: Rows, segments: readonly Segment[], question: RankingQuestion): Ranking {
  const { filter, sort, limit, hidden, meanNsMin } = question;
  const needed = NEEDED[sort] ?? [];
  const totals = [...SUMS, ...needed];
  const from = seriesTotals(segments, { totals, filter });
  const sums = new Map<string, SourceSums>();
  if (from === undefined) return { ranked: [], sums };
  const merged = totals.map((name) => `${mergeSql(name)} AS ${name}`).join(', ');
  const [least, most] = [needed.includes('min_ns') ? 'min_ns' : 'NULL', needed.includes('max_ns') ? 'max_ns' : '0'];
  const timed = needed.includes('timed') ? 'timed' : '0';
  const having = meanNsMin === 0 ? '' : ' HAVING total(r.total_ns) >= ? * total(r.executions)';
  const all = rows.all<Row>(
    `WITH ran AS MATERIALIZED (
       SELECT s.fingerprint, s.source, ${merged} FROM (${from.sql}) r JOIN series s ON s.series_id = r.series_id
        GROUP BY s.fingerprint, s.source${having})
     SELECT * FROM (
       SELECT fingerprint, source, ${VALUES[sort]} AS value, ${least} AS minNs, ${most} AS maxNs, ${timed} AS timed,
              NULL AS statements, 0 AS executions, 0 AS totalNs
         FROM ran WHERE source NOT IN (SELECT value FROM json_each(?)) ORDER BY value DESC, fingerprint, source LIMIT ?)
     UNION ALL
     SELECT '', source, 0, NULL, 0, 0, count(*), ${totalSql('executions')}, ${totalSql('total_ns')} FROM ran GROUP BY source`,
    ...from.values,
    ...(meanNsMin === 0 ? [] : [meanNsMin]),
    JSON.stringify([...hidden]),
    limit === 0 ? -1 : limit,
  );
  const ranked: RankedStatement[] = [];
  for (const row of all) {
    if (row.statements === null) ranked.push(row);
    else {
      const { statements, executions, totalNs: serviceTotalNs } = row;
      sums.set(row.source, { statements, executions, serviceTotalNs });
    }
  }
  return { ranked, sums };
}

function mergeSql(total: SeriesTotal): string {
  if (total === 'min_ns') return 'min(r.min_ns)';
  return total === 'max_ns' ? 'max(r.max_ns)' : totalSql(`r.${total}`);
}
