// Functions: at most 70 lines, so that one fits on a screen.
// Invariant: an exception that is no longer needed fails. Not here: how functions are found (syntax.ts).

import { expect, test } from 'vitest';
import { PRODUCT } from './sources.js';
import { functionsIn } from './syntax.js';

const LINES_MAX = 70;

/** Longer for a measured reason, which each of them states: a call per character would be most of their cost. */
const LONG: readonly string[] = [
  'analyzer/fingerprint/make-key.ts normalize',
  'analyzer/sql/skeleton.ts read',
  'analyzer/sql/sql-lexer.ts lex',
];

test('functions are short', () => {
  const long = PRODUCT.flatMap((file) =>
    functionsIn(file)
      .filter(({ lines }) => lines > LINES_MAX)
      .map(({ name, line, lines }) => ({ key: `${file} ${name}`, where: `${file}:${line} ${name}: ${lines} lines` })),
  );
  expect(long.filter(({ key }) => !LONG.includes(key)).map(({ where }) => where)).toEqual([]);
  expect(LONG.filter((key) => !long.some((found) => found.key === key))).toEqual([]);
});

test('the count of functions is one of a tree that was read', () => {
  const all = PRODUCT.flatMap((file) => functionsIn(file));
  expect(all.length).toBeGreaterThan(2_000);
});
