// Each kind of finding on made units: the fault is found, its clean twin is not.
// Not here: real traffic (live.test.ts).

import { describe, expect, test } from 'vitest';
import { KINDS } from '../../analyzer/findings/kinds/kinds.js';
import { FINDING_KINDS } from '../../config/values/finding-kinds.js';
import type { UnitStatement, WorkUnit } from '../../facts/work/unit.js';
import { end, inside, item, look, type Sent, times } from './units.js';

describe('n-plus-one', () => {
  test('is strong where the statement before gave as many rows', () => {
    const [found] = look('n-plus-one', [{ sql: 'SELECT list', rows: 7 }, ...times(7, item)]);
    expect(found).toMatchObject({ confidence: 'strong', times: 7, costNs: 7e6, caller: 'views.py:7' });
    expect(found.statements).toEqual([
      { fingerprint: 'SELECT item', source: 'django-orm', role: 'repeated' },
      { fingerprint: 'SELECT list', source: 'django-orm', role: 'caused-by' },
    ]);
  });

  test('is weak without that proof, unless a tagged request repeats it often', () => {
    const cause = { sql: 'SELECT list', rows: 900 };
    expect(look('n-plus-one', [cause, ...times(7, item)])[0].confidence).toBe('weak');
    expect(look('n-plus-one', [cause, ...times(12, item)])[0].confidence).toBe('strong');
    expect(look('n-plus-one', [cause, ...times(12, item)], { found: 'heuristic' })[0].confidence).toBe('weak');
  });

  test('is not broken by BEGIN, SAVEPOINT and pings', () => {
    const broken = times(7, item).flatMap((one) => [one, { sql: 'SAVEPOINT', housekeeping: 'savepoint' }]);
    expect(look('n-plus-one', [{ sql: 'SELECT list', rows: 7 }, ...broken])[0]).toMatchObject({
      confidence: 'strong',
      times: 7,
    });
  });

  test.each<[string, Sent[]]>([
    ['fewer than five', times(4, item)],
    ['the same parameters', times(9, () => item(0))],
    ['parameters that are not known', times(9, () => item(-1))],
    ['batches', times(9, (n) => item(n, { parameterCount: 100 }))],
    ['writes', times(9, (n) => ({ ...item(n), sql: 'INSERT item' }))],
    ['what a retry does again', [...times(5, item), { sql: 'UPDATE a', sqlstate: '40001' }, ...times(4, item)]],
    ['housekeeping', times(9, (n) => item(n, { source: 'housekeeping', housekeeping: 'setting' }))],
  ])('is not %s', (_, sent) => {
    expect(look('n-plus-one', sent)).toEqual([]);
  });

  test('is not a statement whose text says that it is a batch or a queue', () => {
    const excludes = KINDS['n-plus-one'].excludes!;
    expect(excludes('SELECT a FROM t WHERE id = ANY(?)')).toBe(true);
    expect(excludes('SELECT a FROM q ORDER BY id LIMIT ? FOR UPDATE SKIP LOCKED')).toBe(true);
    expect(excludes('FETCH ? FROM "c"')).toBe(true);
    expect(excludes('SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid = ?')).toBe(true);
    expect(excludes('SELECT a FROM company WHERE id = ?')).toBe(false);
  });
});

describe('duplicate', () => {
  test('is the same read with the same parameters', () => {
    expect(
      look(
        'duplicate',
        times(4, () => item(1)),
      )[0],
    ).toMatchObject({ times: 3, costNs: 3e6, confidence: 'strong' });
  });

  test.each<[string, Sent[]]>([
    ['twice', times(2, () => item(1))],
    ['other parameters', times(4, item)],
    ['cut parameters', times(4, () => item(1, { parametersCut: true }))],
    ['a write between them', [item(1), item(1), { sql: 'UPDATE a' }, item(1), item(1)]],
  ])('is not %s', (_, sent) => {
    expect(look('duplicate', sent)).toEqual([]);
  });
});

describe('writes-in-loop', () => {
  const write = (n: number, parts: Partial<UnitStatement> = {}): Sent => ({ ...item(n, parts), sql: 'INSERT item' });

  test('is one write after the other', () => {
    expect(look('writes-in-loop', times(6, write))[0]).toMatchObject({ times: 6, confidence: 'strong' });
  });

  test.each<[string, Sent[]]>([
    ['a pipeline', times(6, (n) => write(n, { batched: true }))],
    ['a batch', times(6, (n) => write(n, { parameterCount: 60 }))],
    ['reads', times(6, item)],
    ['failures', times(6, (n) => write(n, { sqlstate: '23505' }))],
  ])('is not %s', (_, sent) => {
    expect(look('writes-in-loop', sent)).toEqual([]);
  });
});

