// Counts executions by minute, fingerprint, source and tag set.
// Invariant: of the sets seen within the last hour, at most tagSetsPerFingerprintMax per fingerprint and tagSetsMax in
// all are told apart; the rest is '(other)', and counted. Not here: reading tags from comments (attribution/comments/),
// which keys are dimensions (config/values/tag-keys.ts).

import { minuteOf } from '../../config/values/minute.js';
import { LogHistogram } from '../../facts/histogram.js';
import type { Pending } from '../../facts/pending.js';
import type { Measured, TagRollup } from '../../facts/rollup-row.js';
import { noSums, TAG_RULES } from '../../facts/sums.js';
import { OTHER } from './rollups.js';

export interface TagLimits {
  tagSetsPerFingerprintMax: number;
  tagSetsMax: number;
}

/** A tag set that is told apart. */
interface Known {
  seenMinute: number;
  /** The row of its last execution, so that the hot path makes no key; undefined once it is stored. */
  row: TagRollup | undefined;
}

export class TagRollups implements Pending<TagRollup> {
  readonly #limits: TagLimits;
  #rows = new Map<string, TagRollup>();
  /** By fingerprint and tag set. */
  readonly #known = new Map<string, Map<string, Known>>();
  #knownSets = 0;
  #forgottenAt = 0;
  cappedTotal = 0;

  constructor(limits: TagLimits) {
    this.#limits = limits;
  }

  /** Hot path: once per execution with tags. */
  add(measured: Measured, place: { fingerprint: string; source: string; tagSet: string }): void {
    const minute = minuteOf(measured.completedAtMs);
    const known = this.#admit(place, minute);
    let row = known?.row;
    if (row === undefined || row.minute !== minute || row.source !== place.source) {
      row = this.#row({ ...place, tagSet: known === undefined ? OTHER : place.tagSet }, minute);
      if (known !== undefined) known.row = row;
    }
    if (measured.sqlstate === '') {
      row.calls++;
      row.rows += measured.rows;
      if (measured.batched) row.batchedCalls++;
    } else row.errors++;
    if (measured.firstOfRequest) row.requests++;
    row.serviceTotalNs += measured.serviceNs;
    if (measured.batched) return;
    if (measured.serviceNs < row.serviceMinNs) row.serviceMinNs = measured.serviceNs;
    if (measured.serviceNs > row.serviceMaxNs) row.serviceMaxNs = measured.serviceNs;
    row.histogram.add(measured.serviceNs);
  }

  /** The set has rows of its own. */
  tellsApart(fingerprint: string, tagSet: string): boolean {
    return this.#known.get(fingerprint)?.has(tagSet) ?? false;
  }

  pending(): Iterable<TagRollup> {
    return this.#rows.values();
  }

  stored(): void {
    this.#rows = new Map();
    for (const sets of this.#known.values()) for (const known of sets.values()) known.row = undefined;
  }

  #row({ fingerprint, source, tagSet }: { fingerprint: string; source: string; tagSet: string }, minute: number) {
    const key = `${minute}\0${fingerprint}\0${source}\0${tagSet}`;
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = {
        minute,
        fingerprint,
        source,
        tagSet,
        ...noSums(TAG_RULES),
        histogram: new LogHistogram(),
      };
      this.#rows.set(key, row);
    }
    return row;
  }

  /** Returns the set if it is told apart; undefined = it counts as '(other)'. */
  #admit({ fingerprint, tagSet }: { fingerprint: string; tagSet: string }, minute: number): Known | undefined {
    let sets = this.#known.get(fingerprint);
    const known = sets?.get(tagSet);
    if (known !== undefined) {
      known.seenMinute = minute;
      return known;
    }
    if (minute >= this.#forgottenAt + FORGET_EVERY_MINUTES) this.#forget(minute);
    if ((sets?.size ?? 0) >= this.#limits.tagSetsPerFingerprintMax || this.#knownSets >= this.#limits.tagSetsMax) {
      this.cappedTotal++;
      return undefined;
    }
    sets = this.#known.get(fingerprint);
    if (sets === undefined) {
      sets = new Map();
      this.#known.set(fingerprint, sets);
    }
    const added: Known = { seenMinute: minute, row: undefined };
    sets.set(tagSet, added);
    this.#knownSets++;
    return added;
  }

  /** Forgets sets that nobody sends any more, such as those with an old app_version. */
  #forget(minute: number): void {
    this.#forgottenAt = minute;
    for (const [fingerprint, sets] of this.#known) {
      for (const [tagSet, { seenMinute }] of sets) {
        if (seenMinute >= minute - FORGOTTEN_AFTER_MINUTES) continue;
        sets.delete(tagSet);
        this.#knownSets--;
      }
      if (sets.size === 0) this.#known.delete(fingerprint);
    }
  }
}

const FORGET_EVERY_MINUTES = 10;
const FORGOTTEN_AFTER_MINUTES = 60;
