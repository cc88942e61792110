// CSV is safe to open.
// In a spreadsheet it is no formula, on a terminal nothing steers.

import { expect, test } from 'vitest';
import { csvLine, csvOf } from '../../cli/terminal/csv.js';

test.each([
  ['an escape sequence', 'a\u001b[2Jb', 'a\\u001b[2Jb'],
  ['a C1 control', 'a\u009b2Jb', 'a\\u009b2Jb'],
  ['a right-to-left override', 'a\u202eb', 'a\\u202eb'],
  ['an isolate and a mark', 'a\u2066b\u200fc', 'a\\u2066b\\u200fc'],
  ['a carriage return that overwrites the line', 'secret\rshown', 'secret\\u000dshown'],
  ['NUL, backspace and DEL', 'a\0b\bc\u007f', 'a\\u0000b\\u0008c\\u007f'],
])('%s is written out', (_name, text, written) => {
  expect(csvLine([text])).toBe(written);
});

test.each([
  [
    'audit',
    {
      root: '.',
      places: [
        { id: 'a', seen: { calls: 2 } },
        { id: 'b', seen: null },
      ],
      inferred: [],
    },
  ],
  [
    'findings',
    {
      window: {},
      findings: [
        { id: 'a', seen: { calls: 2 } },
        { id: 'b', seen: null },
      ],
    },
  ],
  [
    'progress',
    {
      sources: [],
      ledger: {
        places: [
          { id: 'a', seen: { calls: 2 } },
          { id: 'b', seen: null },
        ],
      },
    },
  ],
])('%s has a row for each of its list', (_command, value) => {
  expect(csvOf(value)).toBe('id,seen_calls,seen\na,2,\nb,,');
});

test('progress without a ledger has a row for each week; what is nested in a cell is written out', () => {
  const weeks = [{ week: '2026-11-23', old: { calls: 1, by: { raw: 1 } } }];
  expect(csvOf({ sources: [], ledger: null, weeks })).toBe('week,old_calls,old_by\n2026-11-23,1,raw=1');
  expect(csvOf([{ a: [{ b: { c: 1 } }] }])).toBe('a\nb=(c=1)');
});

test('newlines, tabs, quotes and letters of any script stay as they are', () => {
  expect(csvLine(['a\nb', 'a\r\nb', 'a\tb', 'say "x"', 'Größe 東京 עברית'])).toBe(
    '"a\nb","a\r\nb",a\tb,"say ""x""",Größe 東京 עברית',
  );
});

test.each(['=1+1', '+1', '-1', '@x', '\tx', '\r\nx'])('%j is no formula', (text) => {
  expect(csvLine([text])).toMatch(/^"?'/);
});
