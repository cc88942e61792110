// Statements for ClickHouse: findings, samples, plans, marks and settings.
// Invariant: what several sidecars tell of one finding is one finding. Not here: their state and words
// (reports/findings.ts).

import type { AcceptedFinding, StoredFinding } from '../../../../facts/finding.js';
import type { MarkRow, PlanRow, SlowSampleRow } from '../../../../facts/flush.js';
import type { SampledUnit } from '../../../../facts/rollup-row.js';
import { literal } from '../../schema/literal.js';
import { totalSql } from './sql.js';
import type { View } from './view.js';

const FINDINGS_MAX = 10_000;
const SAMPLES_MAX = 10;

type FindingRow = Omit<StoredFinding, 'statements' | 'pools' | 'callers'> &
  Record<'statements' | 'pools', string> & { callers: string[] };

export function findingsIn(
  view: View,
  { sinceMs, untilMs }: { sinceMs: number; untilMs: number },
  newestMax = FINDINGS_MAX,
): StoredFinding[] {
  const rows = view.rows<FindingRow>(
    `SELECT finding_id AS id, any(f.kind) AS kind, if(countIf(f.confidence = 'strong') > 0, 'strong', 'weak') AS confidence,
       if(countIf(f.found = 'direct') > 0, 'direct', 'heuristic') AS found, any(f.route) AS route,
       argMax(f.statements, f.last_seen_ms) AS statements, argMax(f.pools, f.last_seen_ms) AS pools,
       arrayDistinct(arrayFlatten(groupArray(JSONExtract(f.callers, 'Array(String)')))) AS callers,
       ${totalSql('f.units')} AS units, ${totalSql('f.times')} AS times, max(f.times_max) AS timesMax,
       ${totalSql('f.cost_ns')} AS costNs, min(f.first_seen_ms) AS firstMs, max(f.last_seen_ms) AS lastMs
     FROM finding AS f FINAL WHERE ${view.whose} GROUP BY finding_id
     HAVING lastMs >= ${Math.floor(sinceMs)} AND firstMs < ${Math.ceil(untilMs)} ORDER BY lastMs DESC LIMIT ${newestMax}`,
  );
  return rows.map((row) => ({
    ...row,
    statements: JSON.parse(row.statements) as StoredFinding['statements'],
    pools: JSON.parse(row.pools) as string[],
  }));
}

export function sampleOfFinding(view: View, id: string): SampledUnit | undefined {
  const [row] = view.rows<{ sample: string }>(
    `SELECT sample FROM finding FINAL WHERE ${view.whose} AND finding_id = ${literal(id)} AND sample IS NOT NULL
     ORDER BY last_seen_ms DESC LIMIT 1`,
  );
  return row === undefined ? undefined : (JSON.parse(row.sample) as SampledUnit);
}

/** Accepted by one sidecar's configuration is accepted. */
export function acceptedFindings(view: View): AcceptedFinding[] {
  const rows = view.rows<{ value: string }>(
    `SELECT DISTINCT value FROM setting FINAL WHERE ${view.whose} AND name = 'findings.accepted' ORDER BY value`,
  );
  return rows.flatMap(({ value }) => JSON.parse(value) as AcceptedFinding[]);
}

export function samplesOf(view: View, fingerprint: string): SlowSampleRow[] {
  const ofPool = `SELECT pool_id, argMax(name, last_seen_ms) AS pool_name FROM pool FINAL WHERE ${view.whose} GROUP BY pool_id`;
  return view.rows<SlowSampleRow>(
    `SELECT s.fingerprint AS fingerprint, s.source AS source, s.at_ms AS atMs, s.service_ns AS serviceNs, s.wait_ns AS waitNs,
       s.rows AS rows, s.sqlstate AS sqlstate, if(p.pool_name = '', s.pool_id, p.pool_name) AS pool, s.tag_set AS tagSet,
       s.trace_id AS traceId, s.request_id AS requestId, s.transaction_position AS transactionPosition
     FROM (SELECT * FROM slow_sample FINAL WHERE ${view.whose} AND fingerprint = ${literal(fingerprint)}
       ORDER BY service_ns DESC, at_ms LIMIT ${SAMPLES_MAX}) AS s
     GLOBAL LEFT JOIN (${ofPool}) AS p ON p.pool_id = s.pool_id ORDER BY serviceNs DESC, atMs`,
  );
}

/** A plan comes before a reason why there is none. */
export function planOf(view: View, fingerprint: string): PlanRow | undefined {
  return view.rows<PlanRow>(
    `SELECT fingerprint, at_ms AS atMs, server_version AS serverVersion, plan, problem FROM plan FINAL
     WHERE ${view.whose} AND fingerprint = ${literal(fingerprint)} ORDER BY plan != '' DESC, at_ms DESC LIMIT 1`,
  )[0];
}

/** Each sidecar marks a version of an application when it sees it first: the first of them counts. */
export function marksIn(view: View, { sinceMs, untilMs }: { sinceMs: number; untilMs: number }): MarkRow[] {
  const rows = view.rows<MarkRow & { place: string }>(
    `SELECT at_ms AS atMs, kind, name, fingerprint, source, concat(service, '/', environment) AS place
     FROM mark FINAL WHERE ${view.whose} AND (kind = 'app-version' OR (at_ms >= ${Math.ceil(sinceMs)} AND at_ms < ${Math.ceil(untilMs)}))
     ORDER BY at_ms, mark_id`,
  );
  const versions = new Set<string>();
  return rows.flatMap(({ place, ...mark }) => {
    if (mark.kind === 'app-version') {
      const key = `${place}\0${mark.name}`;
      if (versions.has(key)) return [];
      versions.add(key);
    }
    return mark.atMs >= sinceMs && mark.atMs < untilMs ? [mark] : [];
  });
}

export function markNamed(view: View, name: string): number | undefined {
  const [{ atMs, found }] = view.rows<{ atMs: number; found: number }>(
    `SELECT max(at_ms) AS atMs, count() AS found FROM mark FINAL WHERE ${view.whose} AND name = ${literal(name)}`,
  );
  return found === 0 ? undefined : atMs;
}

export function latestMarks(view: View): Array<{ kind: string; atMs: number }> {
  return view.rows(`SELECT kind, max(at_ms) AS atMs FROM mark FINAL WHERE ${view.whose} GROUP BY kind ORDER BY kind`);
}
