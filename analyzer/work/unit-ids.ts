// Finds units of work by the ids that tags give: of the request, or of its trace.
// Invariant: two request ids are two units, also within one trace; an execution with a trace id alone joins the first
// unit of that trace. Memory is bounded: an id of a unit that ended begins anew after thousands of others.
// Not here: reading ids from tags (analyzer/attribution/comments/request-tags.ts), units that ended
// (kept/ended-units.ts).

import type { FreeUnits } from './free-units.js';
import { EndedUnits, LEADS } from './kept/ended-units.js';
import type { Unit } from './unit.js';

export class UnitIds {
  /** Of units that are open, or ended and kept whole. */
  readonly #units = new Map<string, Unit>();
  readonly #ended = new EndedUnits<Unit>((unit) => this.#forget(unit));
  /** The trace id that find() found nothing by just now: name() need not look again. */
  #missed = '';
  readonly #free: FreeUnits;

  constructor(free: FreeUnits) {
    this.#free = free;
  }

  find(requestId: string, traceId: string): Unit | undefined {
    this.#missed = '';
    if (requestId !== '') {
      const unit = this.#units.get(requestId) ?? this.#readAt(this.#ended.find(requestId));
      if (unit !== undefined) return unit;
    }
    if (traceId === '') return undefined;
    const unit = this.#units.get(traceId);
    if (unit !== undefined) return requestId === '' || unit.requestId === '' ? unit : undefined;
    const place = this.#ended.find(traceId);
    if (place < 0) this.#missed = traceId;
    else if (requestId === '' || this.#ended.requestIdAt(place) === '') return this.#readAt(place);
    return undefined;
  }

  /** From now on these ids lead to this unit. Right after find(). */
  name(unit: Unit, requestId: string, traceId: string): void {
    if (requestId !== '' && unit.requestId === '') {
      unit.requestId = requestId;
      this.#lead(requestId, unit, LEADS.request);
    }
    if (traceId !== '' && unit.traceId === '') {
      unit.traceId = traceId;
      const isNew = traceId === this.#missed && traceId !== requestId;
      if (isNew || !(this.#units.has(traceId) || this.#ended.find(traceId) >= 0))
        this.#lead(traceId, unit, LEADS.trace);
    }
  }

  ended(unit: Unit): void {
    if (unit.leads === 0) return;
    if (isAlone(unit)) {
      this.#unlead(unit);
      this.#ended.write(unit);
    } else {
      unit.holders++;
      this.#ended.keep(unit);
    }
  }

  /** One that ended. */
  goesOn(unit: Unit): void {
    if (unit.endedPlace < 0) return;
    unit.holders--;
    this.#ended.release(unit);
  }

  #readAt(place: number): Unit | undefined {
    if (place < 0) return undefined;
    const unit = this.#free.begin('tags');
    this.#ended.read(place, unit);
    if ((unit.leads & LEADS.request) !== 0) this.#units.set(unit.requestId, unit);
    if ((unit.leads & LEADS.trace) !== 0) this.#units.set(unit.traceId, unit);
    return unit;
  }

  #lead(id: string, unit: Unit, by: number): void {
    this.#units.set(id, unit);
    unit.leads |= by;
  }

  #unlead({ leads, requestId, traceId }: Unit): void {
    if ((leads & LEADS.request) !== 0) this.#units.delete(requestId);
    if ((leads & LEADS.trace) !== 0) this.#units.delete(traceId);
  }

  /** One that ended and was kept whole. */
  #forget(unit: Unit): void {
    this.#unlead(unit);
    unit.leads = 0;
    this.#ended.release(unit);
    this.#free.release(unit);
  }
}

/** Nothing but its ids leads to it, and rows hold all of it. */
function isAlone({ holders, unsettled, sessions, servesOnce, counted, distinct }: Unit): boolean {
  if (holders > 0 || unsettled > 0 || sessions.length > 0 || servesOnce) return false;
  return counted !== undefined && distinct.areCounted;
}
