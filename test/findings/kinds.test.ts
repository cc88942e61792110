// Kinds of findings that need several numbers to fit, or the configuration: fault and clean twin.
// Not here: the single repeated statement, boundaries of transactions, open transactions (rules.test.ts).

import { describe, expect, test } from 'vitest';
import { Findings } from '../../analyzer/findings/findings.js';
import { FindingRules } from '../../analyzer/findings/views/finding-rules.js';
import { end, inside, item, look, type Sent, times, unit } from './units.js';

const list = (rows: number): Sent => ({ sql: 'SELECT list', rows });
const child = (n: number): Sent => ({ sql: 'SELECT child', parameterHash: 100 + n });
const NO_RULES = { thresholds: [], readOnly: [], migrated: [] };

describe('the cause of an N+1', () => {
  const causeOf = (sent: Sent[]) => look('n-plus-one', sent).map(({ statements }) => statements[1]?.fingerprint);

  test('is the list before, for every statement of the loop', () => {
    const loop = times(6, (n) => [item(n), child(n)]).flat();
    expect(causeOf([list(6), ...loop])).toEqual(['SELECT list', 'SELECT list']);
  });

  test('is found when the same list is read again for the next loop', () => {
    const once = [list(6), ...times(6, item)];
    expect(causeOf([...once, ...once])).toEqual(['SELECT list']);
  });

  test('is no list of another length', () => {
    expect(causeOf([list(60), ...times(6, item)])).toEqual([undefined]);
  });

  test('is the statement itself where it walks a tree, node by node', () => {
    // A root with two children, of which one has three.
    const tree = [2, 3, 0, 0, 0, 0].map((rows, n) => item(n, { rows }));
    expect(causeOf(tree)).toEqual(['SELECT item']);
    expect(causeOf([1, 1, 1, 1, 1, 1].map((rows, n) => item(n, { rows })))).toEqual([undefined]);
  });
});

describe('repeated-pattern', () => {
  const pattern = (n: number): Sent[] => [item(n), child(n)];

  test('is a loop of several statements over few rows', () => {
    const [found] = look('repeated-pattern', [list(3), ...times(3, pattern).flat()]);
    expect(found).toMatchObject({ confidence: 'strong', times: 3, costNs: 6e6 });
    expect(found.statements.map(({ fingerprint, role }) => [fingerprint, role])).toEqual([
      ['SELECT item', 'repeated'],
      ['SELECT child', 'repeated'],
      ['SELECT list', 'caused-by'],
    ]);
    expect(look('repeated-pattern', [list(40), ...times(3, pattern).flat()])[0].confidence).toBe('weak');
  });

  test('is one statement per level of a tree', () => {
    // Children of one, of three, of five: each level binds the rows of the one before, and a condition.
    const levels = [
      { parameterCount: 2, rows: 3 },
      { parameterCount: 4, rows: 5 },
      { parameterCount: 6, rows: 0 },
    ].map((numbers, n) => item(n, numbers));
    const [found] = look('repeated-pattern', levels);
    expect(found).toMatchObject({ confidence: 'strong', times: 3 });
    expect(found.statements.map(({ role }) => role)).toEqual(['repeated', 'caused-by']);
  });

  test.each<[string, Sent[]]>([
    ['twice', times(2, pattern).flat()],
    ['the same parameters', times(4, () => pattern(1)).flat()],
    ['what n-plus-one finds', [list(6), ...times(6, pattern).flat()]],
    ['one statement', times(4, item)],
    ['batches', times(3, (n) => pattern(n).map((one) => ({ ...one, parameterCount: 80 }))).flat()],
    ['levels whose numbers do not fit', [2, 4, 9].map((parameterCount, n) => item(n, { parameterCount, rows: 3 }))],
    ['single reads of one row', times(4, (n) => item(n, { parameterCount: 1, rows: 1 }))],
  ])('is not %s', (_, sent) => {
    expect(look('repeated-pattern', sent)).toEqual([]);
  });
});

