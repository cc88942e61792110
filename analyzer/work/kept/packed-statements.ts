// Statements of one unit in arrays, one statement beside the next.
// As objects they are four times as large and lie anywhere: what a thousand units hold then fits into no processor's
// cache. What one has in common with the one before it is written once.
// Invariant: a place reads as it was written.
// Not here: their order (statement-list.ts), who has which (kept-statements.ts).

import type { UnitStatement } from '../../../facts/work/unit.js';

/** Numbers of a statement: its moments, time, rows, parameters, place in its transaction; bits and the row of texts. */
const NUMBERS = 8;
/** Texts of a row: all of a statement but its fingerprint. */
const TEXTS = 8;
const PLACES_AT_FIRST = 8;

const BATCHED = 1;
const CUT = 2;
const READS_SHIFT = 2;
const BEFORE_SHIFT = 4;
const AFTER_SHIFT = 6;
const TWO_BITS = 3;
const ROW_SHIFT = 8;
const READS = ['', 'rows', 'all'] as const;
const STATUS = ['', 'I', 'T', 'E'] as const;

export class PackedStatements {
  #numbers = new Float64Array(PLACES_AT_FIRST * NUMBERS);
  readonly #fingerprints: string[] = new Array<string>(PLACES_AT_FIRST).fill('');
  /** Rows from #rows on are of an earlier unit. */
  readonly #texts: string[] = [];
  #rows = 0;
  /** Places that there is room for. */
  room = PLACES_AT_FIRST;

  /** Hot path. `place` below room. */
  write(place: number, statement: UnitStatement): void {
    const at = place * NUMBERS;
    const numbers = this.#numbers;
    numbers[at] = statement.startMs;
    numbers[at + 1] = statement.endMs;
    numbers[at + 2] = statement.serviceNs;
    numbers[at + 3] = statement.rows;
    numbers[at + 4] = statement.parameterHash;
    numbers[at + 5] = statement.parameterCount;
    numbers[at + 6] = statement.transactionPosition;
    numbers[at + 7] = bitsOf(statement) | (this.#rowOf(statement) << ROW_SHIFT);
    this.#fingerprints[place] = statement.fingerprint;
  }

  /** An object of its own. */
  read(place: number): UnitStatement {
    const numbers = this.#numbers;
    const texts = this.#texts;
    let at = place * NUMBERS;
    const bits = numbers[at + 7];
    const [startMs, endMs, serviceNs, rows] = [numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]];
    const [parameterHash, parameterCount, transactionPosition] = [numbers[at + 4], numbers[at + 5], numbers[at + 6]];
    at = (bits >> ROW_SHIFT) * TEXTS;
    return {
      fingerprint: this.#fingerprints[place],
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
      tagSet: texts[at],
    };
  }

  /** Copies `count` of another from their first place on. There is room for them. */
  copy(place: number, from: PackedStatements, count: number): void {
    this.#numbers.set(from.#numbers.subarray(0, count * NUMBERS), place * NUMBERS);
    for (let one = 0; one < count; one++) {
      this.#numbers[(place + one) * NUMBERS + 7] += this.#rows << ROW_SHIFT;
      this.#fingerprints[place + one] = from.#fingerprints[one];
    }
    for (let at = 0; at < from.#rows * TEXTS; at++) this.#texts[this.#rows * TEXTS + at] = from.#texts[at];
    this.#rows += from.#rows;
  }

  /** Room for `places` at least. */
  grow(places: number): void {
    let room = this.room;
    while (room < places) room *= 2;
    const numbers = new Float64Array(room * NUMBERS);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    for (let place = this.room; place < room; place++) this.#fingerprints.push('');
    this.room = room;
  }

  /** Before others are written. */
  clear(): void {
    this.#rows = 0;
  }

  /** The last one, if it is as this statement's. */
  #rowOf(statement: UnitStatement): number {
    const { tagSet, session, sqlstate, command, housekeeping, source, construct, pool } = statement;
    const texts = this.#texts;
    let at = (this.#rows - 1) * TEXTS;
    if (
      at >= 0 &&
      texts[at] === tagSet &&
      texts[at + 1] === session &&
      texts[at + 2] === sqlstate &&
      texts[at + 3] === command &&
      texts[at + 4] === housekeeping &&
      texts[at + 5] === source &&
      texts[at + 6] === construct &&
      texts[at + 7] === pool
    )
      return this.#rows - 1;
    at += TEXTS;
    texts[at] = tagSet;
    texts[at + 1] = session;
    texts[at + 2] = sqlstate;
    texts[at + 3] = command;
    texts[at + 4] = housekeeping;
    texts[at + 5] = source;
    texts[at + 6] = construct;
    texts[at + 7] = pool;
    return this.#rows++;
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
