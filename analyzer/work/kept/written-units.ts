// Writes units that ended into arrays, by place, so that the units themselves serve again.
// Thousands of them are in no processor's cache: a unit that is remembered whole is cold when it serves again.
// Invariant: a unit reads as it was written; rows hold all of it.
// Not here: which unit is at which place (named-units.ts).

import { EndedStatements } from './ended-statements.js';
import { grown } from './grown.js';
import type { StatementSums } from './statement-sums.js';
import type { UnitName } from './unit-name.js';
import { type Counted, setSums, type UnitSums } from './unit-sums.js';

/** Numbers and texts of a unit. */
const NUMBERS = 14;
const TEXTS = 6;
const PLACES_AT_FIRST = 1_024;

const ROUTE = 1;
const MEASURED = 2;
const RESUMED = 4;
const BITS = 3;

/** What is asked of a unit. */
export interface WrittenUnit {
  requestId: string;
  traceId: string;
  session: string;
  firstMs: number;
  lastMs: number;
  statementsDropped: number;
  ownTraits: number;
  measured: boolean;
  resumed: boolean;
  readonly name: UnitName;
  readonly sums: UnitSums;
  readonly distinct: StatementSums;
  readonly counted: Readonly<Counted> | undefined;
  countIn(row: { minute: number; tagSet: string }): Readonly<Counted>;
}

export class WrittenUnits {
  readonly #statements = new EndedStatements();
  #numbers = new Float64Array(PLACES_AT_FIRST * NUMBERS);
  readonly #texts: string[] = [];

  /** Where nothing is written. */
  write(place: number, unit: WrittenUnit): void {
    while (this.#texts.length < (place + 1) * TEXTS) this.#texts.push('');
    // Places are taken in order, and written in any.
    while ((place + 1) * NUMBERS > this.#numbers.length) this.#numbers = grown(this.#numbers, 2 * this.#numbers.length);
    const { name, sums, distinct } = unit;
    const counted = unit.counted!;
    const numbers = this.#numbers;
    let at = place * NUMBERS;
    numbers[at] = unit.firstMs;
    numbers[at + 1] = unit.lastMs;
    numbers[at + 2] = name.ms;
    numbers[at + 3] = counted.minute;
    numbers[at + 4] = unit.statementsDropped;
    numbers[at + 5] =
      (unit.ownTraits << BITS) |
      (name.hasRoute ? ROUTE : 0) |
      (unit.measured ? MEASURED : 0) |
      (unit.resumed ? RESUMED : 0);
    numbers[at + 6] = sums.statements;
    numbers[at + 7] = sums.repeated;
    numbers[at + 8] = sums.serviceNs;
    numbers[at + 9] = sums.rows;
    numbers[at + 10] = sums.errors;
    numbers[at + 11] = sums.idleRequests;
    numbers[at + 12] = this.#statements.write(distinct);
    numbers[at + 13] = distinct.length;
    const texts = this.#texts;
    at = place * TEXTS;
    texts[at] = unit.requestId;
    texts[at + 1] = unit.traceId;
    texts[at + 2] = unit.session;
    texts[at + 3] = name.tagSet;
    texts[at + 4] = name.given;
    texts[at + 5] = counted.tagSet;
  }

  requestIdAt(place: number): string {
    return this.#texts[place * TEXTS];
  }

  /** Makes a fresh unit the one that was written here, and forgets that. */
  read(place: number, unit: WrittenUnit): void {
    const { name, sums } = unit;
    const numbers = this.#numbers;
    let at = place * NUMBERS;
    const bits = numbers[at + 5];
    const minute = numbers[at + 3];
    unit.firstMs = numbers[at];
    unit.lastMs = numbers[at + 1];
    name.ms = numbers[at + 2];
    unit.statementsDropped = numbers[at + 4];
    unit.ownTraits = bits >> BITS;
    name.hasRoute = (bits & ROUTE) !== 0;
    unit.measured = (bits & MEASURED) !== 0;
    unit.resumed = (bits & RESUMED) !== 0;
    sums.statements = numbers[at + 6];
    sums.repeated = numbers[at + 7];
    sums.serviceNs = numbers[at + 8];
    sums.rows = numbers[at + 9];
    sums.errors = numbers[at + 10];
    sums.idleRequests = numbers[at + 11];
    this.#statements.read(numbers[at + 12], numbers[at + 13], unit.distinct);
    const texts = this.#texts;
    at = place * TEXTS;
    unit.requestId = texts[at];
    unit.traceId = texts[at + 1];
    unit.session = texts[at + 2];
    name.tagSet = texts[at + 3];
    name.given = texts[at + 4];
    setSums(unit.countIn({ minute, tagSet: texts[at + 5] }).sums, sums);
    this.forget(place);
  }

  /** What was written here. Its texts stay until others are written over them: there are few more than places. */
  forget(place: number): void {
    this.#statements.free(this.#numbers[place * NUMBERS + 12]);
  }
}
