// A statements query answered from one store. Shared by the API and by the command line's --data.
// Invariant: what is cut by --min-ms is cut before --limit. Not here: merging several stores, formatting.

import { reportStatements } from '../../storage/report-statements.js';
import type { StatementsReport } from '../../storage/report-types.js';
import type { Reader } from '../../storage/sqlite/reader.js';
import type { StatementsQuery } from './parameters.js';

/** Throws StoreError. */
export function answerStatements(reader: Reader, query: StatementsQuery): StatementsReport {
  const { range, filter, sort, limit, minMs, folded } = query;
  return reportStatements(reader, { ...range, filter, sort, limit, folded: new Set(folded), meanNsMin: minMs * 1e6 });
}
