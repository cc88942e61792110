// A text known by its skeleton has the identity that a lex would give it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fingerprinter } from '../../analyzer/fingerprint/fingerprint.js';
import { SkeletonCache } from '../../analyzer/fingerprint/skeleton-cache.js';
import { SKELETON_TEXT_BYTES_MAX, Skeleton } from '../../analyzer/sql/skeleton.js';
import { Twins } from './twins.js';

const WHOLE = { backslashEscapes: false, missingBytes: 0 };

const literal = fc.constantFrom(
  ...[
    '1',
    '42',
    '0x1f',
    '1e-5',
    '1.5',
    '1.',
    '5e',
    '1_000',
    '123abc',
    "'a'",
    "'it''s'",
    "''",
    "'/*x*/'",
    "'--'",
    "'$$'",
  ],
);
const piece = fc.constantFrom(
  ...[
    'SELECT ',
    'a',
    'b1',
    '_c',
    'IN (',
    ')',
    ',',
    ' ',
    '  ',
    '\n',
    '\t',
    '"q"',
    '"q""r"',
    '"',
    "E'",
    "U&'",
    'N',
    '&',
    '.',
    '..',
  ],
  ...[
    '$1',
    '$2',
    '$$x$$',
    '$',
    '-',
    '--',
    '+',
    '*',
    '/',
    '/*c*/',
    '/*',
    '*/',
    '::',
    ':',
    ';',
    '=',
    "'",
    '\\',
    'é',
    '\u0001',
    '\0',
  ],
  ...['.5', 'VALUES (', 'ARRAY[', ']', 'CASE WHEN ', ' END', 'SET x = ', 'FETCH ', 'U&"d" UESCAPE \'!\'', "'a'\n'b'"],
  ...["E'a'\n'b\\'c'", "'a' -- c\n'b'", "N'a'\n'b'", "\n'", "'\r'", "'\\'"],
);

describe('a text known by its skeleton is the text that a lex would know', () => {
  test('made-up texts, each with two sets of literals', () => {
    const twins = new Twins();
    const text = fc.array(fc.oneof(piece, fc.tuple(literal, literal)), { maxLength: 24 });
    fc.assert(
      fc.property(text, (pieces) => {
        for (const which of [0, 1])
          twins.check(pieces.map((one) => (typeof one === 'string' ? one : one[which])).join(''));
      }),
      { numRuns: 4000, seed: 7 },
    );
  });

  test.each([
    [`SELECT 1 FROM t WHERE a = 1`, `SELECT 1 FROM t WHERE a = 999`],
    [`SELECT a FROM t WHERE b = 'x' /*route='a'*/`, `SELECT a FROM t WHERE b = 'it''s' /*route='b',c='d'*/`],
    [`/*a='b'*/ SELECT $1, "c" FROM t`, `/*a='longer'*/ SELECT $1, "c" FROM t`],
  ])('%s', (one, other) => {
    const fingerprinter = new Fingerprinter({ analyse: () => ({}), readsTokens: () => false });
    const first = fingerprinter.identify(Buffer.from(one), WHOLE);
    expect(fingerprinter.identify(Buffer.from(other), WHOLE)).toBe(first);
    expect(fingerprinter.tokens.count).toBe(0);
  });

  test('whose tokens are read is taken apart each time', () => {
    const fingerprinter = new Fingerprinter({ analyse: () => undefined, readsTokens: () => true });
    for (const text of ['FETCH 1 FROM c', 'FETCH 2 FROM c']) {
      fingerprinter.identify(Buffer.from(text), WHOLE);
      expect(fingerprinter.tokens.count).toBe(4);
    }
  });
});

describe('what has no skeleton', () => {
  test.each([
    "SELECT E'a'",
    "SELECT U&'a'",
    'SELECT $$a$$',
    'SELECT .5',
    'SELECT 1..10',
    'SELECT /* here */ 1',
    'SELECT 1 -- end',
    "SELECT 'open",
    'SELECT "open',
    'SELECT 1 /* open',
    'SELECT 1 /*c*/;',
    'SELECT \u0001',
    `SELECT '${'x'.repeat(SKELETON_TEXT_BYTES_MAX)}'`,
  ])('%#: %.30s', (text) => {
    expect(new Skeleton().read(Buffer.from(text))).toBe(false);
  });
});

describe('the cache', () => {
  const skeletonOf = (text: string): Skeleton => {
    const skeleton = new Skeleton();
    expect(skeleton.read(Buffer.from(text))).toBe(true);
    return skeleton;
  };

  test('keeps what is used, and no more than its limits', () => {
    const cache = new SkeletonCache<number>({ entriesMax: 8, bytesMax: 4096 });
    const hot = skeletonOf('SELECT hot');
    cache.set(hot, -1);
    for (let i = 0; i < 100; i++) {
      cache.set(skeletonOf(`SELECT a${i}`), i);
      expect(cache.get(hot)).toBe(-1);
    }
    expect(cache.get(skeletonOf('SELECT a99'))).toBe(99);
    expect(cache.get(skeletonOf('SELECT a5'))).toBeUndefined();
  });

  test('a hash that two skeletons share is no match', () => {
    const cache = new SkeletonCache<string>({ entriesMax: 8, bytesMax: 4096 });
    const one = skeletonOf('SELECT one');
    cache.set(one, 'one');
    const two = skeletonOf('SELECT two');
    two.hash = one.hash;
    expect(cache.get(two)).toBeUndefined();
  });

  test('a skeleton longer than a slab is not kept', () => {
    const cache = new SkeletonCache<string>({ entriesMax: 8, bytesMax: 64 });
    const long = skeletonOf(`SELECT ${'a'.repeat(200)}`);
    cache.set(long, 'long');
    expect(cache.get(long)).toBeUndefined();
  });
});
