// Keeps the statements of all open units in columns, each unit's as a chain of slots.
// Columns, because objects that live for a second are what a garbage collector works on most.
// Invariant: a slot is in one chain, or free; what a chain held is gone once it is freed. The columns grow to `max`
// slots and keep that memory. Not here: which unit a statement is in, and their order (unit.ts).

import type { UnitStatement } from '../../facts/work/unit.js';

/** A statement that may be kept. */
export interface Keepable extends UnitStatement {
  /** Where it is kept; NO_SLOT = nowhere. */
  slot: number;
  /** How often that slot had been freed when it came: a slot serves again. */
  slotUses: number;
}

/** No slot: the end of a chain, or one that is not kept. */
export const NO_SLOT = -1;

const SLOTS_FIRST = 1_024;

/** Columns of numbers, one row of `numbers` per slot. */
const START_MS = 0;
const END_MS = 1;
const SERVICE_NS = 2;
const ROWS = 3;
const POSITION = 4;
const HASH = 5;
const COUNT = 6;
const NUMBERS = 7;

/** Columns of strings, each of which lives elsewhere too. */
const FINGERPRINT = 0;
const SESSION = 1;
const SQLSTATE = 2;
const COMMAND = 3;
const HOUSEKEEPING = 4;
const BEFORE = 5;
const AFTER = 6;
const SOURCE = 7;
const CONSTRUCT = 8;
const POOL = 9;
const TAG_SET = 10;
const STRINGS = 11;

const BATCHED = 1;
const CUT = 2;
const READS = 4;
const READS_ALL = 8;

export class KeptStatements {
  readonly #max: number;
  #slots = 0;
  #numbers = new Float64Array(0);
  #flags = new Uint8Array(0);
  /** The next slot of its chain, or of the free ones. */
  #next = new Int32Array(0);
  #uses = new Uint32Array(0);
  readonly #strings: string[] = [];
  #free = NO_SLOT;
  /** Slots in chains. */
  size = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get isFull(): boolean {
    return this.size >= this.#max;
  }

  /** Hot path: appends to the chain that ends with `last`; NO_SLOT = begins one. Not when full. */
  append(last: number, statement: Keepable): void {
    if (this.#free === NO_SLOT) this.#grow();
    const slot = this.#free;
    this.#free = this.#next[slot];
    this.#next[slot] = NO_SLOT;
    if (last !== NO_SLOT) this.#next[last] = slot;
    this.size++;
    const numbers = this.#numbers;
    const number = slot * NUMBERS;
    numbers[number + START_MS] = statement.startMs;
    numbers[number + END_MS] = statement.endMs;
    numbers[number + SERVICE_NS] = statement.serviceNs;
    numbers[number + ROWS] = statement.rows;
    numbers[number + POSITION] = statement.transactionPosition;
    numbers[number + HASH] = statement.parameterHash;
    numbers[number + COUNT] = statement.parameterCount;
    const reads = statement.reads === '' ? 0 : statement.reads === 'rows' ? READS : READS_ALL;
    this.#flags[slot] = (statement.batched ? BATCHED : 0) | (statement.parametersCut ? CUT : 0) | reads;
    const strings = this.#strings;
    const string = slot * STRINGS;
    strings[string + FINGERPRINT] = statement.fingerprint;
    strings[string + SESSION] = statement.session;
    strings[string + SQLSTATE] = statement.sqlstate;
    strings[string + COMMAND] = statement.command;
    strings[string + HOUSEKEEPING] = statement.housekeeping;
    strings[string + BEFORE] = statement.transactionBefore;
    strings[string + AFTER] = statement.transactionAfter;
    statement.slot = slot;
    statement.slotUses = this.#uses[slot];
    this.settle(statement);
  }

  /** Hot path: its session has settled, so its source, construct, pool and tag set are known. */
  settle({ slot, slotUses, source, construct, pool, tagSet }: Keepable): void {
    if (slot === NO_SLOT || this.#uses[slot] !== slotUses) return;
    const strings = this.#strings;
    const string = slot * STRINGS;
    strings[string + SOURCE] = source;
    strings[string + CONSTRUCT] = construct;
    strings[string + POOL] = pool;
    strings[string + TAG_SET] = tagSet;
  }

  /** Appends a chain to another, which ends with `last`. */
  join(last: number, first: number): void {
    this.#next[last] = first;
  }

  /** The statements of a chain, in the order in which they came. */
  read(first: number): UnitStatement[] {
    const statements: UnitStatement[] = [];
    for (let slot = first; slot !== NO_SLOT; slot = this.#next[slot]) statements.push(this.#statement(slot));
    return statements;
  }

  /** Frees a chain. */
  free(first: number): void {
    for (let slot = first; slot !== NO_SLOT; ) {
      const next = this.#next[slot];
      this.#uses[slot]++;
      this.#next[slot] = this.#free;
      this.#free = slot;
      this.size--;
      slot = next;
    }
  }

  #statement(slot: number): UnitStatement {
    const numbers = this.#numbers;
    const number = slot * NUMBERS;
    const strings = this.#strings;
    const string = slot * STRINGS;
    const flags = this.#flags[slot];
    return {
      fingerprint: strings[string + FINGERPRINT],
      session: strings[string + SESSION],
      startMs: numbers[number + START_MS],
      endMs: numbers[number + END_MS],
      serviceNs: numbers[number + SERVICE_NS],
      rows: numbers[number + ROWS],
      sqlstate: strings[string + SQLSTATE],
      command: strings[string + COMMAND],
      batched: (flags & BATCHED) !== 0,
      reads: (flags & READS) !== 0 ? 'rows' : (flags & READS_ALL) !== 0 ? 'all' : '',
      housekeeping: strings[string + HOUSEKEEPING],
      transactionBefore: strings[string + BEFORE] as UnitStatement['transactionBefore'],
      transactionAfter: strings[string + AFTER] as UnitStatement['transactionAfter'],
      transactionPosition: numbers[number + POSITION],
      parameterHash: numbers[number + HASH],
      parameterCount: numbers[number + COUNT],
      parametersCut: (flags & CUT) !== 0,
      source: strings[string + SOURCE],
      construct: strings[string + CONSTRUCT],
      pool: strings[string + POOL],
      tagSet: strings[string + TAG_SET],
    };
  }

  #grow(): void {
    const from = this.#slots;
    const to = Math.min(this.#max, Math.max(SLOTS_FIRST, from * 2));
    this.#slots = to;
    const numbers = new Float64Array(to * NUMBERS);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    const flags = new Uint8Array(to);
    flags.set(this.#flags);
    this.#flags = flags;
    const uses = new Uint32Array(to);
    uses.set(this.#uses);
    this.#uses = uses;
    const next = new Int32Array(to);
    next.set(this.#next);
    this.#next = next;
    for (let slot = from; slot < to; slot++) {
      next[slot] = slot + 1 < to ? slot + 1 : NO_SLOT;
      for (let string = 0; string < STRINGS; string++) this.#strings.push('');
    }
    this.#free = from;
  }
}
