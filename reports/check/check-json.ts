// The JSON form of the result of a check: `check --json`, `--report FILE.json`.
// Invariant: other programs read these names; what is not known is null. Not here: judging (judge.ts).

import type { CheckResult } from './judge.js';

export function checkJson(result: CheckResult): object {
  const { coverage, window } = result;
  return {
    outcome: result.outcome,
    window: { since: iso(window.sinceMs), until: iso(window.untilMs) },
    conditions: result.conditions.map(({ text, outcome }) => ({ condition: text, outcome })),
    failed: result.failed.map((one) => ({
      condition: one.condition,
      what: one.what,
      fingerprint: one.fingerprint ?? null,
      source: one.source ?? null,
      query: one.query ?? null,
      callers: one.callers ?? [],
      executions: one.executions ?? null,
    })),
    not_shown: result.notShown.map(({ condition, key, amount, what }) => ({ condition, key, amount, what })),
    allowed: result.allowed.map(({ condition, what, reason }) => ({ condition, what, reason })),
    coverage: {
      executions: coverage.executions,
      of_application: coverage.ofApplication,
      not_observed: coverage.notObserved,
      lost_with_known_text: coverage.lostKnown,
      weak: coverage.weak,
      sources: Object.fromEntries(coverage.sources),
      sources_of_rules: coverage.ruled,
      routes: coverage.routes,
      jobs: coverage.jobs,
      requests: coverage.requests,
      untagged_requests: coverage.untaggedRequests,
      baseline_not_seen: coverage.unvisited,
      pools: coverage.pools.map(({ name, owner, opened, connectionsNow }) => ({
        name,
        owner,
        opened,
        connections_now: connectionsNow,
      })),
      recorded: coverage.recorded && { since: iso(coverage.recorded.sinceMs), until: iso(coverage.recorded.untilMs) },
      bypassing: coverage.bypassing,
      bypass_samples: coverage.bypassed && {
        minutes: coverage.bypassed.minutes,
        sampled: coverage.bypassed.sampled,
        bypassed: coverage.bypassed.bypassed,
      },
      places: coverage.places,
      production:
        coverage.production.length === 0
          ? null
          : coverage.production.map((one) => ({
              name: one.name,
              kind: one.kind,
              since: one.sinceMs === null ? null : iso(one.sinceMs),
              until: one.untilMs === null ? null : iso(one.untilMs),
              executions: one.executions,
              statements: one.statements,
              not_seen_here: one.unknownHere,
            })),
    },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
