// The audit as JSON: `audit --json`.
// Invariant: the names are those of the contract in docs/AUDIT.md. Not here: finding the answer (answer.ts).

import type { StatementFacts } from '../facts/answers.js';
import type { AuditAnswer, AuditedPlace } from './answer.js';
import { modelsOf } from './catalogue.js';

export type AuditJson = ReturnType<typeof auditJson>;
export type AuditedPlaceJson = AuditJson['places'][number];

export function auditJson(answer: AuditAnswer) {
  const { catalogue, coverage, framework, inferred, unexplained, report } = answer;
  return {
    version: 1 as const,
    root: catalogue.root,
    window: report === null ? null : { since: moment(report.window.sinceMs), until: moment(report.window.untilMs) },
    places: answer.places.map(placeJson),
    models: modelsOf(catalogue).map(({ id, file, line, tables, twin = null }) => ({ id, file, line, tables, twin })),
    inferred: inferred.map(({ facts, by, confidence, places }) => ({
      ...statementJson(facts),
      by,
      confidence,
      places: places.map(({ id }) => id),
      at: places.map(({ file, line }) => `${file}:${line}`),
    })),
    framework: framework.map(({ facts, by }) => ({ ...statementJson(facts), by })),
    unexplained: unexplained.map(statementJson),
    coverage: {
      routes: coverage.routes,
      jobs: coverage.jobs,
      callers: coverage.callers,
      grade: coverage.grade,
      routes_not_seen: coverage.routesNotSeen,
      jobs_not_seen: coverage.jobsNotSeen,
    },
  };
}

/** Callers shown of a statement. */
const CALLERS_MAX = 20;

function statementJson({ fingerprint, source, query, calls, errors, tags }: StatementFacts) {
  return { fingerprint, source, query, calls, errors, callers: [...(tags.get('caller') ?? [])].slice(0, CALLERS_MAX) };
}

function placeJson(one: AuditedPlace) {
  const { place, joined, seen } = one;
  return {
    ...place,
    seen:
      seen === null
        ? null
        : {
            calls: seen.calls,
            calls_per_day: seen.callsPerDay,
            p95_ms: seen.p95Ms,
            total_ms: seen.totalMs,
            errors: seen.errors,
            routes: seen.routes,
            pools: seen.pools,
            last_seen: moment(seen.lastSeenMs),
            findings: seen.findings,
          },
    join: joined.by,
    confidence: joined.confidence,
    fingerprints: [...new Set([...joined.fingerprints, ...joined.statements.map(({ fingerprint }) => fingerprint)])],
    categories: one.categories,
    complexity: one.complexity,
    replaced_by: one.replacedBy,
    risk: one.risk.level,
    risk_reasons: one.risk.reasons,
    tested: one.tested,
    state: one.state,
  };
}

function moment(ms: number): string {
  return new Date(ms).toISOString();
}
