// Finds units of work by the ids that tags give: of the request, or of its trace.
// Invariant: two request ids are two units, also within one trace; an execution with a trace id alone joins the first
// unit of that trace. Memory is bounded: an id of a unit that ended begins anew after thousands of others.
// Not here: reading ids from tags (analyzer/attribution/comments/request-tags.ts), how units are remembered
// (kept/named-units.ts).

import type { FreeUnits } from './free-units.js';
import { ID, NamedUnits } from './kept/named-units.js';
import type { Unit } from './unit.js';

export class UnitIds {
  readonly #named = new NamedUnits<Unit>();
  readonly #free: FreeUnits;

  constructor(free: FreeUnits) {
    this.#free = free;
  }

  /** One that ended is to go on. */
  find(requestId: string, traceId: string): Unit | undefined {
    if (requestId !== '') {
      const place = this.#named.find(requestId);
      if (place >= 0) return this.#at(place);
    }
    if (traceId === '') return undefined;
    const place = this.#named.find(traceId);
    if (place < 0) return undefined;
    return requestId === '' || this.#named.requestIdAt(place) === '' ? this.#at(place) : undefined;
  }

  /** From now on these ids lead to this unit. Right after find(). */
  name(unit: Unit, requestId: string, traceId: string): void {
    if (requestId !== '' && unit.requestId === '') {
      unit.requestId = requestId;
      this.#named.lead(requestId, unit, ID.request);
    }
    if (traceId !== '' && unit.traceId === '') {
      unit.traceId = traceId;
      if (this.#named.find(traceId) < 0) this.#named.lead(traceId, unit, ID.trace);
    }
  }

  ended(unit: Unit): void {
    if (unit.place < 0) return;
    if (isAlone(unit)) this.#named.write(unit);
    else {
      unit.holders++;
      this.#named.keep(unit);
    }
    while (this.#named.hasTooMany) {
      const forgotten = this.#named.forgetOldest();
      if (forgotten !== undefined) this.#free.release(forgotten);
    }
  }

  /** One that ended. */
  goesOn(unit: Unit): void {
    if (unit.place < 0) return;
    unit.holders--;
    this.#named.goesOn(unit);
  }

  #at(place: number): Unit {
    const whole = this.#named.at(place);
    if (whole !== undefined) return whole;
    const unit = this.#free.begin('tags');
    this.#named.read(place, unit);
    unit.holders++;
    return unit;
  }
}

/** Nothing but its ids leads to it, and rows hold all of it. */
function isAlone({ holders, unsettled, sessions, servesOnce, counted, distinct }: Unit): boolean {
  if (holders > 0 || unsettled > 0 || sessions.length > 0 || servesOnce) return false;
  return counted !== undefined && distinct.areCounted;
}
