// Every file begins by saying what it is, stays small, and leaves nothing for later.
// Invariant: limits for what is too long are a ratchet: an exception with slack fails.
// Not here: structure (../tidy.test.ts).

import { expect, test } from 'vitest';
import { PRODUCT, SOURCES, textOf } from './sources.js';

test('every file of the product begins by saying what it is', () => {
  expect(PRODUCT.filter((file) => !/^(#!.*\n)?\/\/ \S/.test(textOf(file)))).toEqual([]);
});

const LINES_MAX = 250;
/** Files that are longer, and how long they may be. */
const LONG: Readonly<Record<string, number>> = {
  'proxy/link/link.ts': 315,
  'proxy/listen/listener.ts': 290,
  'proxy/session/outstanding.ts': 285,
  'proxy/session/session-state.ts': 270,
  'proxy/watch/tap.ts': 270,
  'storage/migrations/0001-initial.ts': 340,
};
const SLACK_MAX = 20;

const linesOf = (file: string) => textOf(file).trimEnd().split('\n').length;

test('files stay small', () => {
  const long = PRODUCT.filter((file) => linesOf(file) > (LONG[file] ?? LINES_MAX));
  expect(long.map((file) => `${file}: ${linesOf(file)} lines`)).toEqual([]);
});

test('no exception is wider than it must be', () => {
  const loose = Object.entries(LONG).filter(
    ([file, lines]) => !PRODUCT.includes(file) || linesOf(file) <= LINES_MAX || lines - linesOf(file) > SLACK_MAX,
  );
  expect(loose).toEqual([]);
});

test('nothing is left for later', () => {
  const marks = new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')}|not ${'implemented'})\\b`);
  expect(SOURCES.filter((file) => marks.test(textOf(file)))).toEqual([]);
});