describe('the boundary of a transaction', () => {
  const other = (sql: string, parts: Partial<UnitStatement> = {}): Sent => ({
    sql,
    session: 'two',
    pool: 'pool-b',
    source: 'sqlalchemy',
    ...parts,
  });

  test('a read beside it, after it has written', () => {
    const sent = [inside('INSERT order'), other('SELECT order'), end('COMMIT')];
    expect(look('boundary-read', sent)[0]).toMatchObject({
      confidence: 'strong',
      pools: ['pool-a', 'pool-b'],
      statements: [
        { fingerprint: 'SELECT order', role: 'beside' },
        { fingerprint: 'INSERT order', role: 'inside' },
      ],
    });
    expect(look('boundary-write', sent)).toEqual([]);
  });

  test('a write beside it, and one that a rollback does not reach', () => {
    const sent = (how: string) => [inside('INSERT order'), other('UPDATE stock'), end(how)];
    expect(look('boundary-write', sent('COMMIT'))).toHaveLength(1);
    expect(look('boundary-lost-rollback', sent('COMMIT'))).toEqual([]);
    expect(look('boundary-write', sent('ROLLBACK'))).toEqual([]);
    expect(look('boundary-lost-rollback', sent('ROLLBACK'))).toHaveLength(1);
  });

  test.each<[string, Sent[], Partial<WorkUnit>?]>([
    ['a read before it wrote', [inside('SELECT a'), other('SELECT order'), inside('INSERT order'), end('COMMIT')]],
    ['a transaction that only reads', [inside('SELECT a'), other('UPDATE stock'), end('ROLLBACK')]],
    ['the same pool', [inside('INSERT order'), other('SELECT order', { pool: 'pool-a' }), end('COMMIT')]],
    ['after it', [inside('INSERT order'), end('COMMIT'), other('UPDATE stock')]],
    ['a failure', [inside('INSERT order'), other('UPDATE stock', { sqlstate: '23505' }), end('COMMIT')]],
    [
      'sessions that no tag joins',
      [inside('INSERT order'), other('UPDATE stock'), end('COMMIT')],
      { found: 'heuristic' },
    ],
  ])('is not confused by %s', (_, sent, parts) => {
    for (const kind of ['boundary-read', 'boundary-write', 'boundary-lost-rollback'] as const) {
      expect(look(kind, sent, parts)).toEqual([]);
    }
  });

  test('a write that was rolled back as well did not stay', () => {
    const sent = [
      inside('INSERT order'),
      other('UPDATE stock', { transactionAfter: 'T' }),
      other('ROLLBACK', { housekeeping: 'end' }),
      end('ROLLBACK'),
    ];
    expect(look('boundary-lost-rollback', sent)).toEqual([]);
  });
});

describe('open transactions', () => {
  test('idle for a second or more, after which statement', () => {
    const sent = [inside('UPDATE a', { startMs: 0 }), inside('SELECT b', { startMs: 2_501 }), end('COMMIT')];
    expect(look('idle-in-transaction', sent)[0]).toMatchObject({
      costNs: 2_500e6,
      statements: [{ fingerprint: 'UPDATE a', role: 'inside' }],
    });
    const quick = [inside('UPDATE a', { startMs: 0 }), inside('SELECT b', { startMs: 900 }), end('COMMIT')];
    expect(look('idle-in-transaction', quick)).toEqual([]);
    const outside = [
      { sql: 'UPDATE a', startMs: 0 },
      { sql: 'SELECT b', startMs: 5_000 },
    ];
    expect(look('idle-in-transaction', outside)).toEqual([]);
  });

  test('long', () => {
    const lasting = (ms: number) => [inside('UPDATE a', { startMs: 0 }), { ...end('COMMIT'), startMs: ms }];
    expect(look('long-transaction', lasting(30_000))).toHaveLength(1);
    expect(look('long-transaction', lasting(20_000))).toEqual([]);
  });
});

test('every kind has its words', () => {
  const statements = (['repeated', 'caused-by', 'inside', 'beside'] as const).map((role) => ({
    fingerprint: role,
    source: 'raw',
    role,
    query: `SELECT 1 FROM ${role}`,
    summary: `SELECT table_${role}`,
  }));
  for (const kind of FINDING_KINDS) {
    const told = {
      kind,
      units: 3,
      timesMean: 20.6,
      timesMax: 30,
      pools: ['django:app@shop', 'raw:app@shop'],
      statements,
    };
    const { title, explanation, nextStep } = KINDS[kind].words(told);
    expect(title).not.toMatch(/undefined|NaN|\{/);
    expect(explanation.match(/\.(?: |$)/g)).toHaveLength(2);
    expect(nextStep).toMatch(/^[A-Z].*\.$/);
  }
});
