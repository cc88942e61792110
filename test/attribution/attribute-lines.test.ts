// Verdicts on lines without a server: sessions, and evidence that comes late.

import { describe, expect, test } from 'vitest';
import { type LineResult, attributeLines as linesWith } from '../../analyzer/attribution/attribute-lines.js';
import { UserRules } from '../../analyzer/attribution/rules/rule-user.js';
import { loadLineReader } from '../../analyzer/texts/line-reader.js';

const noRules = new UserRules([]);
const read = await loadLineReader(noRules);
const attributeLines = (lines: string[]) => linesWith(lines, { read });

function line(
  session: string,
  sql: string,
  startup: Record<string, string> = { user: 'app', database: 'app' },
): string {
  return JSON.stringify({ session, startup, protocol: 'simple', statement_name: '', sql });
}

function sources(results: LineResult[]): unknown[] {
  return results.map((result) => ('output' in result ? result.output.source : result.error.line));
}

describe('sessions', () => {
  test('what came before the profile was known is decided with it', () => {
    const results = attributeLines([
      line('a', 'BEGIN'),
      line('a', 'select 1 from t'),
      line('a', 'SELECT t.id \nFROM t'),
    ]);
    expect(sources(results)).toEqual(['housekeeping', 'sqlalchemy', 'sqlalchemy']);
  });

  test('interleaved sessions keep apart, output in the order of the input', () => {
    const results = attributeLines([
      line('a', "SET TIME ZONE 'UTC'"),
      line('b', 'BEGIN'),
      line('a', "INSERT INTO t (a) VALUES ('x')"),
      line('b', 'SAVEPOINT sa_savepoint_1'),
      line('b', "INSERT INTO t (a) VALUES ('x')"),
    ]);
    expect(sources(results)).toEqual(['housekeeping', 'housekeeping', 'raw', 'housekeeping', 'sqlalchemy']);
  });

  test('after 64 statements the verdict stands, and later evidence changes only what follows', () => {
    const lines = Array.from({ length: 64 }, () => line('a', 'select 1 from t'));
    lines.push(line('a', 'SAVEPOINT sa_savepoint_1'), line('a', 'select 1 from t'));
    const results = sources(attributeLines(lines));
    expect(results[0]).toBe('raw');
    expect(results[63]).toBe('raw');
    expect(results.at(-1)).toBe('sqlalchemy');
  });

  test('FETCH is as the statement of its cursor', () => {
    const results = attributeLines([
      line('a', 'BEGIN'),
      line('a', 'DECLARE "c_7fcbd6eb0d10_1" CURSOR FOR select 42'),
      line('a', 'FETCH FORWARD 1 FROM "c_7fcbd6eb0d10_1"'),
      line('a', 'CLOSE "c_7fcbd6eb0d10_1"'),
    ]);
    expect(results[2]).toMatchObject({ output: { source: 'sqlalchemy', construct: 'text' } });
    expect(results[3]).toMatchObject({ output: { source: 'housekeeping' } });
  });
});

test('output has the input line and what was found', () => {
  const [result] = attributeLines([line('a', 'select 1 from t')]);
  expect(result).toEqual({
    output: {
      ...JSON.parse(line('a', 'select 1 from t')),
      source: 'raw',
      construct: '',
      confidence: 'weak',
      evidence: [{ rule: 'hand-written', saw: expect.any(String) }],
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    },
  });
});

describe('bad lines', () => {
  test.each([
    ['{', /not JSON/],
    ['[]', /not an object/],
    ['{"session":"a"}', /"sql"/],
    ['{"sql":"x"}', /"session"/],
    ['{"session":"a","sql":"x","protocol":"http"}', /"protocol"/],
    ['{"session":"a","sql":"x","startup":{"user":1}}', /"startup"/],
  ])('%s is told with its line', (text, message) => {
    const results = attributeLines([line('a', 'BEGIN'), '', text]);
    expect(results[1]).toEqual({ error: { line: 3, message: expect.stringMatching(message) } });
  });
});

