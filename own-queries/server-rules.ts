// Lists the rules by which pg_stat_statements counts differently from pgwitness, by server version.
// Invariant: a rule explains a difference of one statement, in the direction and size that it can cause, and hides no
// other.
// Not here: comparing (reconcile.ts), telling where a text comes from (text-origin.ts, function-bodies.ts).
// Sources: PostgreSQL contrib/pg_stat_statements/pg_stat_statements.c
// (pgss_ProcessUtility, pgss_ExecutorEnd), src/backend/tcop/pquery.c.

import type { Origin } from './text-origin.js';

export interface ServerTraits {
  readonly major: number;
  readonly trackUtility: boolean;
  readonly deallocations: number;
  /** Executions that pgwitness did not observe, or whose text it does not know. */
  readonly notObserved: number;
  /** Executions of clients that bypassed pgwitness, as far as they sent what nobody sent through it. */
  readonly passedBy: number;
}

/** Calls and rows that one side has more than the bounds allow; never negative. */
export interface Difference {
  readonly command: string;
  /** Where the text comes from, if no application sends it. */
  readonly origin: Origin | undefined;
  readonly isHousekeeping: boolean;
  readonly serverCalls: number;
  readonly proxyCalls: number;
  readonly moreCallsByServer: number;
  readonly moreCallsByProxy: number;
  readonly moreRowsByServer: number;
  readonly moreRowsByProxy: number;
}

export interface ServerRule {
  readonly name: string;
  /** What the server does, for people. */
  readonly says: string;
  inForce(traits: ServerTraits): boolean;
  explains(difference: Difference, traits: ServerTraits): boolean;
  /** It also explains what only the server saw, which is a bypass otherwise. */
  readonly isOrigin?: true;
}

/** Statements that the planner plans; all others are utility statements. */
const PLANNED: ReadonlySet<string> = new Set([
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'VALUES',
  'TABLE',
  'WITH',
  '',
]);

function isUtility(command: string): boolean {
  return !PLANNED.has(command);
}

function onlyProxyHasMore(d: Difference): boolean {
  return d.moreCallsByServer === 0 && d.moreRowsByServer === 0;
}

function onlyServerHasMore(d: Difference): boolean {
  return d.moreCallsByProxy === 0 && d.moreRowsByProxy === 0;
}

function ofOrigin(origin: Origin, says: string): ServerRule {
  return {
    name: origin,
    says,
    inForce: () => true,
    explains: (d) => d.origin === origin && onlyServerHasMore(d),
    isOrigin: true,
  };
}

/** The rule for counts that the server dropped by itself. */
export const ENTRIES_DROPPED = 'entries-thrown-out';

export const SERVER_RULES: readonly ServerRule[] = [
  ofOrigin(
    'foreign-key-check',
    'the server itself checks foreign keys; a deferred one, as Django makes them, at COMMIT',
  ),
  ofOrigin(
    'function-body',
    'the statement is in a function that the server runs at top level, for a deferred trigger at COMMIT',
  ),
  ofOrigin('own-query', 'pgwitness asked the server itself, on a connection of its own'),
  ofOrigin('catalogue-look-up', 'a tool or driver on a direct connection asked the system catalogue'),
  {
    name: 'prepare-not-counted',
    says: 'PREPARE is not counted, and each EXECUTE counts under the statement that was prepared',
    inForce: () => true,
    explains: (d) => (d.command === 'PREPARE' || d.command === 'EXECUTE') && d.serverCalls === 0,
  },
  {
    name: 'deallocate-not-counted',
    says: 'DEALLOCATE is not counted before PostgreSQL 17',
    inForce: ({ major }) => major < 17,
    explains: (d) => d.command === 'DEALLOCATE' && d.serverCalls === 0,
  },
  {
    name: 'track-utility-off',
    says: 'pg_stat_statements.track_utility is off: only SELECT, INSERT, UPDATE, DELETE and MERGE are counted',
    inForce: ({ trackUtility }) => !trackUtility,
    explains: (d) => isUtility(d.command) && d.serverCalls === 0,
  },
  {
    name: 'prepared-utility-once',
    says: 'a utility statement that was prepared by the protocol is counted only at its first execution in a session',
    inForce: ({ trackUtility }) => trackUtility,
    explains: (d) => isUtility(d.command) && d.moreCallsByProxy > 0 && onlyProxyHasMore(d),
  },
  {
    name: 'suspended-portal-rows',
    says: 'before PostgreSQL 16, only the rows of the last part of a portal fetched in parts are counted',
    inForce: ({ major }) => major < 16,
    explains: (d) => !isUtility(d.command) && d.moreRowsByProxy > 0 && onlyProxyHasMore(d) && d.moreCallsByProxy === 0,
  },
  {
    name: 'utility-rows',
    says: 'rows are counted for no utility statement but COPY, FETCH, CREATE TABLE AS, SELECT INTO and REFRESH',
    inForce: () => true,
    explains: (d) =>
      (d.command === 'MOVE' || d.command === 'EXPLAIN' || d.command === 'SHOW' || d.command === 'CALL') &&
      d.moreCallsByProxy === 0 &&
      d.moreCallsByServer === 0,
  },
  {
    name: 'refresh-rows',
    says: 'only the server counts the rows of REFRESH MATERIALIZED VIEW: its answer to the client does not contain them',
    inForce: () => true,
    explains: (d) => d.command === 'REFRESH' && d.moreCallsByProxy === 0 && d.moreCallsByServer === 0,
  },
  {
    name: ENTRIES_DROPPED,
    says: 'the server dropped entries and their counts, because there were more than pg_stat_statements.max',
    inForce: ({ deallocations }) => deallocations > 0,
    explains: (d) => onlyProxyHasMore(d),
  },
  {
    name: 'not-observed',
    says: 'pgwitness did not observe some executions or their texts; their number is given',
    inForce: ({ notObserved }) => notObserved > 0,
    explains: (d, { notObserved }) =>
      d.moreCallsByServer > 0 && d.moreCallsByServer <= notObserved && d.moreCallsByProxy === 0,
  },
  {
    name: 'housekeeping-of-bypassing',
    says: 'clients that bypassed pgwitness sent BEGIN, COMMIT, SET and the like too; they are no more than their statements',
    inForce: ({ passedBy }) => passedBy > 0,
    explains: (d, { passedBy }) => d.isHousekeeping && onlyServerHasMore(d) && d.moreCallsByServer <= passedBy,
  },
];
