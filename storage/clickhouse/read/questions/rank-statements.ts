// The first statements in an order, and the sums of all, in one statement for ClickHouse.
// Invariant: the order is that of facts/statement-order.ts, ties included; the sums are of every statement that fits.
// Not here: percentiles (reports/percentiles), reading the statements that come first (query-statements.ts).

import type { SourceSums } from '../../../../facts/answers.js';
import type { Segment } from '../../../reading/levels.js';
import type { RankedSort, RankedStatement, Ranking, RankingQuestion } from '../../../reading/statement-rows.js';
import { seriesCondition } from './filters.js';
import { CALLS_SQL } from './query-statements.js';
import { list, totalSql } from './sql.js';
import type { View } from './view.js';

/** Sums of one statement that an order may need, beside its executions and its time. */
const SUMS = {
  all_calls: totalSql(CALLS_SQL),
  all_errors: totalSql('errors'),
  timed: totalSql(`${CALLS_SQL} - batched_calls`),
  all_rows: totalSql('rows'),
  least_ns: 'toFloat64(ifNull(min(service_min_ns), -1))',
  most_ns: 'toFloat64(max(service_max_ns))',
} as const;

interface Order {
  readonly value: string;
  readonly needs: ReadonlyArray<keyof typeof SUMS>;
}

/** A column that is not needed is not read. */
const ORDERS: Readonly<Record<RankedSort, Order>> = {
  total: { value: 'total_ns', needs: [] },
  mean: { value: 'total_ns / greatest(1, all_executions)', needs: [] },
  max: { value: 'most_ns', needs: ['most_ns'] },
  calls: { value: 'all_calls', needs: ['all_calls'] },
  errors: { value: 'all_errors', needs: ['all_errors'] },
  rows: { value: 'all_rows', needs: ['all_rows'] },
  p95: percentileMost(20),
  p99: percentileMost(100),
};

/** As in storage/sqlite/read/rank-statements.ts: no more than one in `share` can have taken so long. */
function percentileMost(share: number): Order {
  return {
    value: `least(most_ns, 1.01 * total_ns / greatest(1, timed / ${share}))`,
    needs: ['timed', 'least_ns', 'most_ns'],
  };
}

/** See `statement` in ../../schema/rollups.ts. */
const SOURCE_SQL = "substring(statement, position(statement, '\\0') + 1)";

/** Conditions let most rows pass: to look at one before the columns of the next are read costs more than it saves. */
const IN_ONE_STEP = 'SETTINGS enable_multiple_prewhere_read_steps = 0';

interface Row extends SourceSums {
  source: string;
  best: Array<[minusValue: number, statement: string, leastNs: number, mostNs: number]>;
}

export function rankStatements(view: View, segments: readonly Segment[], question: RankingQuestion): Ranking {
  const { filter, sort, limit, hidden, meanNsMin } = question;
  if (segments.length === 0) return { ranked: [], sums: new Map() };
  const { value, needs } = ORDERS[sort];
  const needsBounds = needs.includes('least_ns');
  const [leastNs, mostNs] = [needsBounds ? 'least_ns' : '-1.', needs.includes('most_ns') ? 'most_ns' : '0.'];
  // Of one source, so the order is that of fingerprints.
  const best = `(-(${value}), toString(statement), ${leastNs}, ${mostNs})`;
  const listed = limit === 0 ? `arraySort(groupArray(${best}))` : `groupArraySorted(${limit})(${best})`;
  const rows = view.rows<Row>(
    `SELECT ${SOURCE_SQL} AS source, count() AS statements, ${totalSql('all_executions')} AS executions, ${totalSql('total_ns')} AS serviceTotalNs,
       ${hidden.size === 0 ? listed : `if(source IN ${list(hidden)}, [], ${listed})`} AS best
     FROM (
       SELECT ${['statement', ...needs.map((name) => `${SUMS[name]} AS ${name}`)].join(', ')},
         ${totalSql('executions')} AS all_executions, ${totalSql('service_total_ns')} AS total_ns
       FROM rollup FINAL ${view.statementsIn(segments, seriesCondition(filter, view))} GROUP BY statement
       ${meanNsMin > 0 ? `HAVING total_ns >= ${meanNsMin} * all_executions` : ''}
     ) GROUP BY source ${IN_ONE_STEP}`,
  );
  const sums = new Map<string, SourceSums>();
  const ranked: RankedStatement[] = [];
  for (const { source, best: first, ...sum } of rows) {
    sums.set(source, sum);
    for (const [minusValue, statement, leastNs, mostNs] of first) {
      const fingerprint = statement.slice(0, statement.indexOf('\0'));
      ranked.push({ fingerprint, source, value: -minusValue, minNs: leastNs >= 0 ? leastNs : null, maxNs: mostNs });
    }
  }
  ranked.sort((a, b) => b.value - a.value || compare(a.fingerprint, b.fingerprint) || compare(a.source, b.source));
  return { ranked: limit === 0 ? ranked : ranked.slice(0, limit), sums };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
