// The JSON form of findings, and back: /api/v1/findings, `findings --json`, --url.
// Invariant: findingsFromJson(findingsJson(report)) is the report, but for candidates and accepted ones, which `all`
// keeps.
// Not here: finding the answer (reports/findings.ts).

import * as v from 'valibot';
import { FINDING_KINDS } from '../../config/values/finding-kinds.js';
import type { FindingFacts } from '../../facts/finding.js';
import type { FindingsReport } from '../findings.js';

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
