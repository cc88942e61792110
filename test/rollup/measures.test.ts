// Counting that is written by hand, held to the table of measures; and the table to its own rules.
// Not here: what the counts mean (rollups.test.ts), a measure's way through store and reports
// (../storage/measures.test.ts).

import { describe, expect, it, test } from 'vitest';
import { TagRollups } from '../../analyzer/rollup/tag-rollups.js';
import {
  CALLS_BY_CONFIDENCE,
  type Measure,
  POOL_MEASURES,
  REQUEST_MEASURES,
  REQUEST_PART_MEASURES,
  REQUEST_STATEMENT_MEASURES,
  STATEMENT_MEASURES,
  type StatementMeasureName,
} from '../../facts/measures.js';
import { newPoolMinute } from '../../facts/pool-minute.js';
import { type Measured, RollupRow } from '../../facts/rollup-row.js';
import { addSums, noSums, POOL_RULES, STATEMENT_RULES, type Sums, TAG_RULES } from '../../facts/sums.js';
import { CONFIDENCES, type Confidence, type Verdict } from '../../facts/verdict.js';

const KEY = { minute: 1, pool: 'p', source: 'raw', construct: 'cursor', fingerprint: 'f' };
const verdict = (confidence: Confidence): Verdict => ({ source: 'raw', construct: 'cursor', confidence, evidence: [] });

/** Every value differs from every other, so that none can stand in another's place. */
function executionOf(n: number, parts: Partial<Measured> = {}): Measured {
  return {
    completedAtMs: 60_000 + n,
    sqlstate: '',
    command: 'SELECT',
    rows: n,
    requestBytes: 100 + n,
    responseBytes: 1_000 + n,
    serviceNs: 10_000 + n,
    waitNs: 20_000 + n,
    firstRowNs: 30_000 + n,
    clientStallNs: 40_000 + n,
    parameterHash: 0,
    parameterCount: 0,
    parametersCut: false,
    batched: false,
    firstOfRequest: true,
    ...parts,
  };
}

const EXECUTIONS: ReadonlyArray<readonly [Measured, Confidence]> = [
  ...CONFIDENCES.map((confidence, n) => [executionOf(n + 1), confidence] as const),
  [executionOf(10, { batched: true }), 'strong'],
  [executionOf(11, { sqlstate: '23505' }), 'strong'],
  [executionOf(12, { firstRowNs: -1, firstOfRequest: false }), 'weak'],
];

function rowOf(executions: typeof EXECUTIONS): RollupRow {
  const row = new RollupRow(KEY);
  for (const [measured, confidence] of executions) row.add(measured, verdict(confidence));
  return row;
}

function sumsIn<Name extends string>(names: readonly Name[], row: Readonly<Record<Name, number>>): Sums<Name> {
  return Object.fromEntries(names.map((name) => [name, row[name]])) as Sums<Name>;
}

const NAMES = Object.keys(STATEMENT_RULES) as StatementMeasureName[];

describe('a rollup row', () => {
  it("begins with the table's empty sums, and has them again after reset", () => {
    const row = new RollupRow(KEY);
    expect(sumsIn(NAMES, row)).toEqual(noSums(STATEMENT_RULES));
    for (const [measured, confidence] of EXECUTIONS) row.add(measured, verdict(confidence));
    row.reset();
    expect(row).toEqual(new RollupRow(KEY));
  });

  it('counts every measure of the table', () => {
    const row = rowOf(EXECUTIONS);
    const empty = noSums(STATEMENT_RULES);
    expect(NAMES.filter((name) => row[name] === empty[name])).toEqual([]);
    const calls = CONFIDENCES.map((confidence) => row[CALLS_BY_CONFIDENCE[confidence]]);
    expect(calls).toEqual([1, 2, 2, 1]);
  });

  it.each([1, 3, 5])('counted in two parts, cut at %i, adds up by the table to the row counted whole', (at) => {
    const sums = noSums(STATEMENT_RULES);
    addSums(STATEMENT_RULES, sums, rowOf(EXECUTIONS.slice(0, at)));
    addSums(STATEMENT_RULES, sums, rowOf(EXECUTIONS.slice(at)));
    expect(sums).toEqual(sumsIn(NAMES, rowOf(EXECUTIONS)));
  });
});

test('a tag set counts what a rollup row counts, as far as the table says that it keeps it', () => {
  const tags = new TagRollups({ tagSetsPerFingerprintMax: 10, tagSetsMax: 10 });
  for (const [measured] of EXECUTIONS) tags.add(measured, { fingerprint: 'f', source: 'raw', tagSet: '{}' });
  const [tagged] = tags.pending();
  const names = Object.keys(TAG_RULES) as Array<keyof typeof TAG_RULES>;
  const row = rowOf(EXECUTIONS);
  expect(sumsIn(names, tagged)).toEqual(sumsIn(names, row));
  expect(tagged.histogram).toEqual(row.histogram);
});

test("a pool's minute has every measure of its table and nothing else that adds up", () => {
  const { minute, pool, transactionHistogram, ...sums } = newPoolMinute('p', 1);
  expect(sums).toEqual(noSums(POOL_RULES));
});

const SUFFIXES = {
  ns: /Ns$/,
  ms: /Ms$/,
  bytes: /Bytes$/,
  count: /^(?!.*(Ns|Ms|Bytes)$)/,
  'ns²': /SquaredNs2$/,
  'count²': /Squared$/,
} as const;
const OF_REQUESTS = { ...REQUEST_MEASURES, ...REQUEST_PART_MEASURES, ...REQUEST_STATEMENT_MEASURES };

test.each(Object.entries<Measure>({ ...STATEMENT_MEASURES, ...POOL_MEASURES, ...OF_REQUESTS }))(
  'the name of %s says its unit and how it merges',
  (name, { unit, merge }) => {
    expect(name).toMatch(SUFFIXES[unit]);
    if (/Squared(Ns2)?$/.test(name)) expect(merge).toBe('squares');
    else expect(merge).toBe(/Max(Ns|Ms)?$/.test(name) ? 'max' : /Min(Ns|Ms)?$/.test(name) ? 'min' : 'sum');
  },
);
