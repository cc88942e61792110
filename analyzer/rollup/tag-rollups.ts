// Counts per tag set of a statement: (minute, fingerprint, source, tag set).
// Invariant: of the sets seen within the last hour at most tagSetsPerFingerprintMax per fingerprint and tagSetsMax in all are told apart;
// the rest is '(other)', and counted.
// Not here: reading tags from comments (attribution/sql-comment.ts), which keys are dimensions (config).

import { LogHistogram } from './histogram.js';
import type { Measured } from './rollup.js';
import { OTHER } from './rollups.js';

const MINUTE_MS = 60_000;

export interface TagRollup {
  minute: number;
  fingerprint: string;
  source: string;
  /** Canonical JSON object of the tag set, keys sorted; '(other)' beyond the cap. */
  tagSet: string;
  calls: number;
  batchedCalls: number;
  errors: number;
  rows: number;
  /** Requests of the application that ran it; 0 where comments name none. */
  requests: number;
  /** Calls and errors, batched ones included. */
  serviceTotalNs: number;
  /** Not batched only; min is Infinity while there is none. */
  serviceMinNs: number;
  serviceMaxNs: number;
  histogram: LogHistogram;
}

export interface TagLimits {
  tagSetsPerFingerprintMax: number;
  tagSetsMax: number;
}

export class TagRollups {
  readonly #limits: TagLimits;
  #rows = new Map<string, TagRollup>();
  /** Fingerprint → tag sets that have a place, and the minute each was last seen in. */
  readonly #known = new Map<string, Map<string, number>>();
  #knownSets = 0;
  #forgottenAt = 0;
  cappedTotal = 0;

  constructor(limits: TagLimits) {
    this.#limits = limits;
  }

  add(measured: Measured, to: { fingerprint: string; source: string; tagSet: string }): void {
    const minute = Math.floor(measured.completedAtMs / MINUTE_MS);
    const tagSet = this.#admit(to, minute);
    const key = `${minute}\0${to.fingerprint}\0${to.source}\0${tagSet}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = {
        minute,
        fingerprint: to.fingerprint,
        source: to.source,
        tagSet,
        calls: 0,
        batchedCalls: 0,
        errors: 0,
        rows: 0,
        requests: 0,
        serviceTotalNs: 0,
        serviceMinNs: Number.POSITIVE_INFINITY,
        serviceMaxNs: 0,
        histogram: new LogHistogram(),
      };
      this.#rows.set(key, row);
    }
    if (measured.sqlstate === '') {
      row.calls++;
      row.rows += measured.rows;
      if (measured.batched) row.batchedCalls++;
    } else row.errors++;
    if (measured.firstOfRequest) row.requests++;
    row.serviceTotalNs += measured.serviceNs;
    if (measured.batched) return;
    row.serviceMinNs = Math.min(row.serviceMinNs, measured.serviceNs);
    row.serviceMaxNs = Math.max(row.serviceMaxNs, measured.serviceNs);
    row.histogram.add(measured.serviceNs);
  }

  filled(): Iterable<TagRollup> {
    return this.#rows.values();
  }

  drop(): void {
    this.#rows = new Map();
  }

  #admit({ fingerprint, tagSet }: { fingerprint: string; tagSet: string }, minute: number): string {
    let sets = this.#known.get(fingerprint);
    if (sets?.has(tagSet)) {
      sets.set(tagSet, minute);
      return tagSet;
    }
    if (minute >= this.#forgottenAt + FORGET_EVERY_MINUTES) this.#forget(minute);
    if ((sets?.size ?? 0) >= this.#limits.tagSetsPerFingerprintMax || this.#knownSets >= this.#limits.tagSetsMax) {
      this.cappedTotal++;
      return OTHER;
    }
    sets = this.#known.get(fingerprint);
    if (sets === undefined) {
      sets = new Map();
      this.#known.set(fingerprint, sets);
    }
    sets.set(tagSet, minute);
    this.#knownSets++;
    return tagSet;
  }

  /** Sets that nobody sends any more (an old app_version) make room. */
  #forget(minute: number): void {
    this.#forgottenAt = minute;
    for (const [fingerprint, sets] of this.#known) {
      for (const [tagSet, seen] of sets) {
        if (seen >= minute - FORGOTTEN_AFTER_MINUTES) continue;
        sets.delete(tagSet);
        this.#knownSets--;
      }
      if (sets.size === 0) this.#known.delete(fingerprint);
    }
  }
}

const FORGET_EVERY_MINUTES = 10;
const FORGOTTEN_AFTER_MINUTES = 60;
