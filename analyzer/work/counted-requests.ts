// Remembers which requests are counted, for the observer that follows when this one is killed.
// What goes on there under a known id adds to its request and is no second one.
// Invariant: hashes alone are stored; bounded: countedIdsMax of the open ones, and of those that ended in each of the
// last flushes, which take turns. What is forgotten counts anew. Not here: which unit goes on (units.ts).

import { createHash } from 'node:crypto';
import { limits } from '../../config/limits.js';
import type { Pending } from '../../facts/pending.js';
import type { CountedSlot } from '../../facts/rollup-row.js';
import type { Unit } from './unit.js';

/** The slot of those that are open; the others are of flushes. */
const OPEN = 0;
/** A request that was quiet for longer than so many flushes counts anew. */
const TURNS = 16;
/** After so many flushes of a new process nothing that ended before it is expected any more. */
const FORGOTTEN_AFTER = 60;

export class CountedRequests implements Pending<CountedSlot> {
  readonly #open: () => Iterable<Unit>;
  /** By the one before: its requests that ended … */
  readonly #endedBefore = new Set<string>();
  /** … and the open ones, with their sessions, until they go on. */
  readonly #openBefore = new Set<string>();
  #ended: string[] = [];
  #turn = 0;
  #flushes = 0;
  #storedOpen = '';

  /** `open`: gives all open units. */
  constructor(open: () => Iterable<Unit>) {
    this.#open = open;
  }

  /** What an earlier process stored. Called before anything is flushed. */
  know(slots: Iterable<CountedSlot>): void {
    for (const { slot, ids } of slots)
      for (const id of ids) (slot === OPEN ? this.#openBefore : this.#endedBefore).add(id);
    this.#storedOpen = JSON.stringify([...this.#openBefore]);
  }

  /** Whether an earlier process counted this request, and it goes on. '' = it has no such id. */
  takeRequest(id: string): boolean {
    if (id === '' || (this.#openBefore.size === 0 && this.#endedBefore.size === 0)) return false;
    const hash = hashOf(id);
    return this.#openBefore.delete(hash) || this.#endedBefore.has(hash);
  }

  /** Whether this session was in a request that an earlier process counted. Asked once per session. */
  takeSession(name: string): boolean {
    return this.#openBefore.size > 0 && this.#openBefore.delete(hashOf(name));
  }

  /** It ended, and may go on by its id. */
  ended(unit: Unit): void {
    for (const id of idsOf(unit)) if (this.#ended.length < limits.countedIdsMax) this.#ended.push(hashOf(id));
  }

  *pending(): Iterable<CountedSlot> {
    const open = this.#openNow();
    if (JSON.stringify(open) !== this.#storedOpen) yield { slot: OPEN, ids: open };
    if (this.#ended.length > 0) yield { slot: OPEN + 1 + this.#turn, ids: this.#ended };
  }

  stored(): void {
    this.#storedOpen = JSON.stringify(this.#openNow());
    if (this.#ended.length > 0) this.#turn = (this.#turn + 1) % TURNS;
    this.#ended = [];
    if (++this.#flushes === FORGOTTEN_AFTER) this.#endedBefore.clear();
  }

  storeAgain(): void {
    this.#storedOpen = '';
  }

  #openNow(): string[] {
    const open = [...this.#openBefore];
    for (const unit of this.#open()) {
      if (open.length >= limits.countedIdsMax) break;
      if (unit.counted === undefined && !unit.resumed) continue;
      for (const id of idsOf(unit)) open.push(hashOf(id));
      for (const { name } of unit.sessions) open.push(hashOf(name));
    }
    return open.slice(-limits.countedIdsMax);
  }
}

function idsOf({ boundary, requestId, traceId }: Unit): string[] {
  return boundary === 'tags' ? [requestId, traceId].filter((id) => id !== '') : [];
}

function hashOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url').slice(0, 11);
}
