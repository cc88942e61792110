// Rows of several entries of the journal, added up by their keys.
// Invariant: the same entries in the same order give the same rows in the same order, so that a number of rows says
// which of them were written. Not here: bytes (packed-entry.ts), which entries (journal.ts), sums (sum-table.ts).

import type { StatementSourceDelta } from '../../../facts/flush.js';
import { LogHistogram } from '../../../facts/histogram.js';
import { type RequestStatementRollup, RollupRow, type TagRollup } from '../../../facts/rollup-row.js';
import { noSums, REQUEST_STATEMENT_RULES, TAG_RULES } from '../../../facts/sums.js';
import { type JournaledParts, readEntry } from './packed-entry.js';
import type { Beside, Sums } from './packed-row.js';
import { FORMS } from './row-forms.js';
import type { RowKind } from './row-kinds.js';
import { SumTable, twice } from './sum-table.js';

const ROWS_AT_FIRST = 1_024;

/** Fingerprint → number of the row. */
type ByFingerprint = Map<string, number>;

export class MergedRows {
  /** Of each row. */
  readonly #fingerprints: string[] = [];
  /** … as the last entry has it. */
  readonly #kinds: RowKind[] = [];
  /** … its first and last moment. */
  #seenMs = new Float64Array(2 * ROWS_AT_FIRST);
  readonly #sums = new SumTable();
  readonly #byKey = new Map<string, ByFingerprint>();

  get length(): number {
    return this.#fingerprints.length;
  }

  /** Throws DamagedJournal. */
  add(packed: Uint8Array): void {
    const ofKinds = new Map<RowKind, ByFingerprint>();
    readEntry(packed, (kind, fingerprint, { reader, seen }) => {
      let ofKind = ofKinds.get(kind);
      if (ofKind === undefined) {
        ofKind = this.#ofKey(kind);
        ofKinds.set(kind, ofKind);
      }
      const form = FORMS[kind.of];
      let number = ofKind.get(fingerprint);
      if (number === undefined) {
        number = this.#sums.newRow(form.fields);
        ofKind.set(fingerprint, number);
        this.#push(fingerprint, kind, seen?.firstSeenMs ?? 0);
      }
      if (seen !== undefined) {
        this.#kinds[number] = kind;
        const at = 2 * number;
        if (seen.firstSeenMs < this.#seenMs[at]) this.#seenMs[at] = seen.firstSeenMs;
        if (seen.lastSeenMs > this.#seenMs[at + 1]) this.#seenMs[at + 1] = seen.lastSeenMs;
      }
      this.#sums.addPacked(number, reader, form);
    });
  }

  /** Some of the rows, as a flush gives them. */
  partsOf(from: number, until: number): JournaledParts & { rows: number } {
    const rollups: RollupRow[] = [];
    const tags: TagRollup[] = [];
    const requestStatements: RequestStatementRollup[] = [];
    const statements: StatementSourceDelta[] = [];
    const end = Math.min(until, this.length);
    for (let number = from; number < end; number++) {
      const fingerprint = this.#fingerprints[number];
      const kind = this.#kinds[number];
      const { of, minute, source, tagSet, pool, construct, verdict } = kind;
      const key = { minute, fingerprint, source };
      if (of === 'tags') {
        tags.push(this.#filled(number, kind, { ...key, tagSet, ...noSums(TAG_RULES), histogram: new LogHistogram() }));
      } else if (of === 'requestStatements') {
        requestStatements.push(this.#filled(number, kind, { ...key, tagSet, ...noSums(REQUEST_STATEMENT_RULES) }));
      } else {
        const row = this.#filled(number, kind, new RollupRow({ ...key, pool, construct }));
        rollups.push(row);
        if (verdict === undefined) continue;
        const { calls, errors } = row;
        const firstSeenMs = this.#seenMs[2 * number];
        const lastSeenMs = this.#seenMs[2 * number + 1];
        statements.push({ fingerprint, source, construct, firstSeenMs, lastSeenMs, calls, errors, ...verdict });
      }
    }
    return { rollups, tags, requestStatements, statements, rows: end - from };
  }

  #push(fingerprint: string, kind: RowKind, firstSeenMs: number): void {
    const at = 2 * this.#fingerprints.length;
    if (at === this.#seenMs.length) this.#seenMs = twice(this.#seenMs, new Float64Array(2 * at));
    this.#seenMs[at] = firstSeenMs;
    this.#fingerprints.push(fingerprint);
    this.#kinds.push(kind);
  }

  #filled<Row extends object>(number: number, { of }: RowKind, row: Row): Row {
    this.#sums.read(number, FORMS[of].fields, row as Sums & Beside);
    return row;
  }

  #ofKey({ of, minute, source, pool, construct, tagSet, verdict }: RowKind): ByFingerprint {
    const name = [of, minute, source, pool, construct, tagSet, verdict === undefined].join('\0');
    let rows = this.#byKey.get(name);
    if (rows === undefined) {
      rows = new Map();
      this.#byKey.set(name, rows);
    }
    return rows;
  }
}
