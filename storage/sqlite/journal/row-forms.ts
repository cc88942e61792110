// The rows that the journal keeps, each with its fields in the order in which it has them.
// Invariant: what is measured is in it; a change needs a new version of packed-entry.ts.
// Not here: errors by SQLSTATE, and histograms.

import { CALLS_BY_CONFIDENCE, type Merge } from '../../../facts/measures.js';
import type { RequestStatementRollup, RollupRow, TagRollup } from '../../../facts/rollup-row.js';
import { REQUEST_STATEMENT_RULES, STATEMENT_RULES, TAG_RULES } from '../../../facts/sums.js';

/** Rows by the part of a flush that they fill, in the order in which they are packed. */
export interface RowsByPart {
  rollups: RollupRow;
  tags: TagRollup;
  requestStatements: RequestStatementRollup;
}

export type Part = keyof RowsByPart;
export const PARTS = ['rollups', 'tags', 'requestStatements'] as const satisfies readonly Part[];

export interface Field {
  name: string;
  merge: Merge;
}

const { calls, ...others } = STATEMENT_RULES;

/** How a row of each part is packed. */
export const FORMS: Readonly<Record<Part, { fields: readonly Field[]; hasHistogram: boolean }>> = {
  rollups: {
    fields: [...Object.values(CALLS_BY_CONFIDENCE).map((name) => ({ name, merge: calls })), ...fieldsOf(others)],
    hasHistogram: true,
  },
  tags: { fields: fieldsOf(TAG_RULES), hasHistogram: true },
  requestStatements: { fields: fieldsOf(REQUEST_STATEMENT_RULES), hasHistogram: false },
};

function fieldsOf(rules: Readonly<Record<string, Merge>>): Field[] {
  return Object.entries(rules).map(([name, merge]) => ({ name, merge }));
}
