// The statements that one unit keeps: a chain in the columns of all units.
// Invariant: asked for, they are in the order in which they started, whatever order they came in.
// Not here: the columns (kept-statements.ts), what a unit adds up (unit.ts).

import type { UnitStatement } from '../../facts/work/unit.js';
import { type Keepable, type KeptStatements, NO_SLOT } from './kept-statements.js';

export class StatementChain {
  readonly #kept: KeptStatements;
  #first = NO_SLOT;
  #last = NO_SLOT;
  length = 0;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #sorted = true;
  /** Read from the columns; undefined = not since something changed. */
  #read: readonly UnitStatement[] | undefined = undefined;

  constructor(kept: KeptStatements) {
    this.#kept = kept;
  }

  /** Hot path. */
  add(statement: Keepable): void {
    this.#kept.append(this.#last, statement);
    if (this.#first === NO_SLOT) this.#first = statement.slot;
    this.#last = statement.slot;
    this.length++;
    if (statement.startMs < this.#lastStartMs) this.#sorted = false;
    else this.#lastStartMs = statement.startMs;
    this.#read = undefined;
  }

  /** Hot path: what the session of one of them says, now that it has settled. */
  settle(statement: Keepable): void {
    // One that is not kept changes nothing that was read.
    if (statement.slot === NO_SLOT) return;
    this.#kept.settle(statement);
    this.#read = undefined;
  }

  /** Takes all of another chain, which is empty then. */
  take(other: StatementChain): void {
    if (other.length === 0) return;
    if (this.length === 0) this.#first = other.#first;
    else this.#kept.join(this.#last, other.#first);
    this.#last = other.#last;
    this.length += other.length;
    this.#sorted = false;
    this.#read = undefined;
    other.#forget();
  }

  read(): readonly UnitStatement[] {
    if (this.#read === undefined) {
      const statements = this.#kept.read(this.#first);
      if (!this.#sorted) statements.sort(byStart);
      this.#read = statements;
    }
    return this.#read;
  }

  /** Keeps the statements of pauses in transactions. Returns how many it gave up. */
  rest(): number {
    const { length } = this;
    const needed = aroundPauses(this.read());
    this.clear();
    for (const one of needed) this.add({ ...one, slot: NO_SLOT, slotUses: 0 });
    return length - needed.length;
  }

  clear(): void {
    this.#kept.free(this.#first);
    this.#forget();
  }

  #forget(): void {
    this.#first = this.#last = NO_SLOT;
    this.length = 0;
    this.#lastStartMs = Number.NEGATIVE_INFINITY;
    this.#sorted = true;
    this.#read = undefined;
  }
}

const PAUSE_MS = 1_000;

/** Of each transaction that is open where it begins and where it is now; of each pause what lies on both sides. */
function aroundPauses(statements: readonly UnitStatement[]): UnitStatement[] {
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
  return statements.filter((one) => needed.has(one));
}

function byStart(a: UnitStatement, b: UnitStatement): number {
  return a.startMs - b.startMs || a.endMs - b.endMs || (a.session < b.session ? -1 : 1);
}
