// The different statements of one unit, with what each adds up to.
// Invariant: a statement has one place; at most requestStatementsMax have one. Its objects serve again, so that a unit
// leaves nothing behind for a garbage collector. Not here: rows (../statement-counts.ts).

import { limits } from '../../../config/limits.js';
import type { UnitExecution } from './kept-statements.js';

/** One statement within a unit. Counted: what its rows hold already. */
export interface StatementInUnit {
  fingerprint: string;
  startMs: number;
  source: string;
  tagSet: string;
  executions: number;
  serviceNs: number;
  rows: number;
  /** 0 = it is in no row. */
  countedExecutions: number;
  countedNs: number;
  countedRows: number;
}

/** So many are found by looking at each: their fingerprints are one string each (fingerprint-of-key.ts). */
const FEW = 32;

export class StatementSums {
  /** Those from #length on are of an earlier unit. */
  readonly #list: StatementInUnit[] = [];
  #length = 0;
  /** Of more than FEW. */
  #byFingerprint: Map<string, StatementInUnit> | undefined = undefined;
  /** Executions of statements that found no place, since they were counted last. */
  beyond = 0;

  get length(): number {
    return this.#length;
  }

  at(place: number): StatementInUnit {
    return this.#list[place];
  }

  /** Hot path: its session has settled. True for the first execution of this statement. */
  add({ fingerprint, source, tagSet, startMs, serviceNs }: UnitExecution, rows: number): boolean {
    const known = this.#find(fingerprint);
    if (known === undefined) {
      const added = this.#lend(fingerprint);
      if (added === undefined) {
        this.beyond++;
        return false;
      }
      added.startMs = startMs;
      added.source = source;
      added.tagSet = tagSet;
      added.executions = 1;
      added.serviceNs = serviceNs;
      added.rows = rows;
      added.countedExecutions = added.countedNs = added.countedRows = 0;
      return true;
    }
    known.executions++;
    known.serviceNs += serviceNs;
    known.rows += rows;
    // Its row stands once it is counted.
    if (known.countedExecutions === 0 && isBefore(startMs, tagSet, known.startMs, known.tagSet)) {
      known.startMs = startMs;
      known.source = source;
      known.tagSet = tagSet;
    }
    return false;
  }

  /** Adds those of another unit. Returns how many of them, but housekeeping, this one had. */
  absorb(other: StatementSums): number {
    this.beyond += other.beyond;
    let repeated = 0;
    for (let place = 0; place < other.#length; place++) {
      const theirs = other.#list[place];
      const ours = this.#find(theirs.fingerprint);
      if (ours === undefined) {
        const added = this.#lend(theirs.fingerprint);
        if (added === undefined) this.beyond += theirs.executions;
        else Object.assign(added, theirs);
        continue;
      }
      if (theirs.source !== 'housekeeping') repeated++;
      ours.executions += theirs.executions;
      ours.serviceNs += theirs.serviceNs;
      ours.rows += theirs.rows;
    }
    return repeated;
  }

  clear(): void {
    this.#length = this.beyond = 0;
    this.#byFingerprint = undefined;
    if (this.#list.length > FEW) this.#list.length = FEW;
  }

  /** The last one first: what repeats does so in a loop. */
  #find(fingerprint: string): StatementInUnit | undefined {
    if (this.#byFingerprint !== undefined) return this.#byFingerprint.get(fingerprint);
    for (let place = this.#length - 1; place >= 0; place--)
      if (this.#list[place].fingerprint === fingerprint) return this.#list[place];
    return undefined;
  }

  #lend(fingerprint: string): StatementInUnit | undefined {
    if (this.#length >= limits.requestStatementsMax) return undefined;
    if (this.#length === this.#list.length) this.#list.push(emptyStatement());
    const one = this.#list[this.#length++];
    one.fingerprint = fingerprint;
    if (this.#byFingerprint !== undefined) this.#byFingerprint.set(fingerprint, one);
    else if (this.#length > FEW) this.#byFingerprint = this.#mapped();
    return one;
  }

  #mapped(): Map<string, StatementInUnit> {
    return new Map(this.#list.slice(0, this.#length).map((one) => [one.fingerprint, one]));
  }
}

/** NaN, so that the field holds any number from the start. */
function emptyStatement(): StatementInUnit {
  return {
    fingerprint: '',
    startMs: Number.NaN,
    source: '',
    tagSet: '',
    executions: 0,
    serviceNs: Number.NaN,
    rows: 0,
    countedExecutions: 0,
    countedNs: Number.NaN,
    countedRows: 0,
  };
}

/** The earlier one names; of two at one moment the one that is first in the alphabet. */
export function isBefore(ms: number, tagSet: string, otherMs: number, other: string): boolean {
  return ms < otherMs || (ms === otherMs && tagSet < other);
}
