// Statements of one unit in two arrays, one statement beside the next.
// As objects they are twice as large and lie anywhere: what a thousand units hold then fits into no processor's cache.
// Invariant: a place reads as it was written.
// Not here: their order (statement-list.ts), who has which (kept-statements.ts).

import type { UnitStatement } from '../../../facts/work/unit.js';

/** Numbers of a statement: its moments, time, rows, parameters, place in its transaction, and what bits say. */
const NUMBERS = 8;
/** Texts of a statement. */
const TEXTS = 9;
const PLACES_AT_FIRST = 8;

const BATCHED = 1;
const CUT = 2;
const READS_SHIFT = 2;
const BEFORE_SHIFT = 4;
const AFTER_SHIFT = 6;
const TWO_BITS = 3;
const READS = ['', 'rows', 'all'] as const;
const STATUS = ['', 'I', 'T', 'E'] as const;

export class PackedStatements {
  #numbers = new Float64Array(PLACES_AT_FIRST * NUMBERS);
  #texts: string[] = new Array<string>(PLACES_AT_FIRST * TEXTS).fill('');
  /** Places that there is room for. */
  room = PLACES_AT_FIRST;

  /** Hot path. `place` below room. */
  write(place: number, statement: UnitStatement): void {
    let at = place * NUMBERS;
    const numbers = this.#numbers;
    numbers[at] = statement.startMs;
    numbers[at + 1] = statement.endMs;
    numbers[at + 2] = statement.serviceNs;
    numbers[at + 3] = statement.rows;
    numbers[at + 4] = statement.parameterHash;
    numbers[at + 5] = statement.parameterCount;
    numbers[at + 6] = statement.transactionPosition;
    numbers[at + 7] = bitsOf(statement);
    at = place * TEXTS;
    const texts = this.#texts;
    texts[at] = statement.fingerprint;
    texts[at + 1] = statement.session;
    texts[at + 2] = statement.sqlstate;
    texts[at + 3] = statement.command;
    texts[at + 4] = statement.housekeeping;
    texts[at + 5] = statement.source;
    texts[at + 6] = statement.construct;
    texts[at + 7] = statement.pool;
    texts[at + 8] = statement.tagSet;
  }

  /** An object of its own. */
  read(place: number): UnitStatement {
    const numbers = this.#numbers;
    const texts = this.#texts;
    let at = place * NUMBERS;
    const bits = numbers[at + 7];
    const [startMs, endMs, serviceNs, rows] = [numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]];
    const [parameterHash, parameterCount, transactionPosition] = [numbers[at + 4], numbers[at + 5], numbers[at + 6]];
    at = place * TEXTS;
    return {
      fingerprint: texts[at],
      session: texts[at + 1],
      startMs,
      endMs,
      serviceNs,
      rows,
      sqlstate: texts[at + 2],
      command: texts[at + 3],
      batched: (bits & BATCHED) !== 0,
      reads: READS[(bits >> READS_SHIFT) & TWO_BITS],
      housekeeping: texts[at + 4],
      transactionBefore: STATUS[(bits >> BEFORE_SHIFT) & TWO_BITS],
      transactionAfter: STATUS[(bits >> AFTER_SHIFT) & TWO_BITS],
      transactionPosition,
      parameterHash,
      parameterCount,
      parametersCut: (bits & CUT) !== 0,
      source: texts[at + 5],
      construct: texts[at + 6],
      pool: texts[at + 7],
      tagSet: texts[at + 8],
    };
  }

  /** Copies `count` of another from their first place on. There is room for them. */
  copy(place: number, from: PackedStatements, count: number): void {
    this.#numbers.set(from.#numbers.subarray(0, count * NUMBERS), place * NUMBERS);
    for (let at = 0; at < count * TEXTS; at++) this.#texts[place * TEXTS + at] = from.#texts[at];
  }

  /** Room for `places` at least. */
  grow(places: number): void {
    let room = this.room;
    while (room < places) room *= 2;
    const numbers = new Float64Array(room * NUMBERS);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    for (let at = this.room * TEXTS; at < room * TEXTS; at++) this.#texts.push('');
    this.room = room;
  }
}

function bitsOf({ batched, parametersCut, reads, transactionBefore, transactionAfter }: UnitStatement): number {
  let bits = batched ? BATCHED : 0;
  if (parametersCut) bits |= CUT;
  if (reads !== '') bits |= (reads === 'rows' ? 1 : 2) << READS_SHIFT;
  return bits | (statusBits(transactionBefore) << BEFORE_SHIFT) | (statusBits(transactionAfter) << AFTER_SHIFT);
}

/** The place in STATUS. */
function statusBits(status: UnitStatement['transactionBefore']): number {
  if (status === 'I') return 1;
  if (status === '') return 0;
  return status === 'T' ? 2 : 3;
}
