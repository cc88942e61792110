// No literal is in a key, a shown text or a summary, in any form and in any broken text.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identify } from './identify.js';

const SECRET = 'hunter2secret';

describe('a secret does not survive', () => {
  test.each<[string, string]>([
    ['string', `SELECT '${SECRET}'`],
    ['doubled quotes', `SELECT 'it''s ${SECRET}'`],
    ['escape string', `SELECT E'it\\'s ${SECRET}'`],
    ['Unicode string', `SELECT U&'${SECRET}' UESCAPE '!'`],
    ['national string', `SELECT N'${SECRET}'`],
    ['bit and hex strings', `SELECT B'${SECRET}', X'${SECRET}'`],
    ['dollar string', `SELECT $$${SECRET}$$, $a$ $$ ${SECRET} $b$ $a$`],
    ['string right after a parameter', `SELECT $1$$a ${SECRET}$$`],
    ['string right after a number', `SELECT 1$$a ${SECRET}$$`],
    ['continued string', `SELECT 'a'\n'${SECRET}'`],
    ['continued escape string', `SELECT E'a'\n'b\\'${SECRET}'`],
    ['continued escape string, comment between', `SELECT E'a' -- c\n'b\\'${SECRET}'`],
    ['continued escape string, carriage return', `SELECT E'a'\r'b\\'${SECRET}'`],
    ['escape string in three parts', `SELECT E'a'\n'b'\n'\\'${SECRET}'`],
    ['password', `ALTER ROLE r WITH ENCRYPTED PASSWORD '${SECRET}' VALID UNTIL 'x'`],
    ['subscription', `CREATE SUBSCRIPTION s CONNECTION 'password=${SECRET}' PUBLICATION p`],
    ['server option', `CREATE USER MAPPING FOR u SERVER s OPTIONS (password '${SECRET}')`],
    ['DO block', `DO $body$ BEGIN PERFORM '${SECRET}'; END $body$`],
    ['function body', `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS '${SECRET}'`],
    ['EXECUTE', `EXECUTE p(1, '${SECRET}')`],
    ['PREPARE', `PREPARE p AS SELECT '${SECRET}'`],
    ['NOTIFY', `NOTIFY c, '${SECRET}'`],
    ['setting, unquoted', `SET app.token TO ${SECRET}`],
    ['setting, double-quoted', `SET LOCAL "app.token" = "${SECRET}"`],
    ['setting after another statement', `BEGIN; SET app.token = ${SECRET}; SELECT 1`],
    ['setting of a role', `ALTER USER u SET app.token = ${SECRET}`],
    ['comment', `SELECT 1 /* ${SECRET} /* ${SECRET} */ ${SECRET} */ -- ${SECRET}`],
    ['number junk', `SELECT 123${SECRET}`],
    ['parameter junk', `SELECT $1${SECRET}`],
    ['unterminated string', `SELECT 'abc ${SECRET}`],
    ['unterminated escape string', `SELECT E'abc\\' ${SECRET}`],
    ['unterminated dollar string', `SELECT $a$ $A$ ${SECRET} $$`],
    ['unterminated identifier', `SELECT * FROM "abc ${SECRET}`],
    ['unterminated comment', `SELECT 1 /* /* */ ${SECRET}`],
    ['list', `SELECT a IN ('x', '${SECRET}', f('${SECRET}'))`],
    ['cast', `SELECT '${SECRET}'::text, CAST('${SECRET}' AS text), text '${SECRET}'`],
    ['JSON path', `SELECT a->>'${SECRET}' FROM t WHERE b @> '{"k": "${SECRET}"}'`],
    ['cut text', `SELECT '${'x'.repeat(8000)}${SECRET}`],
  ])('%s', (_, sql) => {
    const identity = identify(sql);
    expect(identity.key + identity.query + identity.summary + identity.command).not.toContain(SECRET);
  });

  test('where a backslash escapes in plain strings', () => {
    const identity = identify(`SELECT 'a\\' ${SECRET}' FROM t`, { backslashEscapes: true });
    expect(identity.query).toBe('SELECT ? FROM t');
  });

  test('in the tail of a text whose middle was left out', () => {
    const text = `SELECT '${'x'.repeat(6000)} ${SECRET}' FROM t WHERE a = ' ${SECRET} '`;
    const identity = identify(text, { missingBytes: 1000 });
    expect(identity.key + identity.query + identity.summary).not.toContain(SECRET);
  });
});

test('no random literal leaves a byte in the key', () => {
  // Characters that are in nothing else of the texts below.
  const secret = fc.string({
    unit: fc.constantFrom('Q', 'Z', 'é', "'", '\\', '$', '"', '/*', '*/', '--', '\n', ';', '(', ')', ','),
    maxLength: 30,
  });
  const literal = fc.oneof(
    secret.map((s) => `'${s.replaceAll("'", "''")}'`),
    secret.map((s) => `E'${s.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`),
    secret.map((s) => `$tag$${s.replaceAll('$', '')}$tag$`),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }).map((n) => n.toString()),
    fc.nat().map((n) => `$${n}`),
  );
  const shapes = [
    'SELECT a FROM t WHERE b = %',
    'SELECT a IN (%, %)',
    'VALUES (%, f(%)), (%, f(%))',
    'SET x = %',
    'SELECT CASE WHEN % THEN % END',
    'SELECT ARRAY[%, f(%)]',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...shapes), fc.array(literal, { minLength: 4, maxLength: 4 }), (shape, literals) => {
      let used = 0;
      const { key } = identify(shape.replace(/%/g, () => literals[used++]));
      return !/[QZ\u00c3\\"0-9']/.test(key);
    }),
    { numRuns: 1000 },
  );
});

test('any bytes are identified without an error, and alike twice', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'SELECT ',
      'IN (',
      'VALUES (',
      'ARRAY[',
      'CASE ',
      'WHEN ',
      'END ',
      ')',
      ']',
      ',',
      '(',
      ';',
      'EXPLAIN ',
      'SET ',
      'FETCH ',
      'WITH ',
    ),
    fc.constantFrom(
      "'",
      '"',
      '$$',
      '$a$',
      '/*',
      '*/',
      '--',
      '\n',
      '::',
      'U&',
      'UESCAPE ',
      '=',
      'TO ',
      '1',
      '-',
      'x ',
      '.',
      'PREPARE ',
    ),
    fc.string({ maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.boolean(), (pieces, cut) => {
      const text = Buffer.from(pieces.join(''));
      const missingBytes = cut ? 1 : 0;
      const identity = identify(text, { missingBytes });
      const again = identify(text, { missingBytes });
      return /^[0-9a-fxt][0-9a-f]{15}$/.test(identity.fingerprint) && again.key === identity.key;
    }),
    { numRuns: 2000 },
  );
});
