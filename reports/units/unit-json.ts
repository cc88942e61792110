// The JSON form of a single unit of work, and back.
// It is a part of /api/v1/routes?route= and /api/v1/findings?id=.
// Invariant: unitFromJson(unitJson(unit)) is the unit. Not here: which unit it is (reports/work/route-details.ts,
// finding-sample.ts).

import * as v from 'valibot';
import { tagsIn } from '../../config/values/tag-set.js';
import type { FindingRole } from '../../facts/finding.js';
import type { SampledStatement, SampledUnit } from '../../facts/rollup-row.js';

const count = v.pipe(v.number(), v.minValue(0));
const moment = v.pipe(v.string(), v.isoTimestamp());

/** A request, job or transaction, as an example. */
export const unitSchema = v.object({
  /** Its first statement was sent. */
  at: moment,
  /** Id that its tags give. */
  request: v.string(),
  found: v.picklist(['direct', 'heuristic']),
  boundary: v.picklist(['tags', 'connection', 'driver', 'transaction', 'burst']),
  tags: v.record(v.string(), v.string()),
  /** From the first statement to the end of the last. */
  duration_ms: count,
  db_ms: count,
  /** Executions, housekeeping included; more than are listed where it was long. */
  executions: count,
  /** In the order in which they started. */
  statements: v.array(
    v.object({
      /** After the first one was sent. */
      start_ms: count,
      service_ms: count,
      rows: count,
      /** Null = it completed. */
      sqlstate: v.nullable(v.string()),
      source: v.string(),
      construct: v.string(),
      pool: v.string(),
      /** Numbers the connections of this request. */
      connection: count,
      caller: v.string(),
      fingerprint: v.string(),
      query: v.string(),
      /** Of an example of a finding: its part there. */
      role: v.optional(v.nullable(v.picklist(['repeated', 'caused-by', 'inside', 'beside']))),
    }),
  ),
});

export type UnitJson = v.InferOutput<typeof unitSchema>;

interface UnitWords {
  /** Normalised texts by fingerprint. */
  readonly queries: ReadonlyMap<string, string>;
  /** Left out where the unit is no example of a finding. */
  readonly roleOf?: (statement: SampledStatement) => FindingRole | undefined;
}

export function unitJson(sample: SampledUnit, { queries, roleOf }: UnitWords): UnitJson {
  const { atMs, request, found, boundary, tagSet, durationMs, serviceNs, executions, statements } = sample;
  return {
    at: new Date(Math.round(atMs)).toISOString(),
    request,
    found,
    boundary,
    tags: tagsIn(tagSet),
    duration_ms: durationMs,
    db_ms: serviceNs / 1e6,
    executions,
    statements: statements.map(({ startMs, serviceMs, sqlstate, ...one }) => ({
      start_ms: startMs,
      service_ms: serviceMs,
      ...one,
      sqlstate: sqlstate === '' ? null : sqlstate,
      query: queries.get(one.fingerprint) ?? '',
      ...(roleOf && { role: roleOf({ startMs, serviceMs, sqlstate, ...one }) ?? null }),
    })),
  };
}

/** Throws nothing on what the schema lets pass. */
export function unitFromJson(json: UnitJson): SampledUnit {
  const { at, tags, duration_ms, db_ms, statements, ...rest } = json;
  return {
    ...rest,
    atMs: Date.parse(at),
    tagSet: Object.keys(tags).length === 0 ? '' : JSON.stringify(tags),
    durationMs: duration_ms,
    serviceNs: db_ms * 1e6,
    statements: statements.map(({ start_ms, service_ms, sqlstate, query: _, role: __, ...one }) => ({
      ...one,
      startMs: start_ms,
      serviceMs: service_ms,
      sqlstate: sqlstate ?? '',
    })),
  };
}
