// The statements that one unit keeps.
// Invariant: asked for, they are in the order in which they started, whatever order they came in.
// Not here: how they are held (packed-statements.ts), what a unit adds up (../unit.ts).

import type { UnitStatement } from '../../../facts/work/unit.js';
import type { KeptStatements } from './kept-statements.js';
import type { PackedStatements } from './packed-statements.js';

export class StatementList {
  readonly #kept: KeptStatements;
  #packed: PackedStatements | undefined = undefined;
  #length = 0;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #isSorted = true;
  /** As they were asked for; undefined = something changed since. */
  #read: readonly UnitStatement[] | undefined = undefined;

  constructor(kept: KeptStatements) {
    this.#kept = kept;
  }

  get length(): number {
    return this.#length;
  }

  /** The first that started; undefined = none is kept. */
  get first(): UnitStatement | undefined {
    if (this.#read !== undefined || !this.#isSorted) return this.read()[0];
    return this.#length === 0 ? undefined : this.#packed!.read(0);
  }

  /** Hot path. Copies it. True: all its texts but the fingerprint are those of the one that was added before it. */
  add(statement: UnitStatement): boolean {
    this.#packed ??= this.#kept.lend();
    if (this.#length === this.#packed.room) this.#packed.grow(this.#length + 1);
    this.#kept.size++;
    this.#read = undefined;
    if (statement.startMs < this.#lastStartMs) this.#isSorted = false;
    else this.#lastStartMs = statement.startMs;
    return this.#packed.write(this.#length++, statement);
  }

  /** Takes all of another list, which is empty then. */
  take(other: StatementList): void {
    const length = this.#length + other.#length;
    if (other.#length === 0) return;
    this.#packed ??= this.#kept.lend();
    if (length > this.#packed.room) this.#packed.grow(length);
    this.#packed.copy(this.#length, other.#packed!, other.#length);
    this.#length = length;
    this.#read = undefined;
    this.#isSorted = false;
    other.#forget();
  }

  /** They stand whatever comes. */
  read(): readonly UnitStatement[] {
    if (this.#read !== undefined) return this.#read;
    const all: UnitStatement[] = [];
    for (let place = 0; place < this.#length; place++) all.push(this.#packed!.read(place));
    if (!this.#isSorted) all.sort(byStart);
    this.#read = all;
    return all;
  }

  /** It is twice as large as what it was made of. */
  forgetRead(): void {
    this.#read = undefined;
  }

  /** Keeps the statements of pauses in transactions. Returns how many it gave up. */
  rest(): number {
    const all = this.read();
    const needed = aroundPauses(all);
    this.clear();
    for (const one of all) if (needed.has(one)) this.add(one);
    return all.length - needed.size;
  }

  clear(): void {
    this.#kept.size -= this.#length;
    this.#forget();
  }

  #forget(): void {
    if (this.#packed !== undefined) this.#kept.giveBack(this.#packed);
    this.#packed = this.#read = undefined;
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
