// Remembers which requests are counted, for the observer that follows when this one is killed.
// What goes on there under a known id adds to its request and is no second one.
// Invariant: hashes alone are stored; bounded: countedIdsMax of the open ones, and of those that ended in each of the
// last flushes, which take turns. What is forgotten counts anew. Not here: which unit goes on (units.ts).

import { limits } from '../../config/limits.js';
import type { Pending } from '../../facts/pending.js';
import type { CountedSlot } from '../../facts/rollup-row.js';
import type { Unit } from './unit.js';

/** The slot of those that are open; the others are of flushes. */
const OPEN = 0;
/** A request that was quiet for longer than so many flushes counts anew. */
const TURNS = 16;
/** After so many flushes of a new process nothing that ended before it is expected any more … */
const ENDED_FORGOTTEN_AFTER = 60;
/** … and nothing that was open: of most their connection ended with the process. */
const OPEN_FORGOTTEN_AFTER = 3_600;

export class CountedRequests implements Pending<CountedSlot> {
  readonly #open: () => Iterable<Unit>;
  /** By the one before: its requests that ended … */
  readonly #endedBefore = new Set<string>();
  /** … and the open ones, with their sessions, until they go on. */
  readonly #openBefore = new Set<string>();
  #ended: string[] = [];
  #turn = 0;
  #flushes = 0;
  /** Of those that ended with this process. */
  #left: string[] = [];
  #offeredOpen = '';
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

  /** All that are open are about to end with this process, and may go on in the next one. */
  endAll(): void {
    this.#left = this.#hashesOf(() => true);
  }

  *pending(): Iterable<CountedSlot> {
    const open = this.#openNow();
    this.#offeredOpen = JSON.stringify(open);
    if (this.#offeredOpen !== this.#storedOpen) yield { slot: OPEN, ids: open };
    if (this.#ended.length > 0) yield { slot: OPEN + 1 + this.#turn, ids: this.#ended };
  }

  stored(): void {
    this.#storedOpen = this.#offeredOpen;
    this.#left = [];
    if (this.#ended.length > 0) this.#turn = (this.#turn + 1) % TURNS;
    this.#ended = [];
    this.#flushes++;
    if (this.#flushes === ENDED_FORGOTTEN_AFTER) this.#endedBefore.clear();
    if (this.#flushes === OPEN_FORGOTTEN_AFTER) this.#openBefore.clear();
  }

  storeAgain(): void {
    this.#storedOpen = '';
  }

  /** Those of now first: what an earlier process left gives way. */
  #openNow(): string[] {
    const now = this.#hashesOf(({ counted, resumed }) => counted !== undefined || resumed);
    return [...this.#left, ...now, ...this.#openBefore].slice(0, limits.countedIdsMax);
  }

  #hashesOf(isWanted: (unit: Unit) => boolean): string[] {
    const hashes: string[] = [];
    for (const unit of this.#open()) {
      if (hashes.length >= limits.countedIdsMax) break;
      if (!isWanted(unit)) continue;
      for (const id of idsOf(unit)) hashes.push(hashOf(id));
      for (const { name } of unit.sessions) hashes.push(hashOf(name));
    }
    return hashes;
  }
}

function idsOf({ boundary, requestId, traceId }: Unit): string[] {
  return boundary === 'tags' ? [requestId, traceId].filter((id) => id !== '') : [];
}

/** 64 bits in 16 digits: FNV-1a from two beginnings. Once per request: a cryptographic hash is dear. */
function hashOf(id: string): string {
  let [one, other] = [0x811c9dc5, 0x9e3779b9];
  for (let at = 0; at < id.length; at++) {
    const code = id.charCodeAt(at);
    one = Math.imul(one ^ code, FNV_PRIME);
    other = Math.imul(other ^ (code + at), FNV_PRIME);
  }
  return hex8(mixed(one)) + hex8(mixed(other));
}

const FNV_PRIME = 0x01000193;

/** Every bit of the result depends on every bit: the finish of MurmurHash3. */
function mixed(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

function hex8(number: number): string {
  return number.toString(16).padStart(8, '0');
}
