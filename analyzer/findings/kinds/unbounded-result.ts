// Finds reads that give a request more rows than a page can show.
// Invariant: a LIMIT, or a cursor that is fetched in portions, is none. Not here: slow statements (reports/).

import type { Occurrence } from '../../../facts/finding.js';
import { TRAITS } from '../../../facts/work/unit.js';
import { callerOf } from '../views/caller.js';
import { addTo, isRead, type Kind, poolsOf, tableWords } from '../views/kind.js';

const ROWS_MIN = 10_000;

export const UNBOUNDED_RESULT: Kind = {
  kind: 'unbounded-result',
  needs: TRAITS.rows,
  look({ own, rules, route }) {
    const found = new Map<string, Occurrence>();
    for (const one of own) {
      // Cheap first: hardly any statement has so many rows.
      if (!isRead(one) || one.rows < 2) continue;
      if (one.rows < rules.threshold('unbounded-result', { route, source: one.source }, ROWS_MIN)) continue;
      addTo(found, {
        kind: 'unbounded-result',
        confidence: 'strong',
        statements: [{ fingerprint: one.fingerprint, source: one.source, role: 'inside' }],
        pools: poolsOf([one]),
        times: one.rows,
        costNs: one.serviceNs,
        caller: callerOf(one),
      });
    }
    return [...found.values()];
  },
  excludes: (query) => /\bLIMIT\b|\bFETCH\s+(?:FIRST|NEXT)\b/i.test(query),
  words: (told) => ({
    title: `${Math.round(told.timesMean)} rows of ${tableWords(told, 'inside')} in a request, without a limit`,
    explanation:
      `One read gives ${Math.round(told.timesMean)} rows of ${tableWords(told, 'inside')} at once (at most ${told.timesMax}). ` +
      'It grows with the table, and the application holds all of them in memory.',
    nextStep:
      'Ask for a page of them, let the database add them up, or read them in portions (iterator(), yield_per()).',
  }),
};
