// The bytes of each statement in texts with several.

import { expect, test } from 'vitest';
import { splitStatements } from '../../analyzer/fingerprint/split.js';
import { lex } from '../../analyzer/sql/sql-lexer.js';
import { SqlTokens } from '../../analyzer/sql/tokens.js';

function split(sql: string): string[] {
  const tokens = new SqlTokens();
  const bytes = Buffer.from(sql);
  lex(bytes, tokens);
  return splitStatements(tokens).map(({ start, end }) => bytes.subarray(start, end).toString());
}

test.each<[string, string[]]>([
  ['', []],
  [' ; ;; /* a */ ;', []],
  ['SELECT 1', ['SELECT 1']],
  ['BEGIN;SELECT 1;COMMIT;', ['BEGIN', 'SELECT 1', 'COMMIT']],
  ["SELECT ';' ; SELECT 2 -- a;b", ["SELECT ';' ", ' SELECT 2 -- a;b']],
  ['SELECT $$;$$; SELECT ";"', ['SELECT $$;$$', ' SELECT ";"']],
  [
    'CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3',
    ['CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)', ' SELECT 3'],
  ],
  [
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END; SELECT 3',
    ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END', ' SELECT 3'],
  ],
  ['BEGIN; SELECT 1; END; SELECT 2', ['BEGIN', ' SELECT 1', ' END', ' SELECT 2']],
  ["SELECT 1; SELECT 'a", ['SELECT 1', " SELECT 'a"]],
])('%s', (sql, expected) => {
  expect(split(sql)).toEqual(expected);
});
