// Kinds about how connections and transactions are used, and about failures: fault and clean twin.
// Not here: real code (faults.test.ts), each other kind's edges (rules.test.ts, kinds.test.ts).

import { describe, expect, test } from 'vitest';
import { shapeOf } from '../../analyzer/attribution/statement-shape.js';
import { KINDS } from '../../analyzer/findings/kinds/kinds.js';
import { lex } from '../../analyzer/sql/sql-lexer.js';
import { SqlTokens } from '../../analyzer/sql/tokens.js';
import type { FindingKind } from '../../facts/finding.js';
import { Playing } from '../work/playing.js';
import { end, inside, item, look, type Sent, times } from './units.js';

const begin: Sent = { sql: 'BEGIN', housekeeping: 'begin', transactionAfter: 'T', source: 'housekeeping' };
const read = (n = 0): Sent => ({ ...item(n), transactionAfter: 'T' });
const transaction = (how: string, ...within: Sent[]): Sent[] => [
  begin,
  ...within,
  { ...end(how), source: 'housekeeping' },
];

describe('a plain read, by its text', () => {
  test.each([
    ['SELECT a, b FROM t WHERE a = 1', 'rows'],
    ['SELECT count(*) FROM t', 'rows'],
    ['SELECT a * b FROM t', 'rows'],
    ['SELECT a FROM t WHERE EXISTS (SELECT * FROM u)', 'rows'],
    ['SELECT substring(a for 3) FROM t', 'rows'],
    ['SELECT * FROM t', 'all'],
    ['SELECT DISTINCT * FROM t', 'all'],
    ['select a, u.* from t, u', 'all'],
    ['SELECT 1', ''],
    ['SELECT pg_sleep(1)', ''],
    ['SELECT a FROM t FOR UPDATE', ''],
    ['SELECT * FROM t ORDER BY a FOR NO KEY UPDATE SKIP LOCKED', ''],
    ['SELECT a INTO u FROM t', ''],
    ["SELECT nextval('s') FROM t", ''],
    ['SELECT a FROM t WHERE pg_advisory_xact_lock(1) IS NULL', ''],
    ['SELECT a FROM (SELECT a FROM t ORDER BY a LIMIT 1 FOR UPDATE) q', ''],
    ['SELECT a FROM t WHERE a IN (SELECT b FROM u FOR NO KEY UPDATE SKIP LOCKED)', ''],
    ['SELECT a FROM (SELECT substring(a for 3) FROM t) q', 'rows'],
    ['SELECT a FROM t WHERE pg_try_advisory_xact_lock(a)', ''],
    ['SELECT PG_ADVISORY_LOCK(a) FROM t', ''],
    ['SELECT charge(o.id) FROM orders o', ''],
    ['SELECT charge (o.id) FROM orders o', ''],
    ['SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE "Charge"(u.id))', ''],
    ['SELECT billing.lower(a) FROM t', ''],
    ['SELECT * FROM charges(1)', ''],
    ['SELECT pg_catalog.lower(a), COUNT(*) FILTER (WHERE b > 1) OVER (PARTITION BY a) FROM t', 'rows'],
    ['SELECT a::numeric(10, 2), CAST(a AS varchar(20)) FROM t WHERE (a, b) IN ((1, 2))', 'rows'],
    ['SELECT q.a FROM unnest(ARRAY[1]) WITH ORDINALITY q(a, n) JOIN (VALUES (1)) AS v(b) USING (a)', 'rows'],
    ['SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t GROUP BY GROUPING SETS ((a), ())', 'rows'],
    ['SELECT ST_Distance(a, b) FROM t', 'rows'],
    ['WITH w AS (DELETE FROM t RETURNING *) SELECT * FROM w', ''],
    ['UPDATE t SET a = 1', ''],
  ])('%s: %s', (sql, reads) => {
    const tokens = new SqlTokens();
    lex(Buffer.from(sql), tokens);
    expect(shapeOf(tokens).reads).toBe(reads);
  });
});

describe('a transaction that only reads', () => {
  const FOUND = { confidence: 'weak', pools: ['pool-a'], caller: 'views.py:7' };

  test('is one of each pool, with what its frame costs', () => {
    const twice = [...transaction('COMMIT', read()), ...transaction('COMMIT', read(1), read(2))];
    expect(look('read-only-transaction', twice)).toMatchObject([
      { ...FOUND, times: 2, costNs: 4e6, statements: [{ fingerprint: 'COMMIT', role: 'inside' }] },
    ]);
    expect(look('rollback-on-return', twice)).toEqual([]);
  });

  test('ends with a ROLLBACK where its pool cleans up', () => {
    const returned = transaction('ROLLBACK', read(), read(1));
    expect(look('rollback-on-return', returned)).toMatchObject([{ ...FOUND, times: 1, costNs: 2e6 }]);
    expect(look('read-only-transaction', returned)).toEqual([]);
    // The application went on: it meant to roll back.
    expect(look('rollback-on-return', [...returned, read()])).toEqual([]);
  });

  test.each<[string, Sent[]]>([
    ['a write', [read(), inside('INSERT item')]],
    ['a lock, a call or a sequence', [{ ...read(), reads: '' }]],
    ['a setting', [{ sql: 'SET', housekeeping: 'setting', transactionAfter: 'T' }, read()]],
    ['a failure', [{ ...read(), sqlstate: '22012' }]],
    ['a savepoint', [{ sql: 'SAVEPOINT', housekeeping: 'savepoint', transactionAfter: 'T' }, read()]],
    ['nothing', []],
  ])('is none with %s', (_, within) => {
    expect(look('read-only-transaction', transaction('COMMIT', ...within))).toEqual([]);
    expect(look('rollback-on-return', transaction('ROLLBACK', ...within))).toEqual([]);
  });

  test('is none where its frame shares its round trip with others', () => {
    const [first, ...rest] = transaction('COMMIT', read());
    expect(look('read-only-transaction', [{ ...first, batched: true }, ...rest])).toEqual([]);
    expect(look('read-only-transaction', [read(), read(1)])).toEqual([]);
  });
});

