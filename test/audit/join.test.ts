// The join of code and traffic: by caller, by text, by shape; what it leaves open; the coverage.
// Not here: a real application (../shop/witness.test.ts).

import { beforeAll, describe, expect, test } from 'vitest';
import { UserRules } from '../../analyzer/attribution/rules/rule-user.js';
import { loadLineReader } from '../../analyzer/texts/line-reader.js';
import type { Catalogue, CodePlace } from '../../audit/catalogue.js';
import { parseCatalogue, queriesOf } from '../../audit/catalogue.js';
import { coverageOf } from '../../audit/coverage.js';
import { joinPlaces } from '../../audit/join.js';
import { sentText } from '../../audit/sent-text.js';
import type { StatementFacts } from '../../facts/answers.js';
import { emptyFacts } from '../../facts/statement-facts.js';

let fingerprintsOf: (sql: string) => string[];
beforeAll(async () => {
  const read = await loadLineReader(new UserRules([]));
  fingerprintsOf = (sql) => read({ facts: { relayId: '' } }, sql).map(({ fingerprint }) => fingerprint);
});

let ids = 0;
function place(parts: Partial<CodePlace> & { sql?: string | null; holes?: boolean }): CodePlace {
  const { sql, holes = false, ...rest } = parts;
  const statements = sql === undefined ? [] : [{ sql, holes, form: 'statement' as const, reverse: false }];
  return {
    id: `place-${ids++}`,
    file: 'app/views.py',
    line: 10,
    end_line: 12,
    function: 'f',
    kind: 'raw',
    in_migration: false,
    api: 'cursor.execute',
    statements,
    tables: [],
    database: 'default',
    via: null,
    resolved: true,
    unresolved: null,
    ...rest,
  };
}

function ran(
  sql: string,
  parts: { source?: string; summary?: string; caller?: string; route?: string } = {},
): StatementFacts {
  const facts = emptyFacts(fingerprintsOf(sql)[0], parts.source ?? 'raw');
  facts.query = sql;
  facts.summary = parts.summary ?? '';
  facts.calls = 1;
  if (parts.caller !== undefined) facts.tags.set('caller', new Set([parts.caller]));
  if (parts.route !== undefined) facts.tags.set('route', new Set([parts.route]));
  return facts;
}

const joinOf = (places: CodePlace[], statements: StatementFacts[]) =>
  joinPlaces({ places, statements, fingerprintsOf });

describe('a query that is run on another line of its function', () => {
  const lazy = (parts: Partial<CodePlace> = {}) =>
    place({ kind: 'orm', api: 'filter', function_lines: [8, 20], tables: ['shop_book'], ...parts });
  const orm = (sql: string, caller: string) => ran(sql, { source: 'django-orm', caller });
  const books = 'SELECT "shop_book"."id" FROM "shop_book"';

  test('is seen by a line of the function, with its callers where they sent nothing else', () => {
    const statements = [orm(books, 'app/views.py:15'), orm('SELECT 1 FROM "shop_author"', 'app/views.py:16')];
    const { joined, unexplained } = joinOf([lazy()], statements);
    expect(joined[0]).toMatchObject({ by: 'caller', confidence: 'strong', callers: ['app/views.py:15'] });
    expect(joined[0].statements).toEqual([statements[0]]);
    expect(unexplained).toEqual([statements[1]]);
    const mixed = joinOf([lazy()], [statements[0], orm('SELECT 1 FROM "shop_author"', 'app/views.py:15')]).joined[0];
    expect(mixed).toMatchObject({ statements: [statements[0]], callers: [] });
  });

  test('is weak where that line is another place, and of another file, function, table or source it is not', () => {
    const statement = orm(books, 'app/views.py:15');
    const other = place({ kind: 'orm', api: 'get', line: 15, end_line: 15, tables: ['shop_book'] });
    expect(joinOf([lazy(), other], [statement]).joined[0].confidence).toBe('weak');
    for (const parts of [
      { file: 'app/other.py' },
      { function_lines: [8, 14] as [number, number] },
      { function_lines: null },
      { tables: ['shop_author'] },
      { api: 'get' },
      { api: 'afirst' },
    ])
      expect(joinOf([lazy(parts)], [statement]).joined[0].by).toBeNull();
    expect(joinOf([lazy()], [ran(books, { caller: 'app/views.py:15' })]).joined[0].by).toBeNull();
  });

  test('a fragment is seen by the construct that it makes', () => {
    const statement = orm(books, 'app/views.py:15');
    statement.byConstruct.set('rawsql', 1);
    const fragment = (api: string) => place({ api, function_lines: [8, 20] });
    expect(joinOf([fragment('RawSQL')], [statement]).joined[0]).toMatchObject({ by: 'caller', confidence: 'strong' });
    expect(joinOf([fragment('extra')], [statement]).joined[0].by).toBeNull();
  });
});

