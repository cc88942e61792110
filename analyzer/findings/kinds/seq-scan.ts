// Finds reads and writes that take long because the server reads a whole table for few rows.
// Invariant: the server's generic plan says so (--samples-dsn); without plans nothing is found. It is strong where an
// execution took long, too: the plan for the values at hand may be another. Not here: asking for plans
// (observer/plan-collector.ts), which were seen (../seq-scans.ts).

import type { Occurrence } from '../../../facts/finding.js';
import { callerOf } from '../views/caller.js';
import { addTo, type Kind, poolsOf, tableWords } from '../views/kind.js';

/** By the server's own measure: some 8 MiB of a table. */
const COST_MIN = 1_000;
/** Rows that are left, of a cost of so much each: an index would lead to them. */
const COST_PER_ROW_MIN = 10;
const SURE_NS = 10e6;
const SURE_ROWS_MAX = 1_000;

export const SEQ_SCAN: Kind = {
  kind: 'seq-scan',
  look(view) {
    const { seqScans } = view;
    if (seqScans.size === 0) return [];
    const found = new Map<string, Occurrence>();
    for (const one of view.own) {
      if (one.sqlstate !== '' || !seqScans.has(one.fingerprint)) continue;
      const isSure = one.serviceNs >= SURE_NS && one.rows <= SURE_ROWS_MAX;
      addTo(found, {
        kind: 'seq-scan',
        confidence: isSure ? 'strong' : 'weak',
        statements: [{ fingerprint: one.fingerprint, source: one.source, role: 'inside' }],
        pools: poolsOf([one]),
        times: 1,
        costNs: one.serviceNs,
        caller: callerOf(one),
      });
    }
    return [...found.values()];
  },
  words: (told) => ({
    title: `A whole table is read for few rows, in a statement on ${tableWords(told, 'inside')}`,
    explanation:
      `The server's plan of a statement on ${tableWords(told, 'inside')} reads a large table from its first page to its last, and keeps few rows of it. ` +
      'It takes longer with every row that is added.',
    nextStep:
      'Look at the plan (pgwitness show) for the condition behind Filter, and whether an index serves it (CREATE INDEX CONCURRENTLY).',
  }),
};

/** @param plan EXPLAIN's text. True where a node reads a large table, has a condition, and expects few rows. */
export function readsWholeTable(plan: string): boolean {
  const lines = plan.split('\n');
  return lines.some((line, at) => {
    const node = /\bSeq Scan on .*\(cost=\d+\.\d+\.\.(\d+\.\d+) rows=(\d+) /.exec(line);
    if (node === null || !/^\s*Filter: /.test(lines[at + 1] ?? '')) return false;
    const [cost, rows] = [Number(node[1]), Number(node[2])];
    return cost >= COST_MIN && cost >= rows * COST_PER_ROW_MIN;
  });
}
