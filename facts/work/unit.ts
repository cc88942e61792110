// A unit of work as the rest of the house sees it: what one request, job or transaction sent.
// Invariant: nothing here holds text or a literal. `statements` are in the order in which they started, over all
// sessions; one whose session has not settled is not among them yet.
// Not here: finding units (analyzer/work/), what is counted of them (../rollup-row.ts).

import type { Boundary, Found } from '../rollup-row.js';

/** What is among the statements of a unit, in bits. A rule that needs it has nothing to look at in other units. */
export const TRAITS = {
  /** INSERT, UPDATE, DELETE, MERGE. */
  writes: 1,
  errors: 2,
  /** A transaction was open after it. */
  open: 4,
  housekeeping: 8,
  /** All columns of a table. */
  readsAll: 16,
  /** More than one row. */
  rows: 32,
  /** Of more than one session. */
  sessions: 64,
  /** The same more than once. */
  repeats: 128,
} as const;
export const ALL_TRAITS = 255;

const WRITES: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

export function isWrite({ command }: Pick<UnitStatement, 'command'>): boolean {
  return command !== 'SELECT' && WRITES.has(command);
}

/** What one statement adds to the traits of its unit, but what others say of it. */
export function traitsOf(statement: UnitStatement): number {
  const { transactionAfter, source } = statement;
  let traits = isWrite(statement) ? TRAITS.writes : 0;
  if (statement.sqlstate !== '') traits |= TRAITS.errors;
  if (transactionAfter === 'T' || transactionAfter === 'E') traits |= TRAITS.open;
  if (statement.housekeeping !== '' || source === 'housekeeping') traits |= TRAITS.housekeeping;
  if (statement.reads === 'all') traits |= TRAITS.readsAll;
  if (statement.rows > 1) traits |= TRAITS.rows;
  return traits;
}

/** One execution inside a unit. */
export interface UnitStatement {
  readonly fingerprint: string;
  /** Relay and session, one string per session. */
  readonly session: string;
  /** Unix ms, of the relay's clock. */
  readonly startMs: number;
  readonly endMs: number;
  /** Of a batched execution: an equal share. */
  readonly serviceNs: number;
  readonly rows: number;
  /** '' = it completed. */
  readonly sqlstate: string;
  /** Command tag without its numbers. */
  readonly command: string;
  readonly batched: boolean;
  /** Rows of tables, by its text: no lock, and no call that changes something; all: with `*`. '' = anything else. */
  readonly reads: '' | 'rows' | 'all';
  /** What it does for the session ('begin', 'ping', …); '' = it is the application's. */
  readonly housekeeping: string;
  /** Status of ReadyForQuery; '' = the server has not said. */
  readonly transactionBefore: '' | 'I' | 'T' | 'E';
  readonly transactionAfter: '' | 'I' | 'T' | 'E';
  /** Of its parameters and literals; 0 = unknown. In memory alone. */
  readonly parameterHash: number;
  readonly parameterCount: number;
  /** An equal hash proves nothing. */
  readonly parametersCut: boolean;
  source: string;
  construct: string;
  /** Pool id. */
  pool: string;
  /** Canonical JSON object of its dimensions, the caller among them; '' = none. */
  tagSet: string;
}

/** What was seen of a unit so far, or of one that ended. */
export interface WorkUnit {
  readonly found: Found;
  readonly boundary: Boundary;
  /** Of its statements, and maybe of further ones: what is missing is in none of them. */
  readonly traits: number;
  /** The id that its tags give; '' = none. */
  readonly id: string;
  /** Canonical JSON object of its dimensions without the caller; '' = untagged. */
  readonly tagSet: string;
  readonly firstMs: number;
  readonly lastMs: number;
  /** Time in the database, of the statements whose session settled. */
  readonly serviceNs: number;
  /** Connections that were opened for it alone, where all of the application are; what opening took. */
  readonly opened: { readonly connections: number; readonly ms: number };
  /** At most limits.unitStatementsMax, in the order in which they started. */
  readonly statements: readonly UnitStatement[];
  /** The first of `statements`, without making the others. */
  readonly first: UnitStatement | undefined;
  /** How many `statements` are, without making them. */
  readonly kept: number;
  /** Further executions, which are in the sums alone. */
  readonly statementsDropped: number;
}