describe('boundary-lock', () => {
  const waits = (parts: Partial<Sent>): Sent => ({
    sql: 'UPDATE stock',
    session: 'two',
    pool: 'pool-b',
    startMs: 5,
    endMs: 2_005,
    ...parts,
  });
  const outer = (other: Sent, endsMs = 2_010): Sent[] => [
    inside('UPDATE stock', { startMs: 0 }),
    other,
    { ...end('COMMIT'), startMs: endsMs },
  ];

  test('is strong where the server says that it was a lock', () => {
    const [found] = look('boundary-lock', outer(waits({ sqlstate: '55P03' })));
    expect(found).toMatchObject({ confidence: 'strong', times: 1, pools: ['pool-a', 'pool-b'] });
    expect(found.statements.map(({ role }) => role)).toEqual(['beside', 'inside']);
  });

  test('is weak where it ended with a time-out, or as the transaction did', () => {
    expect(look('boundary-lock', outer(waits({ sqlstate: '57014' })))[0].confidence).toBe('weak');
    expect(look('boundary-lock', outer(waits({ endMs: 1_020 }), 1_000))[0].confidence).toBe('weak');
  });

  test.each<[string, Sent[], object?]>([
    ['a quick statement', outer(waits({ endMs: 15 }))],
    ['a slow one that ends before the transaction', outer(waits({}), 4_000)],
    ['the same pool', outer(waits({ sqlstate: '55P03', pool: 'pool-a' }))],
    [
      'a lock of somebody else, while the transaction works',
      [
        inside('UPDATE stock', { startMs: 0 }),
        waits({ sqlstate: '55P03' }),
        inside('SELECT a', { startMs: 900 }),
        { ...end('COMMIT'), startMs: 2_010 },
      ],
    ],
    [
      'a transaction that only reads',
      [inside('SELECT stock', { startMs: 0 }), waits({ sqlstate: '55P03' }), { ...end('COMMIT'), startMs: 2_010 }],
    ],
    ['sessions that no tag joins', outer(waits({ sqlstate: '55P03' })), { found: 'heuristic' }],
  ])('is not %s', (_, sent, parts = {}) => {
    expect(look('boundary-lock', sent, parts)).toEqual([]);
  });
});

describe('failures', () => {
  const failed = (sqlstate: string): Sent => ({ sql: 'UPDATE a', sqlstate, transactionBefore: 'T' });

  test('retries: what a deadlock undid is done again', () => {
    const sent = [inside('UPDATE b'), failed('40P01'), end('ROLLBACK'), inside('UPDATE b'), inside('UPDATE a')];
    expect(look('retries', sent)[0]).toMatchObject({ times: 1, costNs: 2e6, confidence: 'strong' });
    expect(look('retries', sent.slice(0, 3))).toEqual([]);
    expect(look('retries', [failed('23505'), end('ROLLBACK'), inside('UPDATE a')])).toEqual([]);
  });

  test('schema-drift: a column that is not there', () => {
    expect(look('schema-drift', [failed('42703')])[0]).toMatchObject({ confidence: 'strong', times: 1 });
    expect(look('schema-drift', [failed('42601'), failed('23502')])).toEqual([]);
  });
});

describe('unbounded-result', () => {
  test('is ten thousand rows at once, and no page', () => {
    expect(look('unbounded-result', [list(12_000)])[0]).toMatchObject({ times: 12_000 });
    expect(look('unbounded-result', [list(9_000), { ...list(12_000), command: 'FETCH' }])).toEqual([]);
  });
});