describe('lines that moved since', () => {
  const books = 'SELECT "shop_book"."id" FROM "shop_book" WHERE "id" = 4';
  const orm = (caller: string, sql = books) => ran(sql, { source: 'django-orm', caller });
  const get = (parts: Partial<CodePlace> = {}) =>
    place({
      kind: 'orm',
      api: 'objects.get',
      line: 30,
      end_line: 30,
      function_lines: [28, 40],
      function: 'Books.one',
      tables: ['shop_book'],
      ...parts,
    });

  test('the function joins them, also in the name that Python 3.10 gives it', () => {
    for (const name of ['Books.one', 'one']) {
      const sent = orm(`app/views.py:22 ${name}`);
      const { joined, unexplained } = joinOf([get()], [sent]);
      expect(joined[0]).toMatchObject({ by: 'caller', confidence: 'strong', callers: [`app/views.py:22 ${name}`] });
      expect(joined[0].statements).toEqual([sent]);
      expect(unexplained).toEqual([]);
    }
  });

  test('of raw SQL by its text, whatever its tables', () => {
    const code = place({ sql: 'SELECT a FROM t', line: 30, end_line: 31 });
    const other = place({ sql: 'SELECT b FROM t', line: 33, end_line: 33 });
    const sent = ran('SELECT a FROM t', { caller: 'app/views.py:11 f' });
    const { joined } = joinOf([code, other], [sent]);
    expect(joined.map(({ by, confidence }) => [by, confidence])).toEqual([
      ['caller', 'strong'],
      [null, 'none'],
    ]);
  });

  test('of two places that could have sent it, both are weak', () => {
    const { joined } = joinOf([get(), get({ line: 35, end_line: 35 })], [orm('app/views.py:22 Books.one')]);
    expect(joined.map(({ confidence }) => confidence)).toEqual(['weak', 'weak']);
  });

  test('a queryset is joined by its function beyond its lines', () => {
    const { joined } = joinOf([get({ api: 'objects.filter' })], [orm('app/views.py:90 Books.one')]);
    expect(joined[0]).toMatchObject({ by: 'caller', confidence: 'strong' });
  });

  test('another function, file, table or verb is not joined; a line that another function had is not its own', () => {
    for (const sent of [
      orm('app/views.py:22 Books.all'),
      orm('app/other.py:22 Books.one'),
      orm('app/views.py:22'),
      orm('app/views.py:22 Books.one', 'SELECT 1 FROM "shop_author"'),
      orm('app/views.py:22 Books.one', 'UPDATE "shop_book" SET "title" = 4'),
      orm('app/views.py:30 Books.all'),
    ])
      expect(joinOf([get()], [sent]).joined[0].by).toBeNull();
  });
});

