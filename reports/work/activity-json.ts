// The JSON form of what goes on now, and back: /api/v1/activity, `activity --json`.
// Invariant: activityFromJson(activityJson(activity)) is the activity. Not here: finding it (analyzer/activity.ts).

import * as v from 'valibot';
import type { Activity, ActivityFacts } from '../../facts/work/activity.js';

const count = v.pipe(v.number(), v.minValue(0));
const moment = v.pipe(v.string(), v.isoTimestamp());

const sessionSchema = v.object({
  /** running: a statement is in flight. idle: its transaction waits for the client. aborted: so too, after an error. */
  state: v.picklist(['running', 'idle', 'aborted']),
  /** The statement was sent, or the client sent nothing any more. */
  since: moment,
  seconds: count,
  /** Null: none is open, or it is not known. */
  transaction_since: v.nullable(moment),
  transaction_statements: count,
  user: v.string(),
  database: v.string(),
  application_name: v.string(),
  client_address: v.string(),
  /** Of the server; 0 where it is not known. */
  backend_pid: v.number(),
  pool: v.string(),
  source: v.string(),
  route: v.string(),
  route_kind: v.picklist(['route', 'job', 'command', 'action', '']),
  caller: v.string(),
  /** Id of the application's request. */
  request: v.string(),
  session: v.string(),
  fingerprint: v.string(),
  /** Normalised: in flight, or the last one. */
  query: v.string(),
});
const activitySchema = v.object({ at: moment, activity: v.array(sessionSchema), more: count });

export type ActivityJson = v.InferOutput<typeof activitySchema>;

export function activityJson({ atMs, sessions, more }: Activity): ActivityJson {
  return {
    at: isoOf(atMs),
    activity: sessions.map(({ sinceMs, transactionSinceMs, transactionStatements, routeKind, ...facts }) => ({
      state: facts.state,
      since: isoOf(sinceMs),
      seconds: Math.max(0, atMs - sinceMs) / 1_000,
      transaction_since: transactionSinceMs === 0 ? null : isoOf(transactionSinceMs),
      transaction_statements: transactionStatements,
      user: facts.user,
      database: facts.database,
      application_name: facts.applicationName,
      client_address: facts.clientAddress,
      backend_pid: facts.backendPid,
      pool: facts.pool,
      source: facts.source,
      route: facts.route,
      route_kind: routeKind,
      caller: facts.caller,
      request: facts.request,
      session: facts.session,
      fingerprint: facts.fingerprint,
      query: facts.query,
    })),
    more,
  };
}

/** Throws ValiError on what activityJson did not make. */
export function activityFromJson(json: unknown): Activity {
  const { at, activity, more } = v.parse(activitySchema, json);
  return { atMs: Date.parse(at), more, sessions: activity.map(factsOf) };
}

function factsOf(one: ActivityJson['activity'][number]): ActivityFacts {
  const { state, user, database, pool, source, route, caller, request, session, fingerprint, query } = one;
  return {
    ...{ state, user, database, pool, source, route, caller, request, session, fingerprint, query },
    sinceMs: Date.parse(one.since),
    transactionSinceMs: one.transaction_since === null ? 0 : Date.parse(one.transaction_since),
    transactionStatements: one.transaction_statements,
    applicationName: one.application_name,
    clientAddress: one.client_address,
    backendPid: one.backend_pid,
    routeKind: one.route_kind,
  };
}

function isoOf(ms: number): string {
  return new Date(Math.round(ms)).toISOString();
}
