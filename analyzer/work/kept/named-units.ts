// Remembers the units that ids lead to: open ones, and those that ended and may go on by their id.
// Invariant: an id leads to one unit. Of those that ended it is bounded in ids and in statements; beyond that the one
// that ended first is forgotten. One that nothing but its ids leads to is written into arrays, others are kept whole.
// Not here: which id leads to a unit (../unit-ids.ts), how one is written (written-units.ts).

import { limits } from '../../../config/limits.js';
import { grown } from './grown.js';
import { IdIndex } from './id-index.js';
import { type WrittenUnit, WrittenUnits } from './written-units.js';

/** The ids of a unit, by their places in the index beside one another. */
export const ID = { request: 0, trace: 1 } as const;
const IDS = 2;
const PLACES_AT_FIRST = 512;

/** What is asked of a unit. */
export interface NamedUnit extends WrittenUnit {
  /** Among those that ids lead to; -1 = none does. */
  place: number;
  ended: boolean;
}

export class NamedUnits<Unit extends NamedUnit> {
  readonly #index = new IdIndex();
  readonly #written = new WrittenUnits();
  /** Undefined = it is written. */
  readonly #units: (Unit | undefined)[] = [];
  /** Which ids lead to it, in bits. */
  #leads = new Uint8Array(PLACES_AT_FIRST);
  /** The different statements of one that ended. */
  #counts = new Int32Array(PLACES_AT_FIRST);
  /** Those that ended, from the first to the last: 1 + the place; 0 = none. Free places are in a list of their own. */
  #newer = new Int32Array(PLACES_AT_FIRST);
  #older = new Int32Array(PLACES_AT_FIRST);
  #oldest = 0;
  #newest = 0;
  #free = 0;
  /** Of those that ended. */
  #ids = 0;
  #distinct = 0;

  /** The place of the unit that this id leads to; -1 = none. */
  find(id: string): number {
    const found = this.#index.find(id);
    return found < 0 ? -1 : (found - (found % IDS)) / IDS;
  }

  /** Undefined = it is written: read() it. */
  at(place: number): Unit | undefined {
    return this.#units[place];
  }

  requestIdAt(place: number): string {
    return this.#units[place]?.requestId ?? this.#written.requestIdAt(place);
  }

  /** From now on an id that leads to no other leads to this unit, which is open. */
  lead(id: string, unit: Unit, which: number): void {
    if (unit.place < 0) {
      unit.place = this.#take();
      this.#units[unit.place] = unit;
      this.#leads[unit.place] = 0;
    }
    this.#index.put(unit.place * IDS + which, id);
    this.#leads[unit.place] |= 1 << which;
  }

  /** It ended, and nothing but its ids leads to it: it may serve again once it is written. */
  write(unit: Unit): void {
    this.#written.write(unit.place, unit);
    this.#units[unit.place] = undefined;
    this.#ends(unit);
    unit.place = -1;
  }

  /** It ended, and something else leads to it: it is kept whole, until it goes on or is forgotten. */
  keep(unit: Unit): void {
    this.#ends(unit);
  }

  /** One that was kept whole, or read: it is no longer among those that ended. */
  goesOn(unit: Unit): void {
    this.#unlist(unit.place);
  }

  /** Makes a fresh unit the one that was written here, as if it had been kept whole. It is to go on at once. */
  read(place: number, unit: Unit): void {
    this.#written.read(place, unit);
    this.#units[place] = unit;
    unit.place = place;
    unit.ended = true;
  }

  /** Of those that ended. */
  get hasTooMany(): boolean {
    return this.#ids > limits.requestsMax || this.#distinct > limits.requestsStatementsMax;
  }

  /** Forgets the one that ended first. Returns it if it was kept whole. */
  forgetOldest(): Unit | undefined {
    const place = this.#oldest - 1;
    const unit = this.#units[place];
    const leads = this.#leads[place];
    for (let which = 0; which < IDS; which++) if ((leads & (1 << which)) !== 0) this.#index.remove(place * IDS + which);
    this.#unlist(place);
    if (unit === undefined) this.#written.forget(place);
    else unit.place = -1;
    this.#units[place] = undefined;
    this.#newer[place] = this.#free;
    this.#free = place + 1;
    return unit;
  }

  #ends({ place, distinct }: Unit): void {
    this.#counts[place] = distinct.length;
    this.#ids += idsIn(this.#leads[place]);
    this.#distinct += distinct.length;
    this.#newer[place] = 0;
    this.#older[place] = this.#newest;
    if (this.#newest === 0) this.#oldest = place + 1;
    else this.#newer[this.#newest - 1] = place + 1;
    this.#newest = place + 1;
  }

  #unlist(place: number): void {
    this.#ids -= idsIn(this.#leads[place]);
    this.#distinct -= this.#counts[place];
    const older = this.#older[place];
    const newer = this.#newer[place];
    if (older === 0) this.#oldest = newer;
    else this.#newer[older - 1] = newer;
    if (newer === 0) this.#newest = older;
    else this.#older[newer - 1] = older;
  }

  #take(): number {
    if (this.#free > 0) {
      const place = this.#free - 1;
      this.#free = this.#newer[place];
      return place;
    }
    const place = this.#units.length;
    this.#units.push(undefined);
    if (place === this.#leads.length) this.#grow();
    return place;
  }

  #grow(): void {
    const room = 2 * this.#leads.length;
    this.#leads = grown(this.#leads, room);
    this.#counts = grown(this.#counts, room);
    this.#newer = grown(this.#newer, room);
    this.#older = grown(this.#older, room);
  }
}

function idsIn(leads: number): number {
  return (leads & 1) + (leads >> 1);
}
