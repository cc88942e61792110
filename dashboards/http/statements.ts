// A statements query answered from one store. Shared by the API and by the command line's --data.
// Invariant: what is cut by --min-ms is cut before --limit. Not here: merging several stores, formatting.

import { meanNs } from '../../storage/latency.js';
import { reportStatements } from '../../storage/report-statements.js';
import type { StatementsReport } from '../../storage/report-types.js';
import type { Reader } from '../../storage/sqlite/reader.js';
import { ordered } from '../../storage/statement-order.js';
import type { StatementsQuery } from './parameters.js';

/** Throws StoreError. */
export function answerStatements(reader: Reader, query: StatementsQuery): StatementsReport {
  const { range, filter, sort, limit, minMs, percentilesOf } = query;
  if (minMs === 0) return reportStatements(reader, { ...range, filter, sort, limit, percentilesOf });
  const report = reportStatements(reader, { ...range, filter });
  const slow = report.statements.filter((facts) => meanNs(facts) >= minMs * 1e6);
  return { ...report, statements: ordered(slow, { sort, limit }) };
}
