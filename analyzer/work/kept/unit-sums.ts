// Defines the sums of one unit of work, and what it asks of its sessions.
// Not here: its statements (statement-sums.ts), its parts (unit-parts.ts), adding executions (../unit.ts).

import type { Found } from '../../../facts/rollup-row.js';

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
