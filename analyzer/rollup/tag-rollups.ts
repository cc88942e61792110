// Counts per tag set of a statement: (minute, fingerprint, source, tag set).
// Invariant: at most setsPerFingerprintMax sets per fingerprint and setsMax in all are told apart; the rest is '(other)', and counted.
// Not here: reading tags from comments (attribution/sql-comment.ts), which keys are dimensions (config).

import { LogHistogram } from './histogram.js';
import type { Measured } from './rollup.js';
import { OTHER } from './rollups.js';

const MINUTE_MS = 60_000;

export interface TagRollup {
  minute: number;
  fingerprint: string;
  source: string;
  /** Canonical JSON object of the tag set, keys sorted. */
  tagSet: string;
  calls: number;
  batchedCalls: number;
  errors: number;
  rows: number;
  requests: number;
  serviceTotalNs: number;
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
  /** Fingerprint → tag sets that have a place. */
  readonly #known = new Map<string, Set<string>>();
  #knownSets = 0;
  cappedTotal = 0;

  constructor(limits: TagLimits) {
    this.#limits = limits;
  }

  add(measured: Measured, to: { fingerprint: string; source: string; tagSet: string }): void {
    const tagSet = this.#admit(to.fingerprint, to.tagSet);
    const minute = Math.floor(measured.completedAtMs / MINUTE_MS);
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

  #admit(fingerprint: string, tagSet: string): string {
    let sets = this.#known.get(fingerprint);
    if (sets?.has(tagSet)) return tagSet;
    if ((sets?.size ?? 0) >= this.#limits.tagSetsPerFingerprintMax || this.#knownSets >= this.#limits.tagSetsMax) {
      this.cappedTotal++;
      return OTHER;
    }
    if (sets === undefined) {
      sets = new Set();
      this.#known.set(fingerprint, sets);
    }
    sets.add(tagSet);
    this.#knownSets++;
    return tagSet;
  }
}
