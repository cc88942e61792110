// Where pg_stat_statements counts by rules of its own, version by version, so that a difference is expected.
// Invariant: a rule speaks of one statement and of the direction and size of difference it can account for; it never hides another one.
// Not here: comparing (reconcile.ts). Sources: PostgreSQL contrib/pg_stat_statements/pg_stat_statements.c (pgss_ProcessUtility,
// pgss_ExecutorEnd), src/backend/tcop/pquery.c.

export interface ServerTraits {
  readonly major: number;
  readonly trackUtility: boolean;
  readonly deallocations: number;
  /** Executions that pgwitness says it did not observe, or whose text it does not know. */
  readonly notObserved: number;
}

/** More calls or rows on one side, beyond what the moment of reading can explain; never negative. */
export interface Difference {
  readonly command: string;
  readonly serverCalls: number;
  readonly proxyCalls: number;
  readonly moreCallsByServer: number;
  readonly moreCallsByProxy: number;
  readonly moreRowsByServer: number;
  readonly moreRowsByProxy: number;
}

export interface ServerRule {
  readonly name: string;
  /** For people: what the server does. */
  readonly says: string;
  inForce(traits: ServerTraits): boolean;
  explains(difference: Difference, traits: ServerTraits): boolean;
}

/** Statements that the planner sees; everything else is a utility statement. */
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

export function isUtility(command: string): boolean {
  return !PLANNED.has(command);
}

function onlyProxyHasMore(d: Difference): boolean {
  return d.moreCallsByServer === 0 && d.moreRowsByServer === 0;
}

export const SERVER_RULES: readonly ServerRule[] = [
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
    says: 'a utility statement that the protocol prepared is counted at its first execution in a session only',
    inForce: ({ trackUtility }) => trackUtility,
    explains: (d) => isUtility(d.command) && d.moreCallsByProxy > 0 && onlyProxyHasMore(d),
  },
  {
    name: 'suspended-portal-rows',
    says: 'of a portal fetched in several parts only the rows of the last part are counted before PostgreSQL 16',
    inForce: ({ major }) => major < 16,
    explains: (d) => !isUtility(d.command) && d.moreRowsByProxy > 0 && onlyProxyHasMore(d) && d.moreCallsByProxy === 0,
  },
  {
    name: 'utility-rows',
    says: 'of utility statements only COPY, FETCH, CREATE TABLE AS, SELECT INTO and REFRESH have rows',
    inForce: () => true,
    explains: (d) =>
      (d.command === 'MOVE' || d.command === 'EXPLAIN' || d.command === 'SHOW' || d.command === 'CALL') &&
      d.moreCallsByProxy === 0 &&
      d.moreCallsByServer === 0,
  },
  {
    name: 'refresh-rows',
    says: 'the rows of REFRESH MATERIALIZED VIEW are counted by the server alone: its answer to the client does not have them',
    inForce: () => true,
    explains: (d) => d.command === 'REFRESH' && d.moreCallsByProxy === 0 && d.moreCallsByServer === 0,
  },
  {
    name: 'entries-thrown-out',
    says: 'the server threw entries out because there were more than pg_stat_statements.max: their counts are gone',
    inForce: ({ deallocations }) => deallocations > 0,
    explains: (d) => onlyProxyHasMore(d),
  },
  {
    name: 'not-observed',
    says: 'pgwitness did not observe every execution, or not its text, and says how many',
    inForce: ({ notObserved }) => notObserved > 0,
    explains: (d, { notObserved }) =>
      d.moreCallsByServer > 0 && d.moreCallsByServer <= notObserved && d.moreCallsByProxy === 0,
  },
];
