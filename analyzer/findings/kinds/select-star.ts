// Finds reads of all columns of a table in SQL that is written by hand.
// Invariant: `*` is a column of the outermost SELECT. It is a habit and stays weak: nobody but the application knows
// which columns it needs. Not here: reads of many rows (unbounded-result.ts).

import type { Occurrence } from '../../../facts/finding.js';
import { TRAITS } from '../../../facts/work/unit.js';
import { callerOf } from '../views/caller.js';
import { addTo, type Kind, poolsOf, tableWords } from '../views/kind.js';

export const SELECT_STAR: Kind = {
  kind: 'select-star',
  needs: TRAITS.readsAll,
  look({ own }) {
    const found = new Map<string, Occurrence>();
    for (const one of own) {
      // What a library writes is the library's.
      if (one.reads !== 'all' || one.source !== 'raw' || one.sqlstate !== '') continue;
      addTo(found, {
        kind: 'select-star',
        confidence: 'weak',
        statements: [{ fingerprint: one.fingerprint, source: one.source, role: 'inside' }],
        pools: poolsOf([one]),
        times: 1,
        costNs: one.serviceNs,
        caller: callerOf(one),
      });
    }
    return [...found.values()];
  },
  // What is asked of the catalogue, or of a statement's own list.
  excludes: (query) => /\b(?:pg_catalog|information_schema)\.|\b(?:FROM|JOIN)\s+"?pg_\w|\bFROM\s*\(/i.test(query),
  words: (told) => ({
    title: `SELECT * of ${tableWords(told, 'inside')}`,
    explanation:
      `A statement that is written by hand reads every column of ${tableWords(told, 'inside')}. ` +
      'Columns that nobody needs are sent too, an index alone cannot answer it, and it changes its result when a column is added.',
    nextStep: 'Name the columns that are used.',
  }),
};
