// The list of bounds in docs/LIMITS.md: each of limits.ts stands there, with a test.
// Not here: whether the tests say so.

import { expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { FILES, textOf } from './sources.js';

const text = textOf('docs/LIMITS.md');
const rows = text
  .slice(text.indexOf('## What bounds it'))
  .split('\n')
  .filter((line) => line.startsWith('| '));

test('every bound on memory is listed', () => {
  const bounds = Object.keys(limits).filter((name) => /(Max|Entries|Bytes|BytesMin|Reserved?)$/.test(name));
  expect(bounds.filter((name) => !rows.some((row) => row.includes(`\`${name}\``)))).toEqual([]);
});

test('every row of the list names tests that exist, and no bound that does not', () => {
  const ofRows = rows.filter((row) => !row.startsWith('| limit'));
  const missing = ofRows.filter((row) => {
    const tests = row.match(/test\/[\w/.-]+\.test\.ts/g) ?? [];
    return tests.length === 0 || tests.some((file) => !FILES.includes(file));
  });
  expect(missing).toEqual([]);
  const named = ofRows.flatMap(
    (row) => row.split('|')[1].match(/`\w+(?:Max|Entries|BytesMin|Bytes|Reserved?)`/g) ?? [],
  );
  expect(named.filter((name) => !(name.slice(1, -1) in limits))).toEqual([]);
});
