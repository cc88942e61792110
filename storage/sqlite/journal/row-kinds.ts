// Kinds of rows of an entry: all that identifies a row beside its fingerprint, kept once.
// Invariant: an entry's kinds are in the order in which they were first seen; a row names its kind by its place.
// Not here: the rows (packed-entry.ts).

import * as v from 'valibot';
import type { StatementSourceDelta } from '../../../facts/flush.js';
import type { RequestStatementRollup, RollupRow, TagRollup } from '../../../facts/rollup-row.js';
import { CONFIDENCES } from '../../../facts/verdict.js';
import { DamagedJournal } from '../file/failures.js';
import { PARTS, type Part } from './row-forms.js';

export interface RowKind {
  of: Part;
  minute: number;
  source: string;
  /** Of rollup rows; of others ''. */
  pool: string;
  construct: string;
  /** Of all but rollup rows. */
  tagSet: string;
  /** Of rollup rows to which their statement's sums belong. */
  verdict?: Pick<StatementSourceDelta, 'confidence' | 'evidence'>;
}

export class RowKinds {
  readonly #all: RowKind[] = [];
  readonly #places = new Map<string, number>();
  readonly #evidences = new Map<StatementSourceDelta['evidence'], number>();
  /** The row before is often of the same kind, or of the same tag set in another place. */
  #last = -1;

  ofRollup({ key }: RollupRow, delta: StatementSourceDelta | undefined): number {
    const { minute, source, pool, construct } = key;
    const last = this.#all[this.#last];
    if (
      last?.minute === minute &&
      last.source === source &&
      last.pool === pool &&
      last.construct === construct &&
      last.verdict?.evidence === delta?.evidence &&
      last.verdict?.confidence === delta?.confidence &&
      last.of === 'rollups'
    ) {
      return this.#last;
    }
    const verdict = delta && { confidence: delta.confidence, evidence: delta.evidence };
    const name = `${minute}\0${source}\0${pool}\0${construct}\0${verdict === undefined ? '' : this.#nameOf(verdict)}`;
    return this.#placeOf(name, () => ({ of: 'rollups', minute, source, pool, construct, tagSet: '', verdict }));
  }

  ofTags(of: Exclude<Part, 'rollups'>, { minute, source, tagSet }: TagRollup | RequestStatementRollup): number {
    const last = this.#all[this.#last];
    if (last?.tagSet === tagSet && last.minute === minute && last.source === source && last.of === of) {
      return this.#last;
    }
    const name = `${of}\0${minute}\0${source}\0${tagSet}`;
    return this.#placeOf(name, () => ({ of, minute, source, pool: '', construct: '', tagSet }));
  }

  toJson(): string {
    return JSON.stringify(this.#all);
  }

  #placeOf(name: string, make: () => RowKind): number {
    let place = this.#places.get(name);
    if (place === undefined) {
      place = this.#all.push(make()) - 1;
      this.#places.set(name, place);
    }
    this.#last = place;
    return place;
  }

  #nameOf({ confidence, evidence }: NonNullable<RowKind['verdict']>): string {
    const number = this.#evidences.get(evidence) ?? this.#evidences.size;
    this.#evidences.set(evidence, number);
    return `${confidence}\0${number}`;
  }
}

const text = v.string();
const kind = v.object({
  of: v.picklist(PARTS),
  minute: v.pipe(v.number(), v.safeInteger()),
  source: text,
  pool: text,
  construct: text,
  tagSet: text,
  verdict: v.optional(
    v.object({ confidence: v.picklist(CONFIDENCES), evidence: v.array(v.object({ rule: text, saw: text })) }),
  ),
});
const kinds = v.array(kind);

/** Throws DamagedJournal, also for a text that is JSON by chance: what it names would be no row's. */
export function kindsOf(json: string): RowKind[] {
  try {
    return v.parse(kinds, JSON.parse(json));
  } catch {
    throw new DamagedJournal();
  }
}
