// Finds out which rows without levels changed since they were sent: by a digest of each.
// Invariant: a row counts as sent when the store said so; memory is some tens of bytes per row. Once a week everything
// counts as changed, so that the fleet's store may drop what nobody sends. Not here: reading (storage/sqlite/outbox/).

import { createHash } from 'node:crypto';
import type { Rows } from '../../storage/sqlite/file/rows.js';
import {
  type ComparedRow,
  comparedRows,
  OTHER_TABLES,
  type OtherTable,
} from '../../storage/sqlite/outbox/other-rows.js';

const REFRESH_MS = 7 * 86_400_000;

export interface Difference {
  table: OtherTable;
  key: ComparedRow['key'];
  keyDigest: number;
  digest: number;
}

export class Differences {
  readonly #sent = new Map<number, number>();
  #begunMs: number | undefined;

  /** At most `max` rows that changed, in the order of their tables. */
  in(rows: Rows, max: number, nowMs: number): Difference[] {
    if (this.#begunMs === undefined || Math.abs(nowMs - this.#begunMs) > REFRESH_MS) {
      this.#begunMs = nowMs;
      this.#sent.clear();
    }
    const found: Difference[] = [];
    for (const table of OTHER_TABLES) {
      for (const { key, keyText, comparedText } of comparedRows(rows, table)) {
        const keyDigest = digestOf(`${table.name}\0${keyText}`);
        const digest = digestOf(comparedText);
        if (this.#sent.get(keyDigest) === digest) continue;
        found.push({ table, key, keyDigest, digest });
        if (found.length === max) return found;
      }
    }
    return found;
  }

  sent(differences: readonly Difference[]): void {
    for (const { keyDigest, digest } of differences) this.#sent.set(keyDigest, digest);
  }

  forget(): void {
    this.#sent.clear();
  }
}

/** 48 bits. */
function digestOf(text: string): number {
  return createHash('sha1').update(text).digest().readUIntBE(0, 6);
}
