// Finds units of work by the ids that tags give: of the request, or of its trace.
// Invariant: two request ids are two units, also within one trace; an execution with a trace id alone joins the first
// unit of that trace. Memory is bounded: an id of a unit that ended begins anew after thousands of others.
// Not here: reading ids from tags (analyzer/attribution/comments/request-tags.ts).

import { limits } from '../../config/limits.js';
import type { FreeUnits } from './free-units.js';
import type { Unit } from './unit.js';

export class UnitIds {
  /** An id that is used moves to the young generation; of the old one each new id drops one. */
  #young = new Map<string, Unit>();
  #old = new Map<string, Unit>();
  #oldest = this.#old.entries();
  /** The trace id that find() found nothing by just now: name() need not look again. */
  #missed = '';
  /** Statements that ended units remember. */
  #statements = 0;
  readonly #free: FreeUnits;

  constructor(free: FreeUnits) {
    this.#free = free;
  }

  find(requestId: string, traceId: string): Unit | undefined {
    this.#missed = '';
    if (requestId !== '') {
      const unit = this.#get(requestId);
      if (unit !== undefined) return unit;
    }
    if (traceId === '') return undefined;
    const unit = this.#get(traceId);
    if (unit === undefined) this.#missed = traceId;
    return unit === undefined || requestId === '' || unit.requestId === '' ? unit : undefined;
  }

  /** From now on these ids lead to this unit. Right after find(). */
  name(unit: Unit, requestId: string, traceId: string): void {
    if (requestId !== '' && unit.requestId === '') {
      unit.requestId = requestId;
      this.#set(requestId, unit);
    }
    if (traceId !== '' && unit.traceId === '') {
      unit.traceId = traceId;
      const isNew = traceId === this.#missed && traceId !== requestId;
      if (isNew || this.#get(traceId) === undefined) this.#set(traceId, unit);
    }
  }

  /** What it remembers of its statements counts until it is forgotten. */
  ended(unit: Unit): void {
    this.#statements += unit.distinct.length - unit.remembered;
    unit.remembered = unit.distinct.length;
    for (let left = this.#old.size + this.#young.size; left > 0; left--) {
      if (this.#statements <= limits.requestsStatementsMax) return;
      if (!this.#dropOldest()) this.#turn();
    }
  }

  #get(id: string): Unit | undefined {
    const young = this.#young.get(id);
    if (young !== undefined) return young;
    const old = this.#old.get(id);
    if (old === undefined) return undefined;
    this.#old.delete(id);
    this.#young.set(id, old);
    return old;
  }

  #set(id: string, unit: Unit): void {
    if (this.#young.size >= limits.requestsMax) {
      while (this.#dropOldest());
      this.#turn();
    }
    this.#young.set(id, unit);
    unit.holders++;
    // One at a time, so that units serve again as fast as others begin.
    this.#dropOldest();
  }

  #turn(): void {
    this.#old = this.#young;
    this.#oldest = this.#old.entries();
    this.#young = new Map();
  }

  /** Of the old generation; one whose unit is open becomes young again. False = the old generation is empty. */
  #dropOldest(): boolean {
    const { value, done } = this.#oldest.next();
    if (done === true) return false;
    const [id, unit] = value;
    this.#old.delete(id);
    if (!unit.ended) {
      this.#young.set(id, unit);
      return true;
    }
    this.#statements -= unit.remembered;
    unit.remembered = 0;
    this.#free.release(unit);
    return true;
  }
}
