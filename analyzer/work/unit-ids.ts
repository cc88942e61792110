// Finds units of work by the ids that tags give: of the request, or of its trace.
// Invariant: two request ids are two units, also within one trace; an execution with a trace id alone joins the first
// unit of that trace. Memory is bounded: an id that comes again after thousands of others begins anew.
// Not here: reading ids from tags (analyzer/attribution/comments/request-tags.ts).

import { limits } from '../../config/limits.js';
import type { FreeUnits } from './free-units.js';
import type { Unit } from './unit.js';

export class UnitIds {
  /** An id that is used moves to the young generation; of the old one each new id drops one. */
  #young = new Map<string, Unit>();
  #old = new Map<string, Unit>();
  #oldest = this.#old.entries();
  /** Statements that units of the young generation remember. */
  #statements = 0;
  readonly #free: FreeUnits;

  constructor(free: FreeUnits) {
    this.#free = free;
  }

  find(requestId: string, traceId: string): Unit | undefined {
    if (requestId !== '') {
      const unit = this.#get(requestId);
      if (unit !== undefined) return unit;
    }
    if (traceId === '') return undefined;
    const unit = this.#get(traceId);
    return unit === undefined || requestId === '' || unit.requestId === '' ? unit : undefined;
  }

  /** From now on these ids lead to this unit. */
  name(unit: Unit, requestId: string, traceId: string): void {
    if (requestId !== '' && unit.requestId === '') {
      unit.requestId = requestId;
      this.#set(requestId, unit);
    }
    if (traceId !== '' && unit.traceId === '') {
      unit.traceId = traceId;
      if (this.#get(traceId) === undefined) this.#set(traceId, unit);
    }
  }

  #get(id: string): Unit | undefined {
    const young = this.#young.get(id);
    if (young !== undefined) return young;
    const old = this.#old.get(id);
    if (old === undefined) return undefined;
    this.#old.delete(id);
    this.#set(id, old);
    // Not before: its other id may be dropped with the old generation.
    old.holders--;
    return old;
  }

  #set(id: string, unit: Unit): void {
    if (this.#young.size >= limits.requestsMax || this.#statements >= limits.requestsStatementsMax) {
      while (this.#dropOldest());
      this.#old = this.#young;
      this.#oldest = this.#old.entries();
      this.#young = new Map();
      this.#statements = 0;
    }
    this.#young.set(id, unit);
    unit.holders++;
    this.#statements += unit.distinct.length;
    // One at a time, so that units serve again as fast as others begin.
    this.#dropOldest();
  }

  /** Of the old generation. False = it is empty. */
  #dropOldest(): boolean {
    const { value, done } = this.#oldest.next();
    if (done === true) return false;
    this.#old.delete(value[0]);
    this.#free.release(value[1]);
    return true;
  }
}
