// Defines the sums of one unit of work: of the whole, and of its parts.
// Invariant: `counted` fields say what the rows hold already.
// Not here: its statements (statement-sums.ts), adding executions (../unit.ts).

import type { Found } from '../../../facts/rollup-row.js';

export interface PartOfUnit {
  readonly source: string;
  readonly pool: string;
  statements: number;
  serviceNs: number;
  countedStatements: number;
  countedNs: number;
}

/** Sources and pools of one unit. Further ones are added to the last. */
const PARTS_MAX = 32;

/** Most units have one part, and a list that is appended to takes room for many. */
export function partIn(unit: { parts: readonly PartOfUnit[] }, source: string, pool: string): PartOfUnit {
  for (const part of unit.parts) if (part.source === source && part.pool === pool) return part;
  if (unit.parts.length >= PARTS_MAX) return unit.parts[PARTS_MAX - 1];
  const part = { source, pool, statements: 0, serviceNs: 0, countedStatements: 0, countedNs: 0 };
  unit.parts = [...unit.parts, part];
  return part;
}

export interface UnitSums {
  statements: number;
  repeated: number;
  serviceNs: number;
  rows: number;
  errors: number;
  idleRequests: number;
}

export function noUnitSums(): UnitSums {
  return { statements: 0, repeated: 0, serviceNs: 0, rows: 0, errors: 0, idleRequests: 0 };
}

/** What the rows hold already of a unit, and in which row. */
export interface Counted {
  minute: number;
  found: Found;
  tagSet: string;
  readonly sums: UnitSums;
}

/** Connections that were opened for one unit. */
export interface Opened {
  readonly connections: number;
  readonly ms: number;
}

export const NOTHING_OPENED: Opened = { connections: 0, ms: 0 };

export function addOpened(to: Opened, { connections, ms }: Opened): Opened {
  return { connections: to.connections + connections, ms: to.ms + ms };
}

export function setSums(to: UnitSums, from: UnitSums): void {
  to.statements = from.statements;
  to.repeated = from.repeated;
  to.serviceNs = from.serviceNs;
  to.rows = from.rows;
  to.errors = from.errors;
  to.idleRequests = from.idleRequests;
}

/** What a unit asks of a session that is in it. */
export interface SessionInUnit {
  /** As in its statements. */
  readonly name: string;
  /** Itself: most units have one session. */
  readonly alone: readonly SessionInUnit[];
  readonly inTransaction: boolean;
  /** A statement has been in flight for a second. */
  readonly member: { readonly running: boolean };
}
