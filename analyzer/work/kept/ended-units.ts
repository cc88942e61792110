// Remembers units that ended and may go on by their id, so that the units themselves serve again.
// Thousands of them are in no processor's cache: a unit that is remembered whole is cold when it serves again.
// Invariant: bounded in ids and in statements; beyond that the one that ended first is forgotten. A unit that something
// else still leads to is kept whole. Not here: which unit an id leads to (../unit-ids.ts).

import { limits } from '../../../config/limits.js';
import { EndedStatements } from './ended-statements.js';
import { IdIndex } from './id-index.js';
import type { StatementSums } from './statement-sums.js';
import type { UnitName } from './unit-name.js';
import { type Counted, setSums, type UnitSums } from './unit-sums.js';

/** Ids that lead to a unit, in bits. */
export const LEADS = { request: 1, trace: 2 } as const;
/** Ids of a place, in the index. */
const IDS = 2;

/** Numbers and texts of a unit. */
const NUMBERS = 12;
const TEXTS = 6;
const ROUTE = 1;
const MEASURED = 2;
const RESUMED = 4;

/** What is asked of a unit. */
export interface EndedUnit {
  ended: boolean;
  leads: number;
  endedPlace: number;
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

export class EndedUnits<Unit extends EndedUnit> {
  readonly #forget: (unit: Unit) => void;
  readonly #index: IdIndex;
  readonly #statements = new EndedStatements();
  readonly #numbers: Float64Array;
  readonly #texts: string[];
  /** Of those that are kept whole. */
  readonly #units: (Unit | undefined)[];
  readonly #leads: Uint8Array;
  readonly #counts: Int32Array;
  readonly #firsts: Int32Array;
  /** From the one that ended first to the last: 1 + the place; 0 = none. Free ones are in a list of their own. */
  readonly #newer: Int32Array;
  readonly #older: Int32Array;
  #oldest = 0;
  #newest = 0;
  #free = 0;
  #used = 0;
  #ids = 0;
  #distinct = 0;

  /** `forget`: a unit that was kept whole is forgotten. */
  constructor(forget: (unit: Unit) => void) {
    this.#forget = forget;
    // Each has one id at least, and one is put before another is forgotten.
    const places = limits.requestsMax + 1;
    this.#index = new IdIndex(places * IDS);
    this.#numbers = new Float64Array(places * NUMBERS);
    this.#texts = new Array<string>(places * TEXTS).fill('');
    this.#units = new Array<Unit | undefined>(places).fill(undefined);
    this.#leads = new Uint8Array(places);
    this.#counts = new Int32Array(places);
    this.#firsts = new Int32Array(places);
    this.#newer = new Int32Array(places);
    this.#older = new Int32Array(places);
  }

  /** Whole: something else leads to it. */
  keep(unit: Unit): void {
    unit.endedPlace = this.#put(unit);
    this.#units[unit.endedPlace] = unit;
    this.#forgetBeyond();
  }

  /** It goes on, or is forgotten. */
  release(unit: Unit): void {
    this.#remove(unit.endedPlace);
    unit.endedPlace = -1;
  }

  /** Nothing but its ids leads to it, and its rows hold all of it: the unit itself may serve again. */
  write(unit: Unit): void {
    const place = this.#put(unit);
    const { leads, requestId, traceId } = unit;
    if ((leads & LEADS.request) !== 0) this.#index.put(place * IDS, requestId);
    if ((leads & LEADS.trace) !== 0) this.#index.put(place * IDS + 1, traceId);
    this.#firsts[place] = this.#statements.write(unit.distinct);
    this.#writeUnit(place * NUMBERS, place * TEXTS, unit);
    this.#forgetBeyond();
  }

  /** The place of the unit that this id leads to; -1 = none. */
  find(id: string): number {
    const found = this.#index.find(id);
    return found < 0 ? -1 : (found - (found % IDS)) / IDS;
  }

  requestIdAt(place: number): string {
    return this.#texts[place * TEXTS];
  }

  /** Makes a fresh unit the one that was written here, and forgets it. */
  read(place: number, unit: Unit): void {
    unit.leads = this.#leads[place];
    this.#readUnit(place * NUMBERS, place * TEXTS, unit);
    this.#statements.read(this.#firsts[place], this.#counts[place], unit.distinct);
    this.#drop(place);
  }

