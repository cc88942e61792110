// Each text is judged by its own form, though identities are cached by what texts have in common.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attributeLines } from '../../analyzer/attribution/attribute-lines.js';
import { UserRules } from '../../analyzer/attribution/rules/rule-user.js';
import { Fingerprinter } from '../../analyzer/fingerprint/fingerprint.js';
import { factsOf, type Identity } from '../../analyzer/texts/facts-of-text.js';
import { loadLineReader } from '../../analyzer/texts/line-reader.js';
import { shape } from './shape.js';

const readsTokens = ({ facts }: Identity) => facts.shape.readsFolded;
const fingerprinter = await Fingerprinter.load({ analyse: factsOf, readsTokens });
const shapeByCache = (sql: string) =>
  fingerprinter.identify(Buffer.from(sql), { backslashEscapes: false, missingBytes: 0 }).facts.shape;

const CONSTANTS = [
  ...[
    "'x'",
    "E'a\\\\b'",
    '1',
    '-1',
    ' -1',
    " E'x'",
    '$1',
    '$1::INTEGER',
    '$2::VARCHAR',
    'NULL',
    'null',
    'true',
    'TRUE',
  ],
  ...['DEFAULT', "'2026-01-01'::timestamptz", "'x'::uuid", "'x'::UUID", '(select 1)', '"a"."b"', 'now()', '(SELECT 1)'],
];
const SEPARATORS = [', ', ',', ',\n', ' , ', ',  '];

/** Statements with lists: what folds in them, and how they are spaced, is what may differ. */
const HEADS = [
  ['INSERT INTO "a" ("x", "y") VALUES (', ')'],
  ['INSERT INTO "a" ("x","y") VALUES (', ')'],
  ['INSERT INTO a (x, y) VALUES (', ')'],
  ['INSERT INTO a (x, y) VALUES (1, 2), (', ')'],
  ['SELECT "a"."id" FROM "a" WHERE "a"."id" IN (', ')'],
  ['SELECT a.id \nFROM a \nWHERE a.id IN (', ')'],
  ['UPDATE "a" SET "x" = ARRAY[', '] WHERE "a"."id" = 1'],
  ['UPDATE "a" SET "x" = CASE WHEN "a"."id" = 1 THEN ', ' ELSE NULL END WHERE "a"."id" IN (1)'],
  ['DELETE FROM a WHERE a.id IN (', ')'],
] as const;

test('whatever was seen before, the shape is the one its own text has', () => {
  const list = fc.array(fc.tuple(fc.constantFrom(...CONSTANTS), fc.constantFrom(...SEPARATORS)), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(fc.constantFrom(...HEADS), list, ([head, tail], items) => {
      const inner = items.map(([constant, separator], i) => (i === 0 ? constant : separator + constant)).join('');
      const sql = head + inner + tail;
      const cached = shapeByCache(sql);
      if (!cached.readsFolded) expect(cached, sql).toBe(shape(sql));
    }),
    { numRuns: 5000, seed: 16 },
  );
});

describe('the first text of a fingerprint does not decide for the others', () => {
  const read = loadLineReader(new UserRules([]));

  test.each([
    [
      'padding of drivers',
      `INSERT INTO "a" ("x", "y") VALUES ('x',  E'{"k": "\\\\u0001"}')`,
      `INSERT INTO "a" ("x", "y") VALUES ('x',  -1)`,
    ],
    ['one RawSQL', `INSERT INTO "a" ("x") VALUES ('x'), ((select 1))`, `INSERT INTO "a" ("x") VALUES ('x'), ('y')`],
    [
      'a list by hand',
      'SELECT "a"."id" FROM "a" WHERE "a"."id" IN (1,2)',
      'SELECT "a"."id" FROM "a" WHERE "a"."id" IN (1, 2)',
    ],
    ['null by hand', 'INSERT INTO "a" ("x") VALUES (null)', 'INSERT INTO "a" ("x") VALUES (NULL)'],
    ['binds of text() and of Core', 'INSERT INTO a (x) VALUES ($1)', 'INSERT INTO a (x) VALUES ($1::INTEGER)'],
  ])('%s', async (_name, one, other) => {
    const lines = (texts: string[]) =>
      texts.map((sql, session) => JSON.stringify({ session, startup: { user: 'a', database: 'a' }, sql }));
    const judged = async (texts: string[]) =>
      attributeLines(lines(texts), { read: await read }).map((result) => {
        const { source, construct, confidence } = (result as { output: Record<string, unknown> }).output;
        return `${source}/${construct} ${confidence}`;
      });
    const [alone] = await judged([other]);
    const [first] = await judged([one]);
    expect(await judged([one, other, one])).toEqual([first, alone, first]);
    expect(await judged([other, one, other])).toEqual([alone, first, alone]);
  });
});
