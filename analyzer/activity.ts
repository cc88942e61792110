// Finds what takes long now: statements in flight, transactions that wait for their client.
// Invariant: it is worked out when somebody asks, and costs nothing per statement. A statement counts as in flight once
// its relay has said so, one to two seconds after it was sent; until then its transaction counts as idle.
// Not here: its JSON (reports/work/activity-json.ts).

import { limits } from '../config/limits.js';
import { callerIn } from '../config/values/tag-set.js';
import type { Activity, ActivityFacts } from '../facts/work/activity.js';
import { routeOf } from '../facts/work/routes.js';
import { nameOf } from './attribution/comments/request-tags.js';
import type { Judge } from './judge.js';
import type { ObservedSession } from './sessions/observed-session.js';

export interface ActivityOptions {
  readonly judge: Judge;
  readonly nowMs: number;
}

type Doing = Pick<ActivityFacts, 'state' | 'sinceMs' | 'source' | 'request' | 'fingerprint' | 'query'> & {
  readonly tagSet: string;
};

export function activityOf(sessions: Iterable<ObservedSession>, options: ActivityOptions): Activity {
  const found: ActivityFacts[] = [];
  for (const session of sessions) {
    const doing = inFlightIn(session, options) ?? idleIn(session, options);
    if (doing !== undefined) found.push(factsOf(session, doing));
  }
  found.sort((a, b) => a.sinceMs - b.sinceMs);
  const listed = found.slice(0, limits.activityMax);
  return { atMs: options.nowMs, sessions: listed, more: found.length - listed.length };
}

function inFlightIn(session: ObservedSession, { judge }: ActivityOptions): Doing | undefined {
  const { inFlight, member } = session;
  if (!member.running || inFlight === undefined) return undefined;
  const { sinceMs, statement, query } = inFlight;
  const judged = session.settled ? judge.judge(session, statement) : undefined;
  return {
    state: 'running',
    sinceMs,
    tagSet: judged?.tagSet ?? statement.tagSet,
    source: judged?.verdict.source ?? '',
    request: nameOf(statement.tags.request) || unitIdOf(session),
    fingerprint: statement.fingerprint,
    query,
  };
}

function idleIn(session: ObservedSession, { nowMs }: ActivityOptions): Doing | undefined {
  const { member, work } = session;
  const { silentSinceMs: sinceMs, inTransaction } = member;
  if (!inTransaction || nowMs - sinceMs <= limits.runningAfterMs) return undefined;
  const last = work?.last;
  return {
    state: last?.isAborted ? 'aborted' : 'idle',
    sinceMs,
    tagSet: last?.tagSet ?? '',
    source: last?.source ?? '',
    request: unitIdOf(session),
    fingerprint: last?.fingerprint ?? '',
    query: '',
  };
}

function unitIdOf({ work, member }: ObservedSession): string {
  return member.inTransaction || work?.unit?.boundary === 'tags' ? (work?.unit?.id ?? '') : '';
}

function factsOf(session: ObservedSession, { tagSet, ...doing }: Doing): ActivityFacts {
  const { facts, member, transaction, work } = session;
  const own = routeOf(tagSet);
  // BEGIN and SAVEPOINT carry no tags; the request that they belong to does.
  const unit = member.inTransaction ? work?.unit : undefined;
  const of = own.route === '' && unit !== undefined ? routeOf(unit.tagSet || unit.name.given) : own;
  return {
    ...doing,
    transactionSinceMs: member.inTransaction ? transaction.state.startedMs : 0,
    transactionStatements: member.inTransaction ? transaction.state.statements : 0,
    session: `${facts.relayId}.${facts.sessionId}`,
    user: session.parameter('user'),
    database: session.parameter('database') || session.parameter('user'),
    applicationName: session.applicationName || session.parameter('application_name'),
    clientAddress: facts.clientAddress,
    backendPid: session.backendPid,
    pool: member.pool?.name ?? '',
    routeKind: of.kind,
    route: of.route,
    caller: callerIn(tagSet),
  };
}
