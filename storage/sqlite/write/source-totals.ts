// Adds up the rows of a flush by source and minute.
// Invariant: a source's total is the sum of its rows as they are stored, rounded one by one.
// Not here: writing them (flush-writer.ts).

import type { SourceMeasureName } from '../../../facts/measures.js';
import type { RollupRow } from '../../../facts/rollup-row.js';
import { addSums, noSums, SOURCE_RULES, type Sums } from '../../../facts/sums.js';
import { integer } from '../tables/rollup-tables.js';
import type { RowExecutions } from './salvage.js';

const SOURCE_NAMES = Object.keys(SOURCE_RULES) as SourceMeasureName[];

/** A source in one minute. */
export interface SourceTotal extends RowExecutions {
  source: string;
  sums: Sums<SourceMeasureName>;
}

export class SourceTotals {
  readonly #bySource = new Map<string, SourceTotal>();
  readonly #rounded = noSums(SOURCE_RULES);

  add(row: RollupRow): void {
    const { minute, source } = row.key;
    const at = `${minute} ${source}`;
    let total = this.#bySource.get(at);
    if (total === undefined) {
      total = { minute, source, executions: 0, sums: noSums(SOURCE_RULES) };
      this.#bySource.set(at, total);
    }
    for (const name of SOURCE_NAMES) this.#rounded[name] = integer(row[name]);
    addSums(SOURCE_RULES, total.sums, this.#rounded);
    total.executions += row.executions;
  }

  all(): Iterable<SourceTotal> {
    return this.#bySource.values();
  }
}
