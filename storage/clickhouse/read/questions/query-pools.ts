// Statements for ClickHouse: pools, each and all together.
// Invariant: peaks of several sidecars are added up, because they need not fall together; within one they are maxima.
// Not here: putting answers together (reports/pools.ts).

import type { PoolMeasureName } from '../../../../facts/measures.js';
import {
  FLEET_RULES,
  FLEET_RULES_ACROSS,
  type MergeRules,
  POOL_RULES,
  POOL_RULES_ACROSS,
} from '../../../../facts/sums.js';
import type { Segment } from '../../../reading/levels.js';
import type {
  FleetPeaks,
  FleetPoint,
  PoolInstanceRow,
  PoolPoint,
  PoolRecord,
  PoolSourceSums,
  PoolSums,
} from '../../../reading/pool-rows.js';
import type { Timeline } from '../../../reading/timeline-levels.js';
import { POOL_DESCRIPTION } from '../../schema/others.js';
import { CALLS_SQL } from './query-statements.js';
import { atSql } from './query-timeline.js';
import { sumsSql, totalSql } from './sql.js';
import { OF_FEW_ROWS, type View } from './view.js';

const EACH = 'service, environment, instance';

/** The one that saw the pool last describes it. */
const DESCRIBING = POOL_DESCRIPTION.map((column) => `argMax(p.${column}, p.last_seen_ms) AS ${column}`);

export function poolRecords(view: View): PoolRecord[] {
  return view.rows<PoolRecord>(
    `SELECT pool_id, ${DESCRIBING.join(', ')}, min(p.first_seen_ms) AS first_seen_ms, max(p.last_seen_ms) AS last_seen_ms,
       ${totalSql('p.opened')} AS opened, ${totalSql('p.closed')} AS closed
     FROM pool AS p FINAL WHERE ${view.whose} GROUP BY pool_id ORDER BY 2, pool_id`,
  );
}

export function poolNames(view: View): Map<string, string> {
  return namesOf(view.rows<PoolName>(poolNamesSql(view)));
}

export interface PoolName {
  id: string;
  name: string;
}

export function poolNamesSql(view: View): string {
  return `SELECT pool_id AS id, argMax(p.name, p.last_seen_ms) AS name FROM pool AS p FINAL WHERE ${view.whose} GROUP BY pool_id ${OF_FEW_ROWS}`;
}

export function namesOf(rows: readonly PoolName[]): Map<string, string> {
  return new Map(rows.map(({ id, name }) => [id, name]));
}

export function poolSums(view: View, segments: readonly Segment[]): PoolSums[] {
  if (segments.length === 0) return [];
  return view.rows<PoolSums>(
    `SELECT pool_id AS poolId, ${sumsSql(POOL_RULES_ACROSS, asIs)} FROM (
       SELECT pool_id, ${EACH}, ${sumsSql(POOL_RULES)} FROM pool_rollup FINAL
       WHERE ${view.in(segments)} GROUP BY pool_id, ${EACH}
     ) GROUP BY pool_id ORDER BY pool_id`,
  );
}

/** An instance that has it open now, or had connections or statements of it. */
export function poolInstances(view: View, segments: readonly Segment[]): PoolInstanceRow[] {
  const each = `pool_id, ${EACH}`;
  const place = segments.length === 0 ? '0' : view.in(segments);
  return view.rows<PoolInstanceRow>(
    `SELECT pool_id AS poolId, ${EACH}, sum(now) AS connectionsNow, sum(held) AS connectionsMax, sum(busy) AS busyMax,
         sum(sent) AS executions
       FROM (
         SELECT ${each}, greatest(0, toInt64(sum(p.opened)) - toInt64(sum(p.closed))) AS now, 0 AS held, 0 AS busy, 0 AS sent
         FROM pool AS p FINAL WHERE ${view.whose} GROUP BY ${each}
         UNION ALL SELECT ${each}, 0, max(connections_max), max(busy_max), 0
         FROM pool_rollup FINAL WHERE ${place} GROUP BY ${each}
         UNION ALL SELECT ${each}, 0, 0, 0, ${totalSql(`${CALLS_SQL} + errors`)}
         FROM rollup FINAL ${segments.length === 0 ? 'WHERE 0' : view.statementsIn(segments)} GROUP BY ${each}
       ) GROUP BY ${each} ORDER BY poolId, service, environment, instance`,
  );
}

export function transactionHistograms(
  view: View,
  segments: readonly Segment[],
): Array<{ poolId: string; histogram: Uint8Array }> {
  if (segments.length === 0) return [];
  return view.rows(
    `SELECT pool_id AS poolId, sumMap(transaction_histogram) AS histogram FROM pool_rollup FINAL
     WHERE ${view.in(segments)} GROUP BY pool_id`,
  );
}

export function poolSourceSums(view: View, segments: readonly Segment[]): PoolSourceSums[] {
  if (segments.length === 0) return [];
  return view.rows<PoolSourceSums>(
    `SELECT pool_id AS poolId, source, ${totalSql(`${CALLS_SQL} + errors`)} AS executions FROM rollup FINAL
     ${view.statementsIn(segments)} GROUP BY pool_id, source ORDER BY pool_id, source`,
  );
}

export function fleetPeaks(view: View, segments: readonly Segment[]): FleetPeaks[] {
  if (segments.length === 0) return [];
  return view.rows<FleetPeaks>(
    `SELECT ${sumsSql(FLEET_RULES_ACROSS, asIs)} FROM (
       SELECT ${EACH}, ${sumsSql(FLEET_RULES)} FROM fleet_rollup FINAL WHERE ${view.in(segments)} GROUP BY ${EACH})`,
  );
}

type Shown = 'connectionsMax' | 'busyMax' | 'activeMs' | 'idleMs' | 'idleInTransactionMs';
const SHOWN = ['connectionsMax', 'busyMax', 'activeMs', 'idleMs', 'idleInTransactionMs'] as const;

export function poolPoints(view: View, { segments, stepMinutes }: Timeline): PoolPoint[] {
  if (segments.length === 0) return [];
  return view.rows<PoolPoint>(
    `SELECT at, pool_id AS poolId, ${sumsSql(only(POOL_RULES_ACROSS), asIs)} FROM (
       SELECT ${atSql(stepMinutes)} AS at, pool_id, ${EACH}, ${sumsSql(only(POOL_RULES))} FROM pool_rollup FINAL
       WHERE ${view.in(segments)} GROUP BY at, pool_id, ${EACH}
     ) GROUP BY at, pool_id ORDER BY at, pool_id`,
  );
}

export function fleetPoints(view: View, { segments, stepMinutes }: Timeline): FleetPoint[] {
  if (segments.length === 0) return [];
  return view.rows<FleetPoint>(
    `SELECT at, ${sumsSql(FLEET_RULES_ACROSS, asIs)} FROM (
       SELECT ${atSql(stepMinutes)} AS at, ${EACH}, ${sumsSql(FLEET_RULES)} FROM fleet_rollup FINAL
       WHERE ${view.in(segments)} GROUP BY at, ${EACH}
     ) GROUP BY at ORDER BY at`,
  );
}

function only(rules: MergeRules<PoolMeasureName>): MergeRules<Shown> {
  return Object.fromEntries(SHOWN.map((name) => [name, rules[name]])) as MergeRules<Shown>;
}

function asIs(name: string): string {
  return name;
}
