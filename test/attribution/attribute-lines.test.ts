import { describe, expect, test } from 'vitest';
import { attributeLines, type LineResult } from '../../analyzer/attribution/attribute-lines.js';
import { UserRules } from '../../analyzer/attribution/rule-user.js';

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
  const [result] = attributeLines([line('a', 'select 1 from t')], { fingerprint: () => '0123456789abcdef' });
  expect(result).toEqual({
    output: {
      ...JSON.parse(line('a', 'select 1 from t')),
      source: 'raw',
      construct: '',
      confidence: 'weak',
      evidence: [{ rule: 'hand-written', saw: expect.any(String) }],
      fingerprint: '0123456789abcdef',
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

test("the user's rules decide first and are certain", () => {
  const rules = new UserRules([{ name: 'jobs', match: { application_name: 'worker-*' }, set: { source: 'celery' } }]);
  const [result] = attributeLines(
    [line('a', 'SELECT "a"."id" FROM "a"', { user: 'app', application_name: 'worker-3' })],
    { rules },
  );
  expect(result).toMatchObject({ output: { source: 'celery', confidence: 'certain', evidence: [{ rule: 'user' }] } });
});
