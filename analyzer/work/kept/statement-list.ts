// The statements that one unit keeps.
// Invariant: asked for, they are in the order in which they started, whatever order they came in.
// Not here: where their objects come from (kept-statements.ts), what a unit adds up (unit.ts).

import type { UnitStatement } from '../../../facts/work/unit.js';
import type { KeptStatements, UnitExecution } from './kept-statements.js';

/** A longer list is not used again. */
const ROOM_KEPT = 64;

export class StatementList {
  readonly #kept: KeptStatements;
  /** Those from #length on are of an earlier unit. */
  #list: UnitExecution[] = [];
  #length = 0;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #isSorted = true;

  constructor(kept: KeptStatements) {
    this.#kept = kept;
  }

  get length(): number {
    return this.#length;
  }

  /** Hot path. */
  add(statement: UnitExecution): void {
    if (this.#length < this.#list.length) this.#list[this.#length] = statement;
    else this.#list.push(statement);
    this.#length++;
    this.#kept.size++;
    if (statement.startMs < this.#lastStartMs) this.#isSorted = false;
    else this.#lastStartMs = statement.startMs;
  }

  /** Takes all of another list, which is empty then. */
  take(other: StatementList): void {
    if (other.#length === 0) return;
    this.#list = this.#list.slice(0, this.#length).concat(other.#list.slice(0, other.#length));
    this.#length = this.#list.length;
    this.#isSorted = false;
    other.#forget();
  }

  /** They stand until something changes. */
  read(): readonly UnitExecution[] {
    if (this.#length < this.#list.length) this.#list = this.#list.slice(0, this.#length);
    if (!this.#isSorted) {
      this.#list.sort(byStart);
      this.#isSorted = true;
      this.#lastStartMs = this.#list[this.#length - 1].startMs;
    }
    return this.#list;
  }

  /** Keeps the statements of pauses in transactions. Returns how many it gave up. */
  rest(): number {
    const all = this.read();
    const needed = aroundPauses(all);
    const given = all.filter((one) => !needed.has(one));
    this.#list = all.filter((one) => needed.has(one));
    this.#length = this.#list.length;
    this.#kept.giveBackAll(given, given.length);
    return given.length;
  }

  clear(): void {
    this.#kept.giveBackAll(this.#list, this.#length);
    this.#forget();
  }

  #forget(): void {
    if (this.#list.length > ROOM_KEPT) this.#list = [];
    this.#length = 0;
    this.#lastStartMs = Number.NEGATIVE_INFINITY;
    this.#isSorted = true;
  }
}

const PAUSE_MS = 1_000;

/** Of each transaction that is open where it begins and where it is now; of each pause what lies on both sides. */
function aroundPauses(statements: readonly UnitStatement[]): ReadonlySet<UnitStatement> {
  const needed = new Set<UnitStatement>();
  const last = new Map<string, UnitStatement>();
  const begun = new Map<string, UnitStatement[]>();
  for (const one of statements) {
    const { session, startMs, transactionAfter: after, housekeeping } = one;
    const before = last.get(session);
    if (before !== undefined && begun.has(session) && startMs - before.endMs >= PAUSE_MS) needed.add(before).add(one);
    last.set(session, one);
    const begins = begun.get(session);
    if (after === 'I') begun.delete(session);
    else if (begins === undefined && after !== '') begun.set(session, [one]);
    else if (begins?.length === 1 && begins[0].housekeeping !== '' && housekeeping === '') begins.push(one);
  }
  for (const [session, begins] of begun) for (const one of [...begins, last.get(session)!]) needed.add(one);
  return needed;
}

function byStart(a: UnitStatement, b: UnitStatement): number {
  return a.startMs - b.startMs || a.endMs - b.endMs || (a.session < b.session ? -1 : 1);
}
