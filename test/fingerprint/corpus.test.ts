// Equal keys are equal statements to pg_query too, over a corpus of recorded traffic.
// The corpus is no part of the repository: PGWITNESS_CORPUS names its folder; the default is ../shared/corpus
// beside the checkout.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fingerprintSync } from 'libpg-query';
import { describe, expect, test } from 'vitest';
import { identify } from './identify.js';
import { Twins } from './twins.js';

const folder = process.env.PGWITNESS_CORPUS ?? resolve(import.meta.dirname, '../../../shared/corpus');
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jsonl.gz')) : [];
const where = files.length > 0 ? folder : `skipped: no *.jsonl.gz in ${folder}, set PGWITNESS_CORPUS`;

/** Texts in the corpus are cut at this many characters, some inside a literal. */
const CUT_CHARACTERS = 8192;

/**
 * Exceptions, with their reasons. In these statements pg_query's id depends on literals, so that one key has many ids
 * of originals: counts of FETCH and MOVE, file names of COPY, texts of COMMENT and NOTIFY, passwords, enum labels and
 * storage options of CREATE and ALTER.
 * Not in a corpus of valid statements: an error inside a literal ('\u061'), which a key cannot show.
 */
const ID_DEPENDS_ON_LITERAL = /^\s*(FETCH|MOVE|COPY|COMMENT|NOTIFY|CREATE|ALTER|DO)\b/i;

function corpusTexts(): Set<string> {
  const texts = new Set<string>();
  for (const file of files) {
    for (const line of gunzipSync(readFileSync(join(folder, file)))
      .toString('utf8')
      .split('\n')) {
      if (line === '') continue;
      const { sql } = JSON.parse(line) as { sql: string };
      if (sql.length < CUT_CHARACTERS && !sql.includes('\0')) texts.add(sql);
    }
  }
  return texts;
}

/** pg_query's id of the original text, '' where it cannot be parsed. */
function originalId(sql: string): string {
  try {
    const id = fingerprintSync(sql);
    return /^[0-9a-f]{16}$/.test(id) ? id : '';
  } catch {
    return '';
  }
}

describe.skipIf(files.length === 0)(`corpus (${where})`, () => {
  const seen = [...corpusTexts()].map((sql) => {
    const { key, fingerprint } = identify(sql);
    return { sql, key, fingerprint, original: originalId(sql) };
  });

  test('texts with equal keys have equal pg_query fingerprints', () => {
    const first = new Map<string, { sql: string; original: string }>();
    const different: string[] = [];
    for (const { sql, key, original } of seen) {
      const other = first.get(key);
      if (other === undefined) first.set(key, { sql, original });
      else if (other.original !== original && !ID_DEPENDS_ON_LITERAL.test(sql)) different.push(`${other.sql}\n${sql}`);
    }
    expect(seen.length).toBeGreaterThan(1000);
    expect(different).toEqual([]);
  });

  test('what pg_query can read as written, it can read as a key, and nothing else', () => {
    const different = seen.filter(({ fingerprint, original }) => fingerprint.startsWith('x') !== (original === ''));
    expect(different.map(({ sql }) => sql)).toEqual([]);
  });

  test("the id of a key is that of its texts, but for lists of ARRAY, FLOAT(n) and utility statements' literals", () => {
    const different = seen.filter(
      ({ sql, fingerprint, original }) =>
        original !== '' &&
        fingerprint !== original &&
        !ID_DEPENDS_ON_LITERAL.test(sql) &&
        !/\b(ARRAY\s*\[|FLOAT\()/i.test(sql),
    );
    expect(different.map(({ sql, key }) => `${sql}\n${key}`)).toEqual([]);
  });

  test('a text known by its skeleton is the text that a lex would know', () => {
    const twins = new Twins();
    for (const { sql } of seen) twins.check(sql);
    // The same once more with other numbers and strings.
    for (const { sql } of seen) twins.check(sql.replace(/\b\d+\b/g, '77').replace(/'\w+'/g, "'seventy'"));
  });
});