describe('statements that no place sends itself', () => {
  const model = place({ kind: 'sqlalchemy', api: 'model', tables: ['store_orderline'] });
  const query = place({ kind: 'sqlalchemy', api: 'session.scalars', tables: ['store_order'] });
  const orders = () =>
    ran('SELECT id FROM store_order', {
      source: 'sqlalchemy',
      caller: 'app/views.py:11',
      route: '/returns',
    });
  const lazy = (parts: { source?: string; route?: string } = {}) =>
    ran('SELECT id FROM store_orderline WHERE order_id = 4', {
      source: 'sqlalchemy',
      caller: 'app/views.py:77',
      ...parts,
    });
  const inferredOf = (places: CodePlace[], statements: StatementFacts[]) => {
    const { inferred, unexplained } = joinPlaces({ places, models: [model], statements, fingerprintsOf });
    return { inferred: inferred.map(({ by, confidence, places: of }) => [by, confidence, of.length]), unexplained };
  };

  test("a model's table is loaded by a relationship: strong beside a place of SQLAlchemy, else weak", () => {
    expect(inferredOf([query], [orders(), lazy({ route: '/returns' })]).inferred).toEqual([
      ['relationship', 'strong', 1],
    ]);
    expect(inferredOf([query], [orders(), lazy({ route: '/other' })]).inferred).toEqual([['relationship', 'weak', 1]]);
    expect(inferredOf([query], [lazy()]).inferred).toEqual([['relationship', 'weak', 1]]);
  });

  test('text(), another table and another source stay unexplained', () => {
    const text = lazy();
    text.byConstruct.set('text', 1);
    const other = ran('SELECT id FROM store_stock', { source: 'sqlalchemy' });
    const raw = lazy({ source: 'raw' });
    expect(inferredOf([query], [text, other, raw])).toEqual({ inferred: [], unexplained: [text, other, raw] });
  });

  test('FETCH is of the cursor that a place declared, if one alone did surely', () => {
    const declare = (caller: string) =>
      ran('DECLARE c NO SCROLL CURSOR FOR SELECT id FROM a', { source: 'django-orm', caller });
    const fetch = ran('FETCH FORWARD 100 FROM c', { source: 'django-orm' });
    const iterator = place({ kind: 'orm', api: 'objects.iterator' });
    const another = place({ kind: 'orm', api: 'objects.iterator', line: 40, end_line: 40 });
    const one = declare('app/views.py:11');
    expect(inferredOf([iterator], [one, fetch]).inferred).toEqual([['cursor', 'strong', 1]]);
    expect(inferredOf([iterator, another], [one, declare('app/views.py:40'), fetch]).inferred).toEqual([
      ['cursor', 'weak', 2],
    ]);
    expect(inferredOf([iterator], [fetch]).unexplained).toEqual([fetch]);
  });
});

describe('the join', () => {
  test('by the line of the caller, wherever the paths start', () => {
    const code = place({ file: 'src/app/views.py' });
    const sent = ran('SELECT 1 FROM a', { source: 'django-orm', caller: 'app/views.py:11' });
    const other = ran('SELECT 1 FROM b', { caller: 'app/views.py:13' });
    const { joined, unexplained } = joinOf([code], [sent, other]);
    expect(joined[0]).toMatchObject({ by: 'caller', confidence: 'certain', callers: ['app/views.py:11'] });
    expect(joined[0].statements).toEqual([sent]);
    expect(unexplained).toEqual([other]);
  });

  test('of a file with the same end of its name it takes no line', () => {
    const { joined } = joinOf([place({ file: 'reviews.py' })], [ran('SELECT 1 FROM a', { caller: 'views.py:11' })]);
    expect(joined[0].by).toBeNull();
  });

  test('by text, whatever the values and the spacing', () => {
    const code = place({ sql: 'SELECT a\n  FROM t\n WHERE b = %s AND c LIKE %s' });
    const { joined } = joinOf([code], [ran("SELECT a FROM t WHERE b = 4 AND c LIKE 'x'")]);
    expect(joined[0]).toMatchObject({ by: 'text', confidence: 'strong' });
  });

  test('a tuple, as drivers write it', () => {
    const one = place({ sql: 'SELECT a FROM t WHERE a IN %s AND (b, c) IN %s' });
    const sent = ran("SELECT a FROM t WHERE a IN (1, 2, 3) AND (b, c) IN (('x', 1), ('y', 2))");
    expect(joinOf([one], [sent]).joined[0]).toMatchObject({ by: 'text', confidence: 'strong' });
  });

  test('a text that two places have is weak', () => {
    const sql = 'SELECT a FROM t';
    const { joined } = joinOf([place({ sql }), place({ sql, line: 40, end_line: 40 })], [ran(sql)]);
    expect(joined.map(({ confidence }) => confidence)).toEqual(['weak', 'weak']);
  });

  test('a text that another library sent is not this place', () => {
    const { joined } = joinOf([place({ sql: 'SELECT a FROM t' })], [ran('SELECT a FROM t', { source: 'sqlalchemy' })]);
    expect(joined[0].by).toBeNull();
  });

  test('by verb and tables where the text has holes, if one statement alone fits', () => {
    const code = place({ sql: 'SELECT {column} FROM t', holes: true, tables: ['t'] });
    const one = ran('SELECT a FROM t', { summary: 'SELECT t' });
    expect(joinOf([code], [one]).joined[0]).toMatchObject({ by: 'shape', confidence: 'weak' });
    const two = ran('SELECT b FROM t', { summary: 'SELECT t' });
    expect(joinOf([code], [one, two]).joined[0].by).toBeNull();
    expect(joinOf([code], [ran('UPDATE t SET a = 1', { summary: 'UPDATE t' })]).joined[0].by).toBeNull();
  });

  test('fragments and holes have no fingerprint', () => {
    const code = place({ sql: 'a > 1' });
    code.statements[0].form = 'fragment';
    expect(joinOf([code], []).joined[0].fingerprints).toEqual([]);
  });
});

