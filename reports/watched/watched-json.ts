// The JSON form of the completeness of a window, and back: /api/v1/watched, --url.
// Invariant: watchedFromJson(watchedJson(report)) is the report. Not here: finding it (watched.ts).

import * as v from 'valibot';
import type { Window } from '../../facts/answers.js';
import type { GapReason } from '../../facts/flush.js';
import type { WatchedReport } from './watched.js';

const count = v.pipe(v.number(), v.minValue(0));
const moment = v.pipe(v.string(), v.isoTimestamp());
const window = { since: moment, until: moment };
const who = v.object({ service: v.string(), environment: v.string(), instance: v.optional(v.string()) });
const schema = v.object({
  recorded: v.nullable(v.object(window)),
  not_observed: count,
  losses: v.record(v.string(), count),
  unreadable: v.record(v.string(), count),
  // Left out by sidecars of earlier releases.
  lost_statements: v.optional(
    v.array(
      v.object({
        reason: v.string(),
        fingerprint: v.string(),
        source: v.string(),
        construct: v.string(),
        pool: v.string(),
        query: v.string(),
        summary: v.string(),
        count,
        may_precede: v.optional(v.boolean(), false),
      }),
    ),
    [],
  ),
  gaps: v.array(v.object({ reason: v.string(), ...window })),
  unwatched: v.array(v.object({ ...window, by: v.optional(who) })),
  bypassed: v.nullable(
    v.object({
      minutes: count,
      sampled: count,
      bypassed: count,
      reason: v.string(),
      clients: v.array(v.object({ user: v.string(), application_name: v.string(), connections: count })),
    }),
  ),
  stored_until: v.optional(v.nullable(moment), null),
  // Left out by earlier releases: then it is this clock that counts.
  asked: v.optional(moment, () => iso(Date.now())),
  unstored_since: v.nullable(moment),
});

export function watchedJson(report: WatchedReport): v.InferOutput<typeof schema> {
  const { recorded, unstoredSinceMs, bypassed } = report;
  return {
    recorded: recorded && windowJson(recorded),
    not_observed: report.notObserved,
    losses: Object.fromEntries(report.losses),
    unreadable: Object.fromEntries(report.unreadable),
    lost_statements: report.lostStatements.map(({ mayPrecede, ...lost }) => ({ ...lost, may_precede: mayPrecede })),
    gaps: report.gaps.map((gap) => ({ reason: gap.reason, ...windowJson(gap) })),
    unwatched: report.unwatched.map(({ by, ...one }) => ({ ...windowJson(one), ...(by && { by }) })),
    bypassed: bypassed && {
      ...bypassed,
      clients: bypassed.clients.map(({ applicationName, ...client }) => ({
        ...client,
        application_name: applicationName,
      })),
    },
    stored_until: report.storedUntilMs === null ? null : iso(report.storedUntilMs),
    asked: iso(report.askedMs),
    unstored_since: unstoredSinceMs === null ? null : iso(unstoredSinceMs),
  };
}

/** Throws valibot's ValiError on what watchedJson did not make. */
export function watchedFromJson(value: unknown): WatchedReport {
  const json = v.parse(schema, value);
  return {
    recorded: json.recorded && windowOf(json.recorded),
    notObserved: json.not_observed,
    losses: new Map(Object.entries(json.losses)),
    unreadable: new Map(Object.entries(json.unreadable)),
    lostStatements: json.lost_statements.map(({ may_precede, ...lost }) => ({ ...lost, mayPrecede: may_precede })),
    gaps: json.gaps.map((gap) => ({ reason: gap.reason as GapReason, ...windowOf(gap) })),
    unwatched: json.unwatched.map(({ by, ...one }) => ({ ...windowOf(one), ...(by && { by }) })),
    bypassed: json.bypassed && {
      ...json.bypassed,
      clients: json.bypassed.clients.map(({ application_name, ...client }) => ({
        ...client,
        applicationName: application_name,
      })),
    },
    storedUntilMs: json.stored_until === null ? null : Date.parse(json.stored_until),
    askedMs: Date.parse(json.asked),
    unstoredSinceMs: json.unstored_since === null ? null : Date.parse(json.unstored_since),
  };
}

function windowJson({ sinceMs, untilMs }: Window): { since: string; until: string } {
  return { since: iso(sinceMs), until: iso(untilMs) };
}

function windowOf({ since, until }: { since: string; until: string }): Window {
  return { sinceMs: Date.parse(since), untilMs: Date.parse(until) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
