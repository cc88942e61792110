// A unit of work as the rules of findings look at it: worked out once, and only if a rule asks.
// Invariant: nothing of the unit is changed. Not here: the rules.

import { routeOf } from '../../../facts/work/routes.js';
import { TRAITS, type UnitStatement, type WorkUnit } from '../../../facts/work/unit.js';
import { FindingRules } from './finding-rules.js';
import { Group } from './group.js';

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
/** Without these all statements of a unit are its own. */
const MAY_BE_OTHERS = TRAITS.errors | TRAITS.housekeeping;
const NO_RULES = new FindingRules();
const NONE: ReadonlySet<string> = new Set();
const NO_TRANSACTIONS: { ended: readonly Transaction[]; open: readonly Transaction[] } = { ended: [], open: [] };

export class UnitView {
  readonly unit: WorkUnit;
  readonly rules: FindingRules;
  readonly nameOfPool: (id: string) => string;
  readonly seqScans: ReadonlySet<string>;
  readonly now: Now | undefined;
  #own: readonly UnitStatement[] | undefined;
  readonly #groups: Group[] = [];
  readonly #groupOf: number[] = [];
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

  /** The first of `own`, for those who ask for no other. */
  get first(): UnitStatement | undefined {
    const { traits, first } = this.unit;
    return this.#own === undefined && (traits & MAY_BE_OTHERS) === 0 ? first : this.own[0];
  }

  /** Executions of each statement of `own`, in the order of their first. */
  get groups(): readonly Group[] {
    if (this.#groups.length === 0) this.#group();
    return this.#groups;
  }

  /** Of each of `own` the place of its group in `groups`. */
  get groupOf(): readonly number[] {
    if (this.#groups.length === 0) this.#group();
    return this.#groupOf;
  }

  /** False for a unit in which nothing runs twice: most rules have nothing to look at. */
  get repeats(): boolean {
    return (this.unit.traits & TRAITS.repeats) !== 0 && this.groups.length < this.own.length;
  }

  /** Only then can one session's transaction not cover another's work. */
  get hasSeveralSessions(): boolean {
    return (this.unit.traits & TRAITS.sessions) !== 0;
  }

  /** Those that ended. */
  get transactions(): readonly Transaction[] {
    return this.#allTransactions().ended;
  }

  get openTransactions(): readonly Transaction[] {
    return this.#allTransactions().open;
  }

  #group(): void {
    const { own } = this;
    const places = new Map<string, number>();
    let last: string | undefined;
    let place = -1;
    for (const statement of own) {
      const { fingerprint } = statement;
      // A loop runs one statement in a row.
      if (fingerprint !== last) {
        last = fingerprint;
        place = places.get(fingerprint) ?? this.#groups.length;
        if (place === this.#groups.length) {
          places.set(fingerprint, place);
          this.#groups.push(new Group());
        }
      }
      this.#groups[place].statements.push(statement);
      this.#groupOf.push(place);
    }
  }

  #allTransactions() {
    if ((this.unit.traits & TRAITS.open) === 0) return NO_TRANSACTIONS;
    this.#transactions ??= transactionsOf(this.unit, this.now?.nowMs ?? 0);
    return this.#transactions;
  }
}

export function isOpen({ transactionAfter }: UnitStatement): boolean {
  return transactionAfter === 'T' || transactionAfter === 'E';
}

function ownStatements({ statements, traits }: WorkUnit): readonly UnitStatement[] {
  if ((traits & MAY_BE_OTHERS) === 0) return statements;
  const retry = statements.findLastIndex(({ sqlstate }) => RETRIED.has(sqlstate));
  return statements
    .slice(retry + 1)
    .filter(({ housekeeping, source }) => housekeeping === '' && source !== 'housekeeping');
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
