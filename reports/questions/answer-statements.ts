// Answers a statements query from one store, for the API and for --data alike.
// Invariant: --min-ms cuts before --limit does. Not here: merging several stores, formatting.

import type { StatementsReport } from '../../facts/answers.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { reportStatements } from '../statements.js';
import type { StatementsQuery } from './grammar.js';

/** Throws StoreError. */
export function answerStatements(reader: StoreReader, query: StatementsQuery): StatementsReport {
  const { range, filter, sort, limit, minMs, hidden } = query;
  return reportStatements(reader, { ...range, filter, sort, limit, hidden: new Set(hidden), meanNsMin: minMs * 1e6 });
}
