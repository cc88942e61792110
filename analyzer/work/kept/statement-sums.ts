// The different statements of one unit: what each adds up to, and what of it its row holds.
// Invariant: a statement has one place; at most requestStatementsMax have one. The arrays serve again, so that a unit
// leaves nothing behind for a garbage collector. Not here: which row a statement is in (../statement-counts.ts).

import { limits } from '../../../config/limits.js';
import type { RequestStatementRollup } from '../../../facts/rollup-row.js';
import type { UnitStatement } from '../../../facts/work/unit.js';
import { grown } from './grown.js';

/** So many are found by looking at each: their fingerprints are one string each (fingerprint-of-key.ts). */
const FEW = 32;
const PLACES_AT_FIRST = 8;

/** Numbers of a place, by their offset. */
const START_MS = 0;
const EXECUTIONS = 1;
const SERVICE_NS = 2;
const ROWS = 3;
/** What its row holds; of executions 0 = it is in none. */
const COUNTED_EXECUTIONS = 4;
const COUNTED_NS = 5;
const COUNTED_ROWS = 6;
const NUMBERS = 7;

/** Texts of a place, by their offset: its fingerprint, and these. */
const SOURCE = 1;
const TAG_SET = 2;
const TEXTS = 3;

/** Where one statement is kept after its unit ended. */
interface EndedStatement {
  readonly numbers: Float64Array;
  readonly at: number;
  readonly texts: string[];
  readonly textsAt: number;
}

export class StatementSums {
  /** TEXTS of each place. Those from #length on are of an earlier unit, here and in the numbers. */
  #texts: string[] = [];
  #numbers = new Float64Array(PLACES_AT_FIRST * NUMBERS);
  #length = 0;
  /** Of more than FEW. */
  #byFingerprint: Map<string, number> | undefined = undefined;
  /** Executions of statements that found no place, since they were counted last. */
  beyond = 0;

  get length(): number {
    return this.#length;
  }

  fingerprintAt(place: number): string {
    return this.#texts[place * TEXTS];
  }

  /** Of its first execution, as tagSetAt(). */
  sourceAt(place: number): string {
    return this.#texts[place * TEXTS + SOURCE];
  }

  tagSetAt(place: number): string {
    return this.#texts[place * TEXTS + TAG_SET];
  }

  /** For one that is in no row yet. */
  setTagSet(place: number, tagSet: string): void {
    this.#texts[place * TEXTS + TAG_SET] = tagSet;
  }

  isInRow(place: number): boolean {
    return this.#numbers[place * NUMBERS + COUNTED_EXECUTIONS] > 0;
  }

  /** Its row holds all of it. */
  isCounted(place: number): boolean {
    const at = place * NUMBERS;
    return this.#numbers[at + COUNTED_EXECUTIONS] === this.#numbers[at + EXECUTIONS];
  }

  /** Hot path: its session has settled. True for the first execution of this statement. */
  add({ fingerprint, source, tagSet, startMs, serviceNs }: UnitStatement, rows: number): boolean {
    const place = this.#find(fingerprint);
    if (place < 0) {
      const added = this.#addPlace(fingerprint);
      if (added < 0) {
        this.beyond++;
        return false;
      }
      this.#texts[added * TEXTS + SOURCE] = source;
      this.#texts[added * TEXTS + TAG_SET] = tagSet;
      this.#set(added * NUMBERS, startMs, serviceNs, rows);
      return true;
    }
    const numbers = this.#numbers;
    const at = place * NUMBERS;
    numbers[at + EXECUTIONS]++;
    numbers[at + SERVICE_NS] += serviceNs;
    numbers[at + ROWS] += rows;
    // Its row stands once it is counted.
    if (numbers[at + COUNTED_EXECUTIONS] === 0) this.#nameBy(place, startMs, source, tagSet);
    return false;
  }