describe('what is sent', () => {
  const raw = { kind: 'raw' as const, api: 'cursor.execute' };
  const alchemy = { kind: 'sqlalchemy' as const, api: 'session.execute' };
  test.each([
    ['a = %s AND b = %(b)s AND c LIKE %s', raw, 'a = $1 AND b = $1 AND c LIKE $1'],
    ["a LIKE '5%%' AND b = %s", raw, "a LIKE '5%' AND b = $1"],
    ["a LIKE '5%'", raw, "a LIKE '5%'"],
    ['a IN %s AND b NOT IN %(ids)s AND min = %s', raw, 'a IN ($1) AND b NOT IN ($1) AND min = $1'],
    ['(a, b) IN %s', raw, '(a, b) IN (($1, $1))'],
    ['coalesce(a, b) IN %s', raw, 'coalesce(a, b) IN ($1)'],
    ['INSERT INTO t (a, b) VALUES %s', raw, 'INSERT INTO t (a, b) VALUES ($1)'],
    ['INSERT INTO t VALUES (%s, %s)', raw, 'INSERT INTO t VALUES ($1, $1)'],
    ['a IN :ids AND b = :b', alchemy, 'a IN ($1) AND b = $1'],
    ['a = :a AND b = c::int AND d = :long_name', alchemy, 'a = $1 AND b = c::int AND d = $1'],
    ["a = '12\\:30'", alchemy, "a = '12:30'"],
  ])('%s', (sql, of, sent) => {
    expect(sentText(sql, of)).toBe(sent);
  });
});

describe('coverage', () => {
  const catalogue = (routes: string[] | null): Catalogue => ({
    version: 1,
    root: '.',
    routes,
    jobs: null,
    commands: null,
    places: [],
  });
  const seen = (...routes: string[]) => routes.map((route) => ran('SELECT 1', { route }));

  test.each([
    [['a', 'b', 'c', 'd'], ['a', '/b', 'c'], 'high'],
    [['a', 'b'], ['a'], 'medium'],
    [['a', 'b', 'c', 'd', 'e'], ['a'], 'low'],
    [['a'], [], 'insufficient'],
    [null, ['a'], 'insufficient'],
  ] as const)('of %j after %j is %s', (routes, routesRan, grade) => {
    expect(coverageOf(catalogue(routes === null ? null : [...routes]), [], seen(...routesRan)).grade).toBe(grade);
  });

  test('names what was not seen', () => {
    expect(coverageOf(catalogue(['a', 'b']), [], seen('b')).routesNotSeen).toEqual(['a']);
  });
});

describe('the catalogue', () => {
  test.each([
    ['no JSON', 'audit.json', /is no JSON/],
    ['{"version":2}', 'audit.json: version', /this release reads version 1/],
    [
      '{"version":1,"root":"","routes":null,"jobs":null,"commands":null,"places":[{"id":1}]}',
      'audit.json: places.0.id',
      /string/,
    ],
  ])('refuses %s', (text, where, message) => {
    let error: unknown;
    try {
      parseCatalogue(text, 'audit.json');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ where: expect.stringContaining(where), message: expect.stringMatching(message) });
  });

  test('counts queries: no declaration, no migration, no helper that its callers stand for', () => {
    const helper = place({ sql: null, holes: true });
    const places = [
      place({ sql: 'SELECT 1', via: helper.id }),
      helper,
      place({ api: 'import' }),
      place({ in_migration: true }),
    ];
    expect(queriesOf({ version: 1, root: '', routes: null, jobs: null, commands: null, places })).toEqual([places[0]]);
  });
});
