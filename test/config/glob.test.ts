// Patterns with `*`, as rules, filters, exceptions and the ledger have them.

import { describe, expect, test } from 'vitest';
import { fitsGlob, globTest } from '../../config/values/glob.js';

describe('a pattern', () => {
  test.each([
    ['shop', 'shop', true],
    ['shop', 'Shop', false],
    ['shop', 'shops', false],
    ['', '', true],
    ['', 'x', false],
    ['*', '', true],
    ['*', 'a\nb', true],
    ['/api/*', '/api/', true],
    ['/api/*', '/api', false],
    ['*-worker', 'mail-worker', true],
    ['*web*', 'a web b', true],
    ['*web*', 'wb', false],
    ['a*b', 'ab', true],
    ['a*b', 'a/x/b', true],
    ['a*b', 'a/x/bc', false],
    // One character cannot be both ends.
    ['ab*ba', 'aba', false],
    ['ab*ba', 'abba', true],
    ['a*b*c', 'a-c-b-c', true],
    ['a*b*c', 'a-c-b', false],
    ['*ab*ab*', 'abxab', true],
    ['*ab*ab*', 'abab', true],
    ['*ab*ab*', 'aab', false],
    // The part between ends before the last one begins.
    ['*aba*ba', 'aba', false],
    ['**', 'x', true],
    // A line is every function of it, and no other line.
    ['shop/views.py:4', 'shop/views.py:4 books', true],
    ['*views.py:4', 'shop/views.py:4 books', true],
    ['shop/views.py:4', 'shop/views.py:41 books', false],
    ['shop/views.py', 'shop/views.py:4 books', false],
    // Nothing else is special.
    ['a.c', 'abc', false],
    ['^x/(?P<id>*)$', '^x/(?P<id>7)$', true],
    ['[a]?*', '[a]?', true],
    ['\\*', '\\x', true],
  ])('%j fits %j: %s', (pattern, value, expected) => {
    expect(fitsGlob(value, pattern)).toBe(expected);
  });
});

test('a pattern of many stars looks at each character a few times, whatever the value', () => {
  let looked = 0;
  const value = 'a'.repeat(20_000);
  const watched = {
    length: value.length,
    startsWith: (part: string) => value.startsWith(part),
    endsWith: (part: string) => value.endsWith(part),
    indexOf: (part: string, at: number) => {
      looked++;
      return value.indexOf(part, at);
    },
  } as unknown as string;
  expect(globTest(`${'*a'.repeat(30)}*b*a`)(watched)).toBe(false);
  expect(looked).toBe(31);
});