  #writeUnit(at: number, textsAt: number, unit: Unit): void {
    const { name, sums } = unit;
    const counted = unit.counted!;
    const numbers = this.#numbers;
    numbers[at] = unit.firstMs;
    numbers[at + 1] = unit.lastMs;
    numbers[at + 2] = name.ms;
    numbers[at + 3] = counted.minute;
    numbers[at + 4] = unit.statementsDropped;
    numbers[at + 5] =
      (unit.ownTraits << 3) |
      (name.hasRoute ? ROUTE : 0) |
      (unit.measured ? MEASURED : 0) |
      (unit.resumed ? RESUMED : 0);
    numbers[at + 6] = sums.statements;
    numbers[at + 7] = sums.repeated;
    numbers[at + 8] = sums.serviceNs;
    numbers[at + 9] = sums.rows;
    numbers[at + 10] = sums.errors;
    numbers[at + 11] = sums.idleRequests;
    const texts = this.#texts;
    texts[textsAt] = unit.requestId;
    texts[textsAt + 1] = unit.traceId;
    texts[textsAt + 2] = unit.session;
    texts[textsAt + 3] = name.tagSet;
    texts[textsAt + 4] = name.given;
    texts[textsAt + 5] = counted.tagSet;
  }

  #readUnit(at: number, textsAt: number, unit: Unit): void {
    const { name, sums } = unit;
    const numbers = this.#numbers;
    const texts = this.#texts;
    const bits = numbers[at + 5];
    unit.firstMs = numbers[at];
    unit.lastMs = numbers[at + 1];
    name.ms = numbers[at + 2];
    unit.statementsDropped = numbers[at + 4];
    unit.ownTraits = bits >> 3;
    name.hasRoute = (bits & ROUTE) !== 0;
    unit.measured = (bits & MEASURED) !== 0;
    unit.resumed = (bits & RESUMED) !== 0;
    sums.statements = numbers[at + 6];
    sums.repeated = numbers[at + 7];
    sums.serviceNs = numbers[at + 8];
    sums.rows = numbers[at + 9];
    sums.errors = numbers[at + 10];
    sums.idleRequests = numbers[at + 11];
    unit.requestId = texts[textsAt];
    unit.traceId = texts[textsAt + 1];
    unit.session = texts[textsAt + 2];
    name.tagSet = texts[textsAt + 3];
    name.given = texts[textsAt + 4];
    setSums(unit.countIn({ minute: numbers[at + 3], tagSet: texts[textsAt + 5] }).sums, sums);
    unit.ended = true;
  }

  #put({ leads, distinct }: Unit): number {
    let place = this.#free - 1;
    if (place >= 0) this.#free = this.#newer[place];
    else place = this.#used++;
    this.#leads[place] = leads;
    this.#counts[place] = distinct.length;
    this.#ids += idsIn(leads);
    this.#distinct += distinct.length;
    this.#newer[place] = 0;
    this.#older[place] = this.#newest;
    if (this.#newest === 0) this.#oldest = place + 1;
    else this.#newer[this.#newest - 1] = place + 1;
    this.#newest = place + 1;
    return place;
  }

  #forgetBeyond(): void {
    while (this.#ids > limits.requestsMax || this.#distinct > limits.requestsStatementsMax) {
      const unit = this.#units[this.#oldest - 1];
      if (unit === undefined) this.#drop(this.#oldest - 1);
      else this.#forget(unit);
    }
  }

  /** One that was written. */
  #drop(place: number): void {
    const leads = this.#leads[place];
    if ((leads & LEADS.request) !== 0) this.#index.remove(place * IDS);
    if ((leads & LEADS.trace) !== 0) this.#index.remove(place * IDS + 1);
    this.#statements.free(this.#firsts[place]);
    this.#remove(place);
  }

  #remove(place: number): void {
    this.#units[place] = undefined;
    this.#ids -= idsIn(this.#leads[place]);
    this.#distinct -= this.#counts[place];
    const older = this.#older[place];
    const newer = this.#newer[place];
    if (older === 0) this.#oldest = newer;
    else this.#newer[older - 1] = newer;
    if (newer === 0) this.#newest = older;
    else this.#older[newer - 1] = older;
    this.#newer[place] = this.#free;
    this.#free = place + 1;
  }
}

function idsIn(leads: number): number {
  return (leads & LEADS.request) + (leads >> 1);
}
