// Names given in SQL lead from EXECUTE and FETCH back to the statement they run.

import { describe, expect, test } from 'vitest';
import { NAMES_MAX, nameUseOf, SqlNames } from '../../analyzer/fingerprint/sql-session.js';
import { lex } from '../../analyzer/sql/sql-lexer.js';
import { SqlTokens } from '../../analyzer/sql/tokens.js';
import { fingerprinter, identify } from './identify.js';

const WHOLE = { backslashEscapes: false, missingBytes: 0 };

/** A session that runs statements; `run` gives the shown text of the owner. */
function session() {
  const names = new SqlNames<undefined>();
  const run = (sql: string): string | undefined => {
    const text = Buffer.from(sql);
    fingerprinter.identify(text, WHOLE);
    return names.follow(text, fingerprinter, WHOLE)?.query;
  };
  return { names, run };
}

describe('a name leads to its body', () => {
  test.each<[string, string, string]>([
    ['PREPARE p AS SELECT 1 FROM t', 'EXECUTE p', 'SELECT ? FROM t'],
    ['PREPARE p (int, text) AS SELECT $1', "EXECUTE P(1, 'a')", 'SELECT ?'],
    ['PREPARE "P p" AS SELECT a', 'EXECUTE "P p"', 'SELECT a'],
    ['DECLARE c CURSOR FOR SELECT 1 FROM t', 'FETCH 5 FROM c', 'SELECT ? FROM t'],
    [
      'DECLARE "_django_curs_1_sync_2" NO SCROLL CURSOR WITH HOLD FOR SELECT a',
      'FETCH FORWARD 10 FROM "_django_curs_1_sync_2"',
      'SELECT a',
    ],
    ['DECLARE c CURSOR FOR SELECT a', 'MOVE NEXT IN c', 'SELECT a'],
    ['DECLARE c CURSOR FOR SELECT a', 'FETCH c;', 'SELECT a'],
  ])('%s … %s', (definition, use, owner) => {
    const { run } = session();
    expect(run(definition)).toBeUndefined();
    expect(run(use)).toBe(owner);
  });

  test('and to the identity that the body has on its own', () => {
    const { names, run } = session();
    run('PREPARE p AS SELECT a FROM t');
    identify('EXECUTE p');
    expect(names.ownerOf(fingerprinter.tokens)?.fingerprint).toBe(identify('SELECT a FROM t').fingerprint);
  });
});

describe('a name leads nowhere', () => {
  test.each([
    ['that was never given', [], 'EXECUTE p'],
    ['after DEALLOCATE', ['PREPARE p AS SELECT 1', 'DEALLOCATE p'], 'EXECUTE p'],
    ['after DEALLOCATE PREPARE', ['PREPARE p AS SELECT 1', 'DEALLOCATE PREPARE p'], 'EXECUTE p'],
    ['after DEALLOCATE ALL', ['PREPARE p AS SELECT 1', 'DEALLOCATE ALL'], 'EXECUTE p'],
    ['after DISCARD ALL', ['PREPARE p AS SELECT 1', 'DISCARD ALL'], 'EXECUTE p'],
    ['after CLOSE', ['DECLARE c CURSOR FOR SELECT 1', 'CLOSE c'], 'FETCH c'],
    ['after CLOSE ALL', ['DECLARE c CURSOR FOR SELECT 1', 'CLOSE ALL'], 'FETCH c'],
    ['of the other kind', ['PREPARE c AS SELECT 1'], 'FETCH c'],
    ['of another case when quoted', ['PREPARE p AS SELECT 1'], 'EXECUTE "P"'],
    ['of a transaction', ["PREPARE TRANSACTION 'p'"], 'EXECUTE transaction'],
  ])('%s', (_, before, use) => {
    const { run } = session();
    for (const sql of before) run(sql);
    expect(run(use)).toBeUndefined();
  });
});

test('a name given again leads to the newer body', () => {
  const { run } = session();
  run('DECLARE c CURSOR FOR SELECT a');
  run('DECLARE c CURSOR FOR SELECT b');
  expect(run('FETCH c')).toBe('SELECT b');
});

test('names are bounded, the oldest goes first', () => {
  const { names, run } = session();
  for (let i = 0; i <= NAMES_MAX; i++) run(`PREPARE p${i} AS SELECT a`);
  expect(names.size).toBe(NAMES_MAX);
  expect(run('EXECUTE p0')).toBeUndefined();
  expect(run(`EXECUTE p${NAMES_MAX}`)).toBe('SELECT a');
});

test.each(['SELECT 1', 'PREPARE', 'PREPARE p', 'EXECUTE', 'FETCH', 'CLOSE', "EXECUTE 'a'", 'DECLARE c', '', ';'])(
  'no name in: %s',
  (sql) => {
    const tokens = new SqlTokens();
    lex(Buffer.from(sql), tokens);
    expect(nameUseOf(tokens)).toBeUndefined();
  },
);
