// Percentiles of statements of which executions failed within a batch.
// Invariant: the first statements by a percentile are those that reading all would find.

import { expect, test } from 'vitest';
import { reportStatements } from '../../reports/statements.js';
import { flushOf, openStore, openTestReader, rollupOf, temporaryDirectory } from '../storage/flushes.js';

test('executions that failed within a batch make no statement look quicker', () => {
  const dataDir = temporaryDirectory();
  const store = openStore(dataDir);
  const id = (n: number): string => n.toString(16).padStart(16, '0');
  const slow = rollupOf({ fingerprint: id(9_999), callsNs: [1e9] });
  const failed = {
    ...{ completedAtMs: 1, sqlstate: '23505', command: 'INSERT', rows: 0, batched: true, serviceNs: 1_000 },
    ...{ requestBytes: 0, responseBytes: 0, waitNs: 0, firstRowNs: -1, clientStallNs: 0 },
    ...{ parameterHash: 0, parameterCount: 0, parametersCut: false },
  };
  for (let n = 0; n < 2_000; n++)
    slow.add(failed, { source: 'raw', construct: 'cursor', confidence: 'strong', evidence: [] });
  const others = Array.from({ length: 250 }, (_, n) => {
    const ns = n < 150 ? 5e7 : 2e8;
    return rollupOf({ fingerprint: id(n), callsNs: [ns, ns] });
  });
  store.flush(flushOf({ rollups: [slow, ...others] }));
  const reader = openTestReader(dataDir);
  const first = reportStatements(reader, { sort: 'p95', limit: 3 }).statements;
  const all = reportStatements(reader, { sort: 'p95' }).statements;
  expect(first).toEqual(all.slice(0, 3));
  expect(first[0].fingerprint).toBe(id(9_999));
});