describe('the configuration', () => {
  const withRules = (rules: Partial<ConstructorParameters<typeof FindingRules>[0]>) => ({
    rules: new FindingRules({ ...NO_RULES, ...rules }),
  });

  test('moves thresholds, by route and source', () => {
    const loop = [list(7), ...times(7, (n) => item(n))];
    const least = (more: object) => withRules({ thresholds: [{ kind: 'n-plus-one', least: 20, ...more }] });
    expect(look('n-plus-one', loop, {}, least({}))).toEqual([]);
    expect(look('n-plus-one', loop, {}, least({ route: '/a', source: 'django-orm' }))).toEqual([]);
    expect(look('n-plus-one', loop, {}, least({ route: '/b*' }))).toHaveLength(1);
    expect(look('n-plus-one', loop, {}, least({ source: 'raw' }))).toHaveLength(1);
    const fewer = withRules({ thresholds: [{ kind: 'n-plus-one', least: 3 }] });
    expect(look('n-plus-one', times(3, item), {}, fewer)).toHaveLength(1);
    const later = withRules({ thresholds: [{ kind: 'idle-in-transaction', after: 5_000 }] });
    const idle = [inside('UPDATE a', { startMs: 0 }), inside('SELECT b', { startMs: 2_501 }), end('COMMIT')];
    expect(look('idle-in-transaction', idle, {}, later)).toEqual([]);
  });

  test('forbidden-write: a pool that must only read', () => {
    const rules = { ...withRules({ readOnly: [{ pool: 'reporting*' }] }), nameOfPool: () => 'reporting:app@shop' };
    expect(look('forbidden-write', [{ sql: 'UPDATE a' }], {}, rules)[0]).toMatchObject({ confidence: 'strong' });
    expect(look('forbidden-write', [list(1), { sql: 'UPDATE a', sqlstate: '25006' }], {}, rules)).toEqual([]);
    expect(look('forbidden-write', [{ sql: 'UPDATE a' }], {}, { ...rules, nameOfPool: () => 'web' })).toEqual([]);
    const bySource = withRules({ readOnly: [{ source: 'sqlalchemy' }] });
    expect(look('forbidden-write', [{ sql: 'UPDATE a', source: 'sqlalchemy' }], {}, bySource)).toHaveLength(1);
    expect(look('forbidden-write', [{ sql: 'UPDATE a' }])).toEqual([]);
  });

  test('forbidden-source: raw SQL on a migrated route', () => {
    const rules = withRules({ migrated: [{ route: '/a*', sources: ['raw', 'sqlalchemy'] }] });
    expect(look('forbidden-source', [{ sql: 'SELECT a', source: 'raw' }], {}, rules)).toHaveLength(1);
    expect(look('forbidden-source', [{ sql: 'SELECT a' }], {}, rules)).toEqual([]);
    const elsewhere = { tagSet: '{"route":"/b"}' };
    expect(look('forbidden-source', [{ sql: 'SELECT a', source: 'raw' }], elsewhere, rules)).toEqual([]);
  });
});

describe('a unit that goes on', () => {
  const pause = [inside('UPDATE a', { startMs: 0 })];
  const at = (nowMs: number, idle: readonly string[] = ['one']) => ({
    now: { nowMs, idleSessions: new Set(idle) },
  });

  test('shows a pause before it ends', () => {
    expect(look('idle-in-transaction', pause, {}, at(3_001))[0]).toMatchObject({ times: 1, costNs: 3_000e6 });
    expect(look('idle-in-transaction', pause, {}, at(2_200))).toEqual([]);
    expect(look('idle-in-transaction', pause, {}, at(3_001, []))).toEqual([]);
  });

  test('shows a transaction that is long already', () => {
    expect(look('long-transaction', pause, {}, at(31_000))).toHaveLength(1);
    expect(look('long-transaction', pause, {}, at(29_000))).toEqual([]);
  });

  test('is one unit of its finding, however often it is looked at', () => {
    const findings = new Findings();
    const going = unit([list(9), ...times(6, item)]);
    const later = { ...unit([list(9), ...times(9, item)]) };
    findings.unitGoesOn(going, { nowMs: 1_100, idleSessions: new Set() });
    expect([...findings.pending()]).toMatchObject([{ kind: 'n-plus-one', confidence: 'weak', units: 1, times: 6 }]);
    findings.stored();
    Object.assign(going, { statements: later.statements });
    findings.unitGoesOn(going, { nowMs: 2_100, idleSessions: new Set() });
    findings.unitGoesOn(going, { nowMs: 2_200, idleSessions: new Set() });
    findings.unitEnded(going);
    expect([...findings.pending()]).toMatchObject([
      { kind: 'n-plus-one', confidence: 'strong', units: 0, times: 3, timesMax: 9, costNs: 3e6 },
    ]);
  });
});
