// Statements of one unit in arrays, one statement beside the next.
// As objects they are four times as large and lie anywhere: what a thousand units hold then fits into no processor's
// cache. What one has in common with the one before it is written once.
// Invariant: a place reads as it was written.
// Not here: their order (statement-list.ts), who has which (kept-statements.ts).

import type { UnitStatement } from '../../../facts/work/unit.js';
import { grown } from './grown.js';

/** Numbers of a statement: its moments, time, rows, parameters; bits and the row of texts. */
const NUMBERS = 7;
/** Texts of a row: all of a statement but its fingerprint. */
const TEXTS = 11;
const PLACES_AT_FIRST = 8;

const BATCHED = 1;
const CUT = 2;
const ROW_SHIFT = 2;

export class PackedStatements {
  #numbers = new Float64Array(PLACES_AT_FIRST * NUMBERS);
  readonly #fingerprints: string[] = new Array<string>(PLACES_AT_FIRST).fill('');
  /** Rows from #rows on are of an earlier unit. */
  readonly #texts: string[] = [];
  #rows = 0;
  /** Places that there is room for. */
  room = PLACES_AT_FIRST;

  /** Hot path. `place` below room. True: its texts are those of the last row. */
  write(place: number, statement: UnitStatement): boolean {
    const isAlike = this.#isAsLast(statement);
    if (!isAlike) this.#addRow(statement);
    const at = place * NUMBERS;
    const numbers = this.#numbers;
    numbers[at] = statement.startMs;
    numbers[at + 1] = statement.endMs;
    numbers[at + 2] = statement.serviceNs;
    numbers[at + 3] = statement.rows;
    numbers[at + 4] = statement.parameterHash;
    numbers[at + 5] = statement.parameterCount;
    numbers[at + 6] =
      ((this.#rows - 1) << ROW_SHIFT) | (statement.batched ? BATCHED : 0) | (statement.parametersCut ? CUT : 0);
    this.#fingerprints[place] = statement.fingerprint;
    return isAlike;
  }

  /** An object of its own. */
  read(place: number): UnitStatement {
    const numbers = this.#numbers;
    const texts = this.#texts;
    let at = place * NUMBERS;
    const bits = numbers[at + 6];
    const [startMs, endMs, serviceNs, rows] = [numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3]];
    const [parameterHash, parameterCount] = [numbers[at + 4], numbers[at + 5]];
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
      reads: texts[at + 4] as UnitStatement['reads'],
      housekeeping: texts[at + 5],
      transactionBefore: texts[at + 6] as UnitStatement['transactionBefore'],
      transactionAfter: texts[at + 7] as UnitStatement['transactionAfter'],
      parameterHash,
      parameterCount,
      parametersCut: (bits & CUT) !== 0,
      source: texts[at + 8],
      construct: texts[at + 9],
      pool: texts[at + 10],
      tagSet: texts[at],
    };
  }

  /** Copies `count` of another from their first place on. There is room for them. */
  copy(place: number, from: PackedStatements, count: number): void {
    this.#numbers.set(from.#numbers.subarray(0, count * NUMBERS), place * NUMBERS);
    for (let one = 0; one < count; one++) {
      this.#numbers[(place + one) * NUMBERS + 6] += this.#rows << ROW_SHIFT;
      this.#fingerprints[place + one] = from.#fingerprints[one];
    }
    for (let at = 0; at < from.#rows * TEXTS; at++) this.#texts[this.#rows * TEXTS + at] = from.#texts[at];
    this.#rows += from.#rows;
  }

  /** Room for `places` at least. */
  grow(places: number): void {
    let room = this.room;
    while (room < places) room *= 2;
    this.#numbers = grown(this.#numbers, room * NUMBERS);
    for (let place = this.room; place < room; place++) this.#fingerprints.push('');
    this.room = room;
  }

  /** Before others are written. */
  clear(): void {
    this.#rows = 0;
  }

  #isAsLast(statement: UnitStatement): boolean {
    const texts = this.#texts;
    const at = (this.#rows - 1) * TEXTS;
    return (
      at >= 0 &&
      texts[at] === statement.tagSet &&
      texts[at + 1] === statement.session &&
      texts[at + 2] === statement.sqlstate &&
      texts[at + 3] === statement.command &&
      texts[at + 4] === statement.reads &&
      texts[at + 5] === statement.housekeeping &&
      texts[at + 6] === statement.transactionBefore &&
      texts[at + 7] === statement.transactionAfter &&
      texts[at + 8] === statement.source &&
      texts[at + 9] === statement.construct &&
      texts[at + 10] === statement.pool
    );
  }

  #addRow(statement: UnitStatement): void {
    const texts = this.#texts;
    const at = this.#rows++ * TEXTS;
    texts[at] = statement.tagSet;
    texts[at + 1] = statement.session;
    texts[at + 2] = statement.sqlstate;
    texts[at + 3] = statement.command;
    texts[at + 4] = statement.reads;
    texts[at + 5] = statement.housekeeping;
    texts[at + 6] = statement.transactionBefore;
    texts[at + 7] = statement.transactionAfter;
    texts[at + 8] = statement.source;
    texts[at + 9] = statement.construct;
    texts[at + 10] = statement.pool;
  }
}
