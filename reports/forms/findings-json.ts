// The JSON form of findings, and of one with its example: /api/v1/findings, `--json`, --url.
// Invariant: findingsFromJson(findingsJson(report)) is the report, but for candidates and accepted ones, which `all`
// keeps.
// Not here: finding the answer (reports/findings.ts).

import * as v from 'valibot';
import { FINDING_KINDS } from '../../config/values/finding-kinds.js';
import type { FindingFacts, FindingSample } from '../../facts/finding.js';
import type { FindingsReport } from '../findings.js';
import { roleIn } from '../units/finding-sample.js';
import { type UnitJson, unitFromJson, unitJson, unitSchema } from '../units/unit-json.js';

const count = v.pipe(v.number(), v.minValue(0));
const moment = v.pipe(v.string(), v.isoTimestamp());
const texts = v.array(v.string());
const findingSchema = v.object({
  id: v.string(),
  kind: v.picklist(FINDING_KINDS),
  severity: v.picklist(['high', 'medium', 'low']),
  confidence: v.picklist(['strong', 'weak']),
  unit: v.picklist(['direct', 'heuristic']),
  title: v.string(),
  explanation: v.string(),
  next_step: v.string(),
  routes: texts,
  callers: texts,
  statements: v.array(
    v.object({
      fingerprint: v.string(),
      source: v.string(),
      query: v.string(),
      summary: v.string(),
      role: v.picklist(['repeated', 'caused-by', 'inside', 'beside']),
    }),
  ),
  tables: texts,
  pools: texts,
  sources: texts,
  units: count,
  times_mean: count,
  times_max: count,
  cost_ms_per_day: count,
  first_seen: moment,
  last_seen: moment,
  state: v.picklist(['candidate', 'open', 'quiet', 'closed', 'accepted']),
  accepted_reason: v.string(),
  new: v.boolean(),
});
const reportSchema = v.object({
  window: v.object({ since: moment, until: moment }),
  findings: v.array(findingSchema),
});
type FindingJson = v.InferOutput<typeof findingSchema>;

const sampleSchema = v.nullable(v.object({ sample: v.nullable(unitSchema) }));

/** One finding with a unit that shows it: /api/v1/findings?id=, `findings ID --json`. */
export function findingDetailsJson(
  finding: FindingFacts,
  sample: FindingSample | undefined,
): FindingJson & { sample: UnitJson | null } {
  const roleOf = (statement: { fingerprint: string; source: string }) => roleIn(finding, statement);
  const unit = sample === undefined ? null : unitJson(sample.unit, { queries: sample.queries, roleOf });
  return { ...findingJson(finding), sample: unit };
}

/** Null = it does not know the finding. Throws valibot's ValiError on what findingDetailsJson did not make. */
export function findingSampleFromJson(value: unknown): FindingSample | undefined {
  const sample = v.parse(sampleSchema, value)?.sample ?? null;
  if (sample === null) return undefined;
  const queries = sample.statements.map(({ fingerprint, query }) => [fingerprint, query] as const);
  return { unit: unitFromJson(sample), queries: new Map(queries) };
}

/** `all`: candidates and accepted ones too. */
export function findingsJson(
  { window, findings }: FindingsReport,
  { all = false } = {},
): v.InferOutput<typeof reportSchema> {
  return {
    window: { since: new Date(window.sinceMs).toISOString(), until: new Date(window.untilMs).toISOString() },
    findings: findings.filter(({ state }) => all || (state !== 'candidate' && state !== 'accepted')).map(findingJson),
  };
}

/** Throws valibot's ValiError on what findingsJson did not make. */
export function findingsFromJson(value: unknown): FindingsReport {
  const { window, findings } = v.parse(reportSchema, value);
  return {
    window: { sinceMs: Date.parse(window.since), untilMs: Date.parse(window.until) },
    findings: findings.map((finding) => ({
      ...finding,
      nextStep: finding.next_step,
      acceptedReason: finding.accepted_reason,
      isNew: finding.new,
      timesMean: finding.times_mean,
      timesMax: finding.times_max,
      costMsPerDay: finding.cost_ms_per_day,
      firstSeenMs: Date.parse(finding.first_seen),
      lastSeenMs: Date.parse(finding.last_seen),
    })),
  };
}

function findingJson(finding: FindingFacts): FindingJson {
  return {
    id: finding.id,
    kind: finding.kind,
    severity: finding.severity,
    confidence: finding.confidence,
    unit: finding.unit,
    title: finding.title,
    explanation: finding.explanation,
    next_step: finding.nextStep,
    routes: [...finding.routes],
    callers: [...finding.callers],
    statements: finding.statements.map((statement) => ({ ...statement })),
    tables: [...finding.tables],
    pools: [...finding.pools],
    sources: [...finding.sources],
    units: finding.units,
    times_mean: finding.timesMean,
    times_max: finding.timesMax,
    cost_ms_per_day: finding.costMsPerDay,
    first_seen: new Date(finding.firstSeenMs).toISOString(),
    last_seen: new Date(finding.lastSeenMs).toISOString(),
    state: finding.state,
    accepted_reason: finding.acceptedReason,
    new: finding.isNew,
  };
}
