// A unit of work as the rules of findings look at it: worked out once, and only if a rule asks.
// Invariant: nothing of the unit is changed. Not here: the rules.

import { routeOf } from '../../../facts/work/routes.js';
import type { UnitStatement, WorkUnit } from '../../../facts/work/unit.js';
import { FindingRules } from './finding-rules.js';

export interface Transaction {
  readonly session: string;
  readonly startMs: number;
  /** Of one that is open: now. */
  readonly endMs: number;
  readonly statements: readonly UnitStatement[];
  readonly isRolledBack: boolean;
}

/** How things stand in a unit that goes on. */
export interface Now {
  /** By the clock of its relay. */
  readonly nowMs: number;
  /** Sessions with an open transaction and no statement in flight for a second. */
  readonly idleSessions: ReadonlySet<string>;
}

export interface ViewOptions {
  readonly rules?: FindingRules;
  /** Name of a pool by its id. */
  readonly nameOfPool?: (id: string) => string;
  /** Statements whose plan reads a whole table. */
  readonly seqScans?: ReadonlySet<string>;
  /** Left out for a unit that ended. */
  readonly now?: Now;
}

/** Serialisation failure and deadlock: what comes after is the same work again. */
export const RETRIED: ReadonlySet<string> = new Set(['40001', '40P01']);
const NO_RULES = new FindingRules();
const NONE: ReadonlySet<string> = new Set();

export class UnitView {
  readonly unit: WorkUnit;
  readonly rules: FindingRules;
  readonly nameOfPool: (id: string) => string;
  readonly seqScans: ReadonlySet<string>;
  readonly now: Now | undefined;
  #own: readonly UnitStatement[] | undefined;
  #byFingerprint: ReadonlyMap<string, readonly UnitStatement[]> | undefined;
  #transactions: { ended: readonly Transaction[]; open: readonly Transaction[] } | undefined;
  #route: string | undefined;

  constructor(unit: WorkUnit, { rules = NO_RULES, nameOfPool = (id) => id, seqScans = NONE, now }: ViewOptions = {}) {
    this.unit = unit;
    this.rules = rules;
    this.nameOfPool = nameOfPool;
    this.seqScans = seqScans;
    this.now = now;
  }

  /** '' = untagged. */
  get route(): string {
    this.#route ??= routeOf(this.unit.tagSet).route;
    return this.#route;
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

  /** False for a unit in which nothing runs twice: most rules have nothing to look at. */
  get repeats(): boolean {
    return this.byFingerprint.size < this.own.length;
  }

  /** Only then can one session's transaction not cover another's work. */
  get hasSeveralSessions(): boolean {
    const { statements } = this.unit;
    const [first] = statements;
    return statements.some(({ session }) => session !== first.session);
  }

  /** Those that ended. */
  get transactions(): readonly Transaction[] {
    return this.#allTransactions().ended;
  }

  get openTransactions(): readonly Transaction[] {
    return this.#allTransactions().open;
  }

  #allTransactions() {
    this.#transactions ??= transactionsOf(this.unit, this.now?.nowMs ?? 0);
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

function transactionsOf({ statements }: WorkUnit, nowMs: number) {
  const open = new Map<string, UnitStatement[]>();
  const ended: Transaction[] = [];
  for (const statement of statements) {
    const { session } = statement;
    const inside = open.get(session);
    if (inside !== undefined) inside.push(statement);
    else if (isOpen(statement)) open.set(session, [statement]);
    if (inside === undefined || statement.transactionAfter !== 'I') continue;
    open.delete(session);
    const isRolledBack = statement.command === 'ROLLBACK';
    ended.push({ session, startMs: inside[0].startMs, endMs: statement.endMs, statements: inside, isRolledBack });
  }
  const stillOpen = [...open].map(([session, inside]) => {
    const last = inside[inside.length - 1];
    const endMs = Math.max(nowMs, last.endMs);
    return { session, startMs: inside[0].startMs, endMs, statements: inside, isRolledBack: false };
  });
  return { ended, open: stillOpen };
}
