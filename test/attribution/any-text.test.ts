// Whatever a client sends, a shape comes back, soon, and without a piece of the text in it.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { internShape } from '../../analyzer/attribution/shape/shape.js';
import { shape } from './shape.js';

const PIECES = [
  ...[
    'SELECT',
    'FROM',
    'WHERE',
    'UNION',
    'AND',
    'BETWEEN',
    'AS',
    'IN',
    'INSERT INTO',
    'VALUES',
    'UPDATE',
    'SET',
    'DELETE',
  ],
  ...['"a"', '"a"."b"', 'a.b', "'x'", '$1', '$1::INTEGER', '1', '(', ')', '[', ']', ',', ';', '.', '::', '=', '*'],
  ...[
    ' ',
    '\n',
    ' \n',
    ' \n ',
    '\t',
    'WITH',
    'DECLARE',
    'CURSOR',
    'FOR',
    'FETCH',
    'EXPLAIN',
    'ORDER BY',
    'LIMIT',
    '/*a=1*/',
    '"',
    "'",
  ],
];

test('no text makes it throw, and equal shapes are one object', () => {
  const texts = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 6 })), { maxLength: 60 });
  fc.assert(
    fc.property(texts, (pieces) => {
      const found = shape(pieces.join(' '));
      expect(internShape(JSON.parse(JSON.stringify(found)))).toBe(found);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['parentheses', '('.repeat(100_000)],
  ['parentheses behind SELECT', `SELECT ${'('.repeat(100_000)}1`],
  ['brackets', `SELECT ${'['.repeat(100_000)}`],
  ['subselects', `SELECT 1 FROM ${'(SELECT 1 FROM '.repeat(20_000)}`],
  ['fragments', `SELECT "a"."b" FROM "a" WHERE ${'('.repeat(20_000)}x${')'.repeat(20_000)}`],
])('nesting of %s is bounded', (_name, sql) => {
  expect(() => shape(sql)).not.toThrow();
});

test('a union of many members is read without nesting', () => {
  const member = '(SELECT "a"."b" AS "b" FROM "a")';
  expect(shape(Array.from({ length: 2000 }, () => member).join(' UNION ')).django).toBe('own');
});
