// Comments: a first line that says the job, narrow enough to read, naming files that exist.
// Not here: whether they are right.

import { describe, expect, test } from 'vitest';
import { FILES, SOURCES, textOf } from './sources.js';
import { commentsOf } from './syntax.js';

const FIRST_COLUMNS_MAX = 100;
const COLUMNS_MAX = 120;

function firstLine(file: string): string {
  return textOf(file)
    .replace(/^#!.*\n/, '')
    .split('\n', 1)[0];
}

describe('the first line of a file', () => {
  test('is a comment that says what it is', () => {
    expect(SOURCES.filter((file) => !/^\/\/ \S/.test(firstLine(file)))).toEqual([]);
  });

  test('is a sentence or a noun phrase, not a question turned round', () => {
    const riddles = SOURCES.filter((file) => /^\/\/ (What|How|Which|Who|Where|Whether)\b/.test(firstLine(file)));
    expect(riddles.map((file) => `${file}: ${firstLine(file)}`)).toEqual([]);
  });

  test(`has at most ${FIRST_COLUMNS_MAX} columns`, () => {
    const wide = SOURCES.filter((file) => firstLine(file).length > FIRST_COLUMNS_MAX);
    expect(wide.map((file) => `${file}: ${firstLine(file)}`)).toEqual([]);
  });
});

test(`no comment is wider than ${COLUMNS_MAX} columns`, () => {
  const wide = SOURCES.flatMap((file) => {
    const lines = textOf(file).split('\n');
    return commentsOf(file)
      .filter(({ line }) => lines[line - 1].length > COLUMNS_MAX)
      .map(({ line }) => `${file}:${line}`);
  });
  expect(wide).toEqual([]);
});

/** Names of files that lie elsewhere: in the sources of the libraries whose habits we know, or in an example. */
const ELSEWHERE =
  /^(?:django|sqlalchemy|psycopg|asyncpg|contrib|core|dialects|postgresql|ext|orm|sql|engine|db)\/[\w/-]+\.py$|^(?:file|createcachetable)\.py$/;
const FILE_NAME = /(?<![\w/.<*{$@-])(?:[\w.-]+\/)*[\w-][\w.-]*\.(?:tsx?|mjs|py|md|sh)\b(?![\w/])/g;

test('files that comments name exist', () => {
  const missing = SOURCES.flatMap((file) =>
    commentsOf(file).flatMap(({ line, text }) =>
      [...text.matchAll(FILE_NAME)]
        .map(([name]) => name.replace(/^(?:\.\.?\/)+/, ''))
        .filter((name) => !ELSEWHERE.test(name) && !FILES.some((known) => known === name || known.endsWith(`/${name}`)))
        .map((name) => `${file}:${line}: ${name}`),
    ),
  );
  expect(missing).toEqual([]);
});
