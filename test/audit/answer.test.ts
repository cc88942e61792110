// The audit as a whole: what ran of a place, its findings, the order of the work.
// Not here: the join (join.test.ts), categories (difficulty.test.ts).

import { beforeAll, expect, test } from 'vitest';
import { loadGrammar, treeOfSql } from '../../analyzer/fingerprint/grammar.js';
import { answerAudit } from '../../audit/answer.js';
import type { CodePlace } from '../../audit/catalogue.js';
import type { StatementFacts, StatementsReport } from '../../facts/answers.js';
import type { FindingFacts } from '../../facts/finding.js';
import { emptyFacts } from '../../facts/statement-facts.js';

beforeAll(loadGrammar);

function place(line: number, sql: string, parts: Partial<CodePlace> = {}): CodePlace {
  return {
    id: `place-${line}`,
    file: 'views.py',
    line,
    end_line: line,
    function: `view_${line}`,
    kind: 'raw',
    in_migration: false,
    api: 'cursor.execute',
    statements: [{ sql, holes: false, form: 'statement', reverse: false }],
    tables: ['t'],
    database: 'default',
    via: null,
    resolved: true,
    unresolved: null,
    ...parts,
  };
}

function ran(fingerprint: string, caller: string, serviceMs: number): StatementFacts {
  const facts = emptyFacts(fingerprint, 'raw');
  facts.calls = 10;
  facts.serviceTotalNs = serviceMs * 1e6;
  facts.tags.set('caller', new Set([caller]));
  return facts;
}

const finding = (id: string, fingerprint: string, caller: string, state: FindingFacts['state'] = 'open') =>
  ({
    id,
    state,
    callers: [caller],
    statements: [{ fingerprint, source: 'raw', role: 'repeated' }],
  }) as unknown as FindingFacts;

test('a place has what its own caller sent, its findings, and its turn', () => {
  const statements = [ran('a', 'views.py:1', 5), ran('b', 'views.py:2', 50), ran('c', 'views.py:3', 1)];
  const report: StatementsReport = {
    window: { sinceMs: 0, untilMs: 86_400_000 },
    observed: { executions: 30, notObserved: 0, notObservedByReason: new Map(), unknown: 0, exact: true },
    statements,
    sums: new Map([['raw', { statements: 3, executions: 30, serviceTotalNs: 56e6 }]]),
  };
  const { places } = answerAudit({
    catalogue: {
      version: 1,
      root: '.',
      routes: null,
      jobs: null,
      commands: null,
      places: [
        place(1, 'WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x'),
        place(2, 'SELECT a FROM t'),
        place(3, 'INSERT INTO t VALUES (1)'),
        place(4, 'SELECT b FROM t', { kind: 'sqlalchemy', api: 'session.execute' }),
      ],
    },
    report,
    tests: [ran('t', 'views.py:2', 1)],
    findings: [
      finding('of-b', 'b', 'views.py:2'),
      finding('elsewhere', 'b', 'views.py:9'),
      finding('new', 'c', 'views.py:3', 'candidate'),
      // Of a pool, and of no statement.
      { ...finding('of-pool', 'b', 'views.py:2'), statements: [] },
    ],
    fingerprintsOf: () => [],
    treeOf: treeOfSql,
    // Of its statement, this caller sent half.
    byCaller: new Map(statements.map((facts, n) => [`views.py:${n + 1}`, { ...facts, calls: 5 }])),
    django: '5.2',
    moneyTables: ['t'],
  });
  expect(places.map(({ place: { line }, complexity }) => [line, complexity])).toEqual([
    [4, 'orm'],
    [2, 'orm'],
    [3, 'orm'],
    [1, 'stays'],
  ]);
  expect(places.map(({ seen }) => seen?.findings)).toEqual([undefined, ['of-b'], [], []]);
  expect(places.map(({ tested }) => tested)).toEqual([false, true, false, false]);
  expect(places[1].seen).toMatchObject({ calls: 5, callsPerDay: 5, totalMs: 50 });
  expect(places[1].risk).toEqual({ level: 'high', reasons: ['hot path', 'money'] });
  expect(places[2].risk.reasons).toEqual(['writes', 'money']);
});