describe("the user's rules", () => {
  async function judged(match: object, given: object): Promise<unknown> {
    const rules = new UserRules([{ name: 'jobs', match, set: { source: 'celery' } }]);
    const sql = 'SELECT "a"."id" FROM "a" WHERE "a"."id" = 7';
    const text = JSON.stringify({ session: 1, startup: { user: 'app', application_name: 'worker-3' }, sql, ...given });
    return linesWith([text], { read: await loadLineReader(rules), rules, networkOf: () => 'jobs' })[0];
  }

  test('decide first and are certain', async () => {
    expect(await judged({ application_name: 'worker-*' }, {})).toMatchObject({
      output: { source: 'celery', confidence: 'certain', evidence: [{ rule: 'user' }] },
    });
  });

  test('see the client address and its network', async () => {
    const given = { client_address: '10.0.0.7' };
    expect(await judged({ client_network: '10.0.0.0/8' }, given)).toMatchObject({ output: { source: 'celery' } });
    expect(await judged({ client_network: 'jobs' }, given)).toMatchObject({ output: { source: 'celery' } });
    expect(await judged({ client_network: '10.0.0.0/8' }, {})).toMatchObject({ output: { source: 'django-orm' } });
  });

  test('see the text without its literals', async () => {
    expect(await judged({ sql: 'FROM "a" WHERE' }, {})).toMatchObject({ output: { source: 'celery' } });
    expect(await judged({ sql: '= 7' }, {})).toMatchObject({ output: { source: 'django-orm' } });
  });
});

describe('a rule by the driver', () => {
  const rules = new UserRules([{ name: 'covet', match: { driver: 'asyncpg' }, set: { source: 'covet' } }]);
  const sql = 'SELECT "book"."id" FROM "book" WHERE "book"."id" = $1';

  async function judged(lines: object[]): Promise<unknown[]> {
    const texts = lines.map((each) => JSON.stringify({ session: 1, protocol: 'extended', ...each }));
    return sources(linesWith(texts, { read: await loadLineReader(rules), rules }));
  }

  test('tells an ORM on asyncpg from Django beside it', async () => {
    const startup = { client_encoding: "'utf-8'", user: 'app', database: 'app' };
    expect(await judged([{ startup, sql }])).toEqual(['covet']);
    expect(await judged([{ startup: { user: 'app', database: 'app' }, sql }])).toEqual(['django-orm']);
  });

  test('holds for statements that came before the driver showed', async () => {
    expect(await judged([{ sql }, { sql, statement_name: '__asyncpg_stmt_1__' }])).toEqual(['covet', 'covet']);
  });
});

describe('empty queries', () => {
  test('are no statements of the session, as on the wire', () => {
    const results = attributeLines([
      line('a', ''),
      line('a', ';'),
      line('a', "SET TIME ZONE 'UTC'"),
      line('a', 'select 2'),
    ]);
    expect(sources(results)).toEqual(['housekeeping', 'housekeeping', 'housekeeping', 'raw']);
    // The time zone came first, so the connection is Django's.
    expect(results[3]).toMatchObject({ output: { confidence: 'strong' } });
  });

  test('do not settle it', () => {
    const lines = Array.from({ length: 80 }, () => line('a', ';'));
    lines.push(line('a', 'select 1 from t'), line('a', 'SAVEPOINT sa_savepoint_1'));
    expect(sources(attributeLines(lines)).at(-2)).toBe('sqlalchemy');
  });
});

describe('texts as the wire takes them', () => {
  test('each statement of a text is judged for itself; the line is as its first that is not housekeeping', () => {
    const results = attributeLines([
      line('a', "SET TIME ZONE 'UTC'"),
      line('a', 'BEGIN; select now() from t; SELECT "a"."id" FROM "a"'),
    ]);
    expect(results[1]).toMatchObject({
      output: {
        source: 'raw',
        statements: [{ source: 'housekeeping' }, { source: 'raw' }, { source: 'django-orm' }],
      },
    });
  });

  test('EXECUTE is its prepared body, fingerprint included', () => {
    const [body, , use] = attributeLines([
      line('b', 'SELECT "a"."id" FROM "a" WHERE "a"."id" = $1'),
      line('a', 'PREPARE p AS SELECT "a"."id" FROM "a" WHERE "a"."id" = $1'),
      line('a', 'EXECUTE p(3)'),
    ]).map((result) => ('output' in result ? result.output : {}));
    expect(use).toMatchObject({ source: 'django-orm', fingerprint: body.fingerprint });
  });

  test('a name of another session is not known', () => {
    const results = attributeLines([line('a', 'PREPARE p AS SELECT "a"."id" FROM "a"'), line('b', 'EXECUTE p')]);
    expect(results[1]).not.toMatchObject({ output: { source: 'django-orm' } });
  });
});