describe('select-star', () => {
  test('is of SQL that is written by hand', () => {
    const star: Sent = { ...item(0), reads: 'all', source: 'raw' };
    expect(look('select-star', [star, star])).toMatchObject([{ confidence: 'weak', times: 2, costNs: 2e6 }]);
    expect(look('select-star', [{ ...star, source: 'django-orm' }])).toEqual([]);
    expect(look('select-star', [{ ...star, reads: 'rows' }])).toEqual([]);
    const excludes = KINDS['select-star'].excludes!;
    expect(excludes('SELECT * FROM pg_catalog.pg_class')).toBe(true);
    expect(excludes('SELECT * FROM pg_stat_activity')).toBe(true);
    expect(excludes('select * from t join "pg_class" c on true')).toBe(true);
    expect(excludes('SELECT * FROM pgroups')).toBe(false);
    expect(excludes('SELECT * FROM (SELECT a FROM t) q')).toBe(true);
    expect(excludes('SELECT * FROM t')).toBe(false);
  });
});

describe('connection-per-request', () => {
  /** Requests of a session each, `lifeMs` long, tagged if so. */
  function requests(lifeMs: number, tags?: Readonly<Record<string, string>>, source = 'django-orm'): Playing {
    const playing = new Playing();
    for (let n = 0; n < 6; n++) {
      const session = `s${n}`;
      playing.send({ sql: 'SELECT a', at: n * 100, session, requestId: tags && `r${n}`, tags, source });
      playing.close(session, lifeMs);
    }
    return playing.pass(3_000);
  }
  const foundIn = ({ findings }: Playing) =>
    [...findings.pending()].filter(({ kind }) => kind === 'connection-per-request');

  test('is found once connections are known to be short, and costs what opening takes', () => {
    const [untagged] = foundIn(requests(20));
    expect(untagged).toMatchObject({ confidence: 'weak', units: 4, times: 4, costNs: 4 * 4e6, statements: [] });
    expect(foundIn(requests(20, { route: '/a' }, 'raw'))).toMatchObject([{ route: '/a', units: 4 }]);
  });

  test('counts a connection once, also of a request that ended and goes on', () => {
    const playing = requests(20, { route: '/a' });
    const before = foundIn(playing)[0].times;
    for (const session of ['more', 'again']) {
      playing.send({ sql: 'SELECT a', at: 5_000, session, requestId: 'late', tags: { route: '/a' }, source: 'raw' });
      playing.close(session, 20).pass(3_000);
    }
    expect(foundIn(playing)[0].times - before).toBe(2);
  });

  test('is none of connections that are kept, of commands, and of SQL that names no route: a script', () => {
    expect(foundIn(requests(20, undefined, 'raw'))).toEqual([]);
    expect(foundIn(requests(60_000, { route: '/a' }))).toEqual([]);
    expect(foundIn(requests(20, { command: 'migrate' }))).toEqual([]);
    const kept = new Playing();
    for (let n = 0; n < 9; n++) kept.send({ sql: 'SELECT a', at: n * 100, requestId: `r${n}`, tags: { route: '/a' } });
    kept.close('one', 1_000).pass(3_000);
    expect(foundIn(kept)).toEqual([]);
  });
});

describe('always-fails', () => {
  const failed = (sqlstate: string): Sent => ({ ...item(0), sqlstate });

  test('is of a statement that has never succeeded', () => {
    expect(look('always-fails', [failed('23505')])).toMatchObject([{ confidence: 'strong', times: 1 }]);
    const confirms = KINDS['always-fails'].confirms!;
    expect(confirms({ calls: 0, errors: 5 })).toBe(true);
    expect(confirms({ calls: 0, errors: 4 })).toBe(false);
    expect(confirms({ calls: 1, errors: 500 })).toBe(false);
  });

  test.each([
    ['', 'success'],
    ['42P01', 'schema drift, which is told by itself'],
    ['40001', 'a conflict that is retried'],
    ['25P02', 'the echo of an earlier failure'],
    ['57014', 'a cancelled statement'],
    ['55P03', 'a lock that was not had'],
    ['53300', 'a server that is full'],
  ])('is not %s: %s', (sqlstate) => {
    expect(look('always-fails', [failed(sqlstate)])).toEqual([]);
  });
});

test('a clean unit has none of these kinds', () => {
  const kinds = [
    'read-only-transaction',
    'rollback-on-return',
    'select-star',
    'connection-per-request',
    'always-fails',
  ];
  const clean = [item(0), ...transaction('COMMIT', read(), inside('UPDATE item')), ...times(2, item)];
  for (const kind of kinds) expect(look(kind as FindingKind, clean)).toEqual([]);
});