  /** Adds those of another unit, of which no row holds anything. Returns how many, but housekeeping, this one had. */
  absorb(other: StatementSums): number {
    this.beyond += other.beyond;
    let repeated = 0;
    for (let theirs = 0; theirs < other.#length; theirs++) {
      const from = theirs * NUMBERS;
      const fingerprint = other.#texts[theirs * TEXTS];
      let place = this.#find(fingerprint);
      if (place >= 0) {
        if (other.#texts[theirs * TEXTS + SOURCE] !== 'housekeeping') repeated++;
        const at = place * NUMBERS;
        for (const what of [EXECUTIONS, SERVICE_NS, ROWS]) this.#numbers[at + what] += other.#numbers[from + what];
        continue;
      }
      place = this.#addPlace(fingerprint);
      if (place < 0) {
        this.beyond += other.#numbers[from + EXECUTIONS];
        continue;
      }
      this.#texts[place * TEXTS + SOURCE] = other.#texts[theirs * TEXTS + SOURCE];
      this.#texts[place * TEXTS + TAG_SET] = other.#texts[theirs * TEXTS + TAG_SET];
      this.#numbers.set(other.#numbers.subarray(from, from + NUMBERS), place * NUMBERS);
    }
    return repeated;
  }

  /** Adds to its row what that lacks. `isNew`: the row lacks the request as well. */
  addTo(row: RequestStatementRollup, place: number, isNew: boolean): void {
    const numbers = this.#numbers;
    const at = place * NUMBERS;
    const executions = numbers[at + EXECUTIONS];
    const serviceNs = numbers[at + SERVICE_NS];
    const rows = numbers[at + ROWS];
    const countedExecutions = numbers[at + COUNTED_EXECUTIONS];
    const countedNs = numbers[at + COUNTED_NS];
    const countedRows = numbers[at + COUNTED_ROWS];
    if (isNew) row.requests++;
    row.executions += executions - countedExecutions;
    row.executionsSquared += executions * executions - countedExecutions * countedExecutions;
    row.serviceTotalNs += serviceNs - countedNs;
    row.serviceSquaredNs2 += serviceNs * serviceNs - countedNs * countedNs;
    row.rows += rows - countedRows;
    row.rowsSquared += rows * rows - countedRows * countedRows;
    numbers[at + COUNTED_EXECUTIONS] = executions;
    numbers[at + COUNTED_NS] = serviceNs;
    numbers[at + COUNTED_ROWS] = rows;
  }

  /** Rows hold all of them. */
  get areCounted(): boolean {
    for (let place = 0; place < this.#length; place++) if (!this.isCounted(place)) return false;
    return this.beyond === 0;
  }

  /** One that its row holds all of. */
  write(place: number, { numbers, at, texts, textsAt }: EndedStatement): void {
    const from = place * NUMBERS;
    for (let what = EXECUTIONS; what < COUNTED_EXECUTIONS; what++)
      numbers[at + what - EXECUTIONS] = this.#numbers[from + what];
    texts[textsAt] = this.#texts[place * TEXTS];
    texts[textsAt + 1] = this.#texts[place * TEXTS + SOURCE];
    texts[textsAt + 2] = this.#texts[place * TEXTS + TAG_SET];
  }

  /** Adds one that was written, and is not among them. */
  read({ numbers, at, texts, textsAt }: EndedStatement): void {
    const place = this.#addPlace(texts[textsAt]);
    const to = place * NUMBERS;
    for (let what = EXECUTIONS; what < COUNTED_EXECUTIONS; what++) {
      const sum = numbers[at + what - EXECUTIONS];
      this.#numbers[to + what] = this.#numbers[to + what - EXECUTIONS + COUNTED_EXECUTIONS] = sum;
    }
    this.#texts[place * TEXTS + SOURCE] = texts[textsAt + 1];
    this.#texts[place * TEXTS + TAG_SET] = texts[textsAt + 2];
  }

  clear(): void {
    this.#length = this.beyond = 0;
    this.#byFingerprint = undefined;
    if (this.#texts.length <= FEW * TEXTS) return;
    this.#texts = [];
    this.#numbers = new Float64Array(PLACES_AT_FIRST * NUMBERS);
  }

  /** The last one first: what repeats does so in a loop. -1 = it has no place. */
  #find(fingerprint: string): number {
    if (this.#byFingerprint !== undefined) return this.#byFingerprint.get(fingerprint) ?? -1;
    const texts = this.#texts;
    for (let place = this.#length - 1; place >= 0; place--) if (texts[place * TEXTS] === fingerprint) return place;
    return -1;
  }

  /** -1 = there is none left. */
  #addPlace(fingerprint: string): number {
    const place = this.#length;
    if (place >= limits.requestStatementsMax) return -1;
    if ((place + 1) * NUMBERS > this.#numbers.length) {
      this.#numbers = grown(this.#numbers, 2 * this.#numbers.length);
    }
    this.#texts[place * TEXTS] = fingerprint;
    this.#length++;
    if (this.#byFingerprint !== undefined) this.#byFingerprint.set(fingerprint, place);
    else if (this.#length > FEW) this.#byFingerprint = this.#mapped();
    return place;
  }

  #set(at: number, startMs: number, serviceNs: number, rows: number): void {
    const numbers = this.#numbers;
    numbers[at + START_MS] = startMs;
    numbers[at + EXECUTIONS] = 1;
    numbers[at + SERVICE_NS] = serviceNs;
    numbers[at + ROWS] = rows;
    numbers[at + COUNTED_EXECUTIONS] = numbers[at + COUNTED_NS] = numbers[at + COUNTED_ROWS] = 0;
  }

  #nameBy(place: number, startMs: number, source: string, tagSet: string): void {
    const at = place * NUMBERS + START_MS;
    if (!isBefore(startMs, tagSet, this.#numbers[at], this.#texts[place * TEXTS + TAG_SET])) return;
    this.#numbers[at] = startMs;
    this.#texts[place * TEXTS + SOURCE] = source;
    this.#texts[place * TEXTS + TAG_SET] = tagSet;
  }

  #mapped(): Map<string, number> {
    const places = new Map<string, number>();
    for (let place = 0; place < this.#length; place++) places.set(this.#texts[place * TEXTS], place);
    return places;
  }
}

/** The earlier one names; of two at one moment the one that is first in the alphabet. */
export function isBefore(ms: number, tagSet: string, otherMs: number, other: string): boolean {
  return ms < otherMs || (ms === otherMs && tagSet < other);
}
