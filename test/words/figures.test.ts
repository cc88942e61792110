// Figures and codes as people read them: percentiles of few executions, names of SQLSTATEs.
// Not here: percentiles of many (test/rollup).

import { expect, test } from 'vitest';
import { latencyOf } from '../../facts/latency.js';
import { emptyFacts } from '../../facts/statement-facts.js';
import { namedSqlstate } from '../../facts/words/sqlstates.js';

test('percentiles of one execution are its time, though a bucket of the histogram is wider', () => {
  for (const serviceNs of [563_000_000, 569_123_456, 1, 999]) {
    const facts = { ...emptyFacts('a1b2c3d4e5f60718', 'raw'), calls: 1, serviceTotalNs: serviceNs };
    facts.serviceMinNs = serviceNs;
    facts.serviceMaxNs = serviceNs;
    facts.histogram.add(serviceNs);
    const { meanNs, p50Ns, p95Ns, p99Ns, maxNs } = latencyOf(facts);
    expect([p50Ns, p95Ns, p99Ns, maxNs]).toEqual([meanNs, meanNs, meanNs, meanNs]);
  }
});

test.each([
  ['42703', '42703 undefined_column'],
  ['57014', '57014 query_canceled'],
  ['ZZ999', 'ZZ999'],
])('SQLSTATE %s has its name: %s', (code, named) => {
  expect(namedSqlstate(code)).toBe(named);
});
