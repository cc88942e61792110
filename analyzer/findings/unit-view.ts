// A unit of work as the rules of findings look at it: worked out once, and only if a rule asks.
// Invariant: nothing of the unit is changed. Not here: the rules.

import type { UnitStatement, WorkUnit } from '../../facts/work/unit.js';

/** One that has an end. */
export interface Transaction {
  readonly session: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly statements: readonly UnitStatement[];
  readonly isRolledBack: boolean;
}

/** Serialisation failure and deadlock: what comes after is the same work again. */
const RETRIED: ReadonlySet<string> = new Set(['40001', '40P01']);

export class UnitView {
  readonly unit: WorkUnit;
  #own: readonly UnitStatement[] | undefined;
  #byFingerprint: ReadonlyMap<string, readonly UnitStatement[]> | undefined;
  #transactions: readonly Transaction[] | undefined;

  constructor(unit: WorkUnit) {
    this.unit = unit;
  }

  /** The application's own statements, those after the last retry. */
  get own(): readonly UnitStatement[] {
    this.#own ??= ownStatements(this.unit);
    return this.#own;
  }

  /** Executions of each statement of `own`, in the order of their first. */
  get byFingerprint(): ReadonlyMap<string, readonly UnitStatement[]> {
    this.#byFingerprint ??= grouped(this.own);
    return this.#byFingerprint;
  }

  get transactions(): readonly Transaction[] {
    this.#transactions ??= transactionsOf(this.unit);
    return this.#transactions;
  }
}

export function isOpen({ transactionAfter }: UnitStatement): boolean {
  return transactionAfter === 'T' || transactionAfter === 'E';
}

function ownStatements({ statements }: WorkUnit): UnitStatement[] {
  const retry = statements.findLastIndex(({ sqlstate }) => RETRIED.has(sqlstate));
  return statements
    .slice(retry + 1)
    .filter(({ housekeeping, source }) => housekeeping === '' && source !== 'housekeeping');
}

function grouped(statements: readonly UnitStatement[]): Map<string, UnitStatement[]> {
  const groups = new Map<string, UnitStatement[]>();
  for (const statement of statements) {
    const group = groups.get(statement.fingerprint);
    if (group === undefined) groups.set(statement.fingerprint, [statement]);
    else group.push(statement);
  }
  return groups;
}

function transactionsOf({ statements }: WorkUnit): Transaction[] {
  const open = new Map<string, UnitStatement[]>();
  const found: Transaction[] = [];
  for (const statement of statements) {
    const { session } = statement;
    const inside = open.get(session);
    if (inside !== undefined) inside.push(statement);
    else if (isOpen(statement)) open.set(session, [statement]);
    if (inside === undefined || statement.transactionAfter !== 'I') continue;
    open.delete(session);
    const isRolledBack = statement.command === 'ROLLBACK';
    found.push({ session, startMs: inside[0].startMs, endMs: statement.endMs, statements: inside, isRolledBack });
  }
  return found;
}
