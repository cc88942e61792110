// Statements in flight and transactions that wait for their client, as plain types.
// Invariant: no literal is in it. Not here: finding it (analyzer/activity.ts), its JSON
// (reports/work/activity-json.ts).

import type { RouteKind } from './routes.js';

/** One connection. */
export interface ActivityFacts {
  /** idle: inside a transaction. aborted: likewise, after an error in it. */
  readonly state: 'running' | 'idle' | 'aborted';
  /** Unix ms: the statement was sent; the client sent nothing any more. */
  readonly sinceMs: number;
  /** Its transaction began; 0 = none is open, or it is not known. */
  readonly transactionSinceMs: number;
  /** That ran in the transaction so far. */
  readonly transactionStatements: number;
  /** Tells connections of one observer apart. */
  readonly session: string;
  readonly user: string;
  readonly database: string;
  readonly applicationName: string;
  readonly clientAddress: string;
  /** Process of the server; 0 = not known. */
  readonly backendPid: number;
  /** Names; '' = its connection has not been decided on. */
  readonly pool: string;
  readonly source: string;
  readonly routeKind: RouteKind;
  readonly route: string;
  readonly caller: string;
  /** What names the request of the application; '' = nothing does. */
  readonly request: string;
  /** In flight, or the last one; '' = it was sent before the observer began. */
  readonly fingerprint: string;
  /** Normalised; '' = to be looked up by the fingerprint. */
  readonly query: string;
}

export interface Activity {
  readonly atMs: number;
  /** Longest first, at most limits.activityMax. */
  readonly sessions: readonly ActivityFacts[];
  /** Sessions that are not listed. */
  readonly more: number;
}
