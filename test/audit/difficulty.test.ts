// The categories of statements, by real SQL through the real grammar; and the ways out of them.
// Not here: which statements a place has (join.test.ts).

import { beforeAll, describe, expect, test } from 'vitest';
import { loadGrammar, treeOfSql } from '../../analyzer/fingerprint/grammar.js';
import { shownAsSql } from '../../audit/answer.js';
import { CATEGORIES, type Category, categoriesOf } from '../../audit/difficulty.js';
import { complexityOf, replacedBy, riskOf } from '../../audit/ways.js';

beforeAll(loadGrammar);

const of = (sql: string): Category[] => categoriesOf(treeOfSql(sql));

const CASES: ReadonlyArray<readonly [sql: string, categories: readonly Category[]]> = [
  ['SELECT lower(a), count(*) FROM t WHERE b = $1 GROUP BY 1', []],
  ['SELECT * FROM a JOIN b ON a.b_id = b.id AND b.x > 1', []],
  ['SELECT DISTINCT a FROM t', []],
  ['INSERT INTO t VALUES ($1)', []],
  ['SELECT rank() OVER (PARTITION BY a ORDER BY b) FROM t', ['window']],
  ['SELECT sum(a) OVER w FROM t WINDOW w AS (ORDER BY b)', ['window']],
  ['SELECT sum(a) OVER (ORDER BY b ROWS 2 PRECEDING) FROM t', ['window', 'window-frame']],
  ['WITH x AS (SELECT 1) SELECT * FROM x', ['cte']],
  ['WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT 2) SELECT * FROM t', ['recursive-cte', 'set-operation']],
  ['WITH d AS (DELETE FROM a RETURNING *) SELECT * FROM d', ['cte', 'writing-cte']],
  ['SELECT * FROM a JOIN b ON a.x > b.y', ['join-off-keys']],
  ['SELECT * FROM a, b WHERE a.id = b.a_id', []],
  ['SELECT * FROM a, b WHERE a.x < b.y', ['join-off-keys']],
  ['SELECT * FROM a CROSS JOIN LATERAL (SELECT 1) x', ['lateral']],
  ['SELECT 1 EXCEPT SELECT 2', ['set-operation']],
  ["SELECT string_agg(a, ',') FROM t", ['database-function']],
  ['SELECT * FROM generate_series(1, 2)', ['database-function']],
  ['SELECT * FROM sales_of($1)', ['stored-function']],
  ['CALL rebuild()', ['stored-function']],
  ['SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u)', ['subquery']],
  ['SELECT count(*) FILTER (WHERE a) FROM t', ['aggregate-filter']],
  ['SELECT a FROM t GROUP BY ROLLUP (a)', ['grouping-sets']],
  ['SELECT DISTINCT ON (a) a FROM t', ['distinct-on']],
  ["SELECT json_build_object('a', b) FROM t", ['json']],
  ["SELECT a ->> 'b' FROM t", ['json']],
  ["SELECT 1 FROM t WHERE to_tsvector(a) @@ plainto_tsquery('x')", ['full-text']],
  ['INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING', ['upsert']],
  ['UPDATE a SET b = 1 FROM c WHERE a.id = c.a_id', ['update-from']],
  ['DELETE FROM a USING b WHERE a.id = b.a_id', ['delete-using']],
  ['SELECT 1 FROM t FOR UPDATE SKIP LOCKED', ['locking']],
  ['REFRESH MATERIALIZED VIEW m', ['materialised-view']],
  ['CREATE TEMP TABLE x (a int)', ['temporary-table', 'schema-change']],
  ['COPY t TO STDOUT', ['copy']],
  ['ALTER TABLE t ADD a int', ['schema-change']],
  ['SELECT (', ['not-parsed']],
];

test.each(CASES)('%s', (sql, categories) => {
  expect(of(sql)).toEqual(categories);
});

test('every category has a case', () => {
  const shown = new Set(CASES.flatMap(([, categories]) => categories));
  expect(CATEGORIES.filter((category) => !shown.has(category))).toEqual([]);
});

test('a normalised text is read as its values were', () => {
  expect(of(shownAsSql('SELECT a FROM t WHERE b = ? AND c IN (?) LIMIT ?'))).toEqual([]);
  expect(of(shownAsSql('SELECT sum(a) OVER (ORDER BY b) FROM t WHERE d > now() - ?::interval'))).toEqual(['window']);
});

describe('the way', () => {
  test('is decided by the hardest category', () => {
    expect(complexityOf([])).toBe('orm');
    expect(complexityOf(['window', 'subquery'])).toBe('orm-expressions');
    expect(complexityOf(['window', 'cte'])).toBe('raw-queryset');
    expect(complexityOf(['window', 'recursive-cte'])).toBe('stays');
  });

  test('is said hardest first, with links to the version in use', () => {
    const words = replacedBy(['subquery', 'stored-function'], '4.2');
    expect(words.indexOf('stays raw SQL')).toBeLessThan(words.indexOf('Subquery()'));
    expect(words).toContain('https://docs.djangoproject.com/en/4.2/topics/db/sql/');
    expect(words).toContain('not on the wire');
  });

  test('carries the stakes', () => {
    const calm = { timeShare: 0, callsPerDay: 10, writes: false, touchesMoney: false };
    expect(riskOf(calm)).toEqual({ level: 'low', reasons: [] });
    expect(riskOf({ ...calm, writes: true })).toEqual({ level: 'medium', reasons: ['writes'] });
    expect(riskOf({ ...calm, timeShare: 0.3, touchesMoney: true })).toEqual({
      level: 'high',
      reasons: ['hot path', 'money'],
    });
  });
});
