// Remembers which requests are counted, for the observer that follows when this one is killed.
// What goes on there under a known id adds to its request and is no second one.
// Invariant: hashes alone are stored; bounded: countedIdsMax of the open ones, and of those that ended in each of the
// last flushes, which take turns. What is forgotten counts anew. Not here: which unit goes on (units.ts).

import { limits } from '../../config/limits.js';
import type { Pending } from '../../facts/pending.js';
import type { CountedSlot } from '../../facts/rollup-row.js';
import { KeyedHash } from '../../proxy/stream/parameters.js';
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
  ended({ boundary, requestId, traceId }: Unit): void {
    if (boundary !== 'tags') return;
    if (requestId !== '' && this.#ended.length < limits.countedIdsMax) this.#ended.push(hashOf(requestId));
    if (traceId !== '' && this.#ended.length < limits.countedIdsMax) this.#ended.push(hashOf(traceId));
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

/** 53 bits, by a key that the next process has as well. Once per request: a cryptographic hash is dear. In base 36. */
const HASH = new KeyedHash();
HASH.use([0, 0]);
/** Ids of requests and names of sessions are shorter; of a longer one the beginning counts. */
const ID_BYTES = Buffer.alloc(512);

function hashOf(id: string): string {
  const length = Math.min(id.length, ID_BYTES.length);
  // They are ASCII: a call of write() takes longer.
  for (let at = 0; at < length; at++) ID_BYTES[at] = id.charCodeAt(at);
  return base36(HASH.of(ID_BYTES, 0, length));
}

const BASE = 36;
const LOW_DIGITS = 6;
const LOW_MAX = BASE ** LOW_DIGITS;
const DIGITS = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz');
const WRITTEN = Buffer.alloc(2 * LOW_DIGITS);

/** As toString(36) of a whole number up to 2^53, which takes ten times as long. */
function base36(number: number): string {
  let high = Math.floor(number / LOW_MAX);
  let low = number - high * LOW_MAX;
  let at = WRITTEN.length;
  do {
    const rest = Math.floor(low / BASE);
    WRITTEN[--at] = DIGITS[low - rest * BASE];
    low = rest;
  } while (high > 0 ? at > LOW_DIGITS : low > 0);
  for (; high > 0; high = Math.floor(high / BASE)) WRITTEN[--at] = DIGITS[high % BASE];
  return WRITTEN.toString('latin1', at);
}
