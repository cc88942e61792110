// Comments that are known by their skeleton say what reading each of them says.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CommentSkeleton } from '../../analyzer/attribution/comments/comment-skeleton.js';
import { REQUEST_VALUE_KEYS } from '../../analyzer/attribution/comments/request-tags.js';
import { readComments } from '../../analyzer/attribution/comments/sql-comment.js';
import { tagSetOf, withoutCaller } from '../../analyzer/attribution/comments/tag-set.js';
import { CommentTagsReader } from '../../analyzer/texts/comment-tags-cache.js';
import { CALLER_KEY, DIMENSION_KEYS } from '../../config/values/tag-keys.js';
import { tokensOf } from './shape.js';

const DIMENSIONS = new Set(DIMENSION_KEYS);
const TRACE = '0af7651916cd43dd8448eb211c80319c';

const key = fc.constantFrom(
  ...[
    'route',
    CALLER_KEY,
    'framework',
    'db_driver',
    'app_version',
    'pgwitness_source',
    'request%5Fid',
    'a',
    '_b',
    '9',
    '',
  ],
  ...REQUEST_VALUE_KEYS,
);
const value = fc.constantFrom(
  ...['x', '', 'a b', 'a%20b', '%%', '%', "it\\'s", 'x\\', 'é', '\u00a0', 'a,b', "a'b", '/*n*/', '{"a":1}', '42', '-'],
  ...[
    '\u0001',
    'a\u0001b',
    '\n',
    'django',
    'raw',
    `00-${TRACE}-b7ad6b7169203331-01`,
    TRACE,
    '7',
    'r1',
    'r1:2/3=4~+',
    'r'.repeat(200),
  ],
);
const sign = fc.constantFrom(...new Array<string>(12).fill('='), ':', ':', ' =', '');
const between = fc.constantFrom(...new Array<string>(12).fill(','), ', ', ' , ', ',\n', ',,', ';', ' ');
const shaped = fc.record({ key, sign, isQuoted: fc.boolean(), between });
/** Few, or more than are read and marked. */
const items = fc.oneof(
  { weight: 9, arbitrary: fc.array(shaped, { minLength: 1, maxLength: 5 }) },
  { weight: 1, arbitrary: fc.array(shaped, { minLength: 9, maxLength: 36 }) },
);
/** Comments that have all but their values in common. */
const twins = items.chain((all) =>
  fc.record({
    all: fc.constant(all),
    values: fc.array(fc.array(value, { minLength: all.length, maxLength: all.length }), {
      minLength: 2,
      maxLength: 4,
    }),
    before: fc.constantFrom('', ' ', '\n', '\u00a0'),
    after: fc.constantFrom('', ' ', '\n', ',', ', '),
  }),
);

describe('a comment that is known by its skeleton', () => {
  test('says what reading it says', () => {
    const reader = new CommentTagsReader(DIMENSIONS);
    let found = 0;
    const property = fc.property(twins, ({ all, values, before, after }) => {
      for (const own of values) {
        const text = all
          .map((one, n) => {
            const written = one.isQuoted ? `'${own[n]}'` : own[n];
            return `${one.key}${one.sign}${written}${n + 1 < all.length ? one.between : ''}`;
          })
          .join('');
        const tokens = tokensOf(`SELECT 1 /*${before}${text}${after}*/`);
        const tags = readComments(tokens);
        for (const turn of ['first', 'again']) {
          const { tags: said, ...sets } = reader.read(tokens);
          const tagSet = tagSetOf(tags, DIMENSIONS);
          expect({ text, turn, said: { ...said }, tagSet: sets.tagSet, unitTagSet: sets.unitTagSet }).toEqual({
            text,
            turn,
            said: { ...tags },
            tagSet,
            unitTagSet: withoutCaller(tagSet),
          });
        }
        if (tags.request.traceId !== '' || tags.request.requestId !== '') found++;
      }
    });
    fc.assert(property, { numRuns: 3_000 });
    expect(found).toBeGreaterThan(100);
  });

  test('brings its own trace, request and requests that sent nothing', () => {
    const reader = new CommentTagsReader(DIMENSIONS);
    const read = (sql: string) => reader.read(tokensOf(sql)).tags;
    const sent = (trace: string, request: string, idle: number) =>
      `SELECT 1 /*route='/a/',traceparent='00-${trace}-b7ad6b7169203331-01',request_id='${request}',idle_requests=${idle}*/`;
    const other = TRACE.replace('0', 'f');
    const first = read(sent(TRACE, 'r1', 1));
    expect(first.request).toEqual({ traceId: TRACE, requestId: 'r1', idleRequests: 1 });
    const second = read(sent(other, 'r2', 20));
    expect(second.request).toEqual({ traceId: other, requestId: 'r2', idleRequests: 20 });
    // What they have in common was read once.
    expect(second.pairs[0]).toBe(first.pairs[0]);
  });

  test('gives the dimensions of its request without the caller', () => {
    const reader = new CommentTagsReader(DIMENSIONS);
    for (const trace of [TRACE, TRACE, TRACE.replace('0', 'f')]) {
      const sql = `SELECT 1 /*caller='a.py:1',route='/a/',trace_id='${trace}'*/`;
      const { tagSet, unitTagSet } = reader.read(tokensOf(sql));
      expect([tagSet, unitTagSet]).toEqual(['{"caller":"a.py:1","route":"/a/"}', '{"route":"/a/"}']);
    }
  });

  test('a value that decodes to what parts two tags is one value', () => {
    const reader = new CommentTagsReader(DIMENSIONS);
    const set = (tags: string) => reader.read(tokensOf(`SELECT 1 /*${tags}*/`)).tagSet;
    expect(set("app='x',route='y'")).toBe('{"app":"x","route":"y"}');
    expect(set("app='x%00route%00y'")).toBe(JSON.stringify({ app: 'x\0route\0y' }));
  });

  test('also after thousands of comments that never repeat', () => {
    const reader = new CommentTagsReader(DIMENSIONS);
    const trace = (n: number) => n.toString(16).padStart(32, '0');
    for (let n = 0; n < 30_000; n++) reader.read(tokensOf(`SELECT 1 /*a='${n}'*/`));
    for (let n = 0; n < 3_000; n++) {
      const { tags, tagSet } = reader.read(tokensOf(`SELECT 1 /*app='x',trace_id='${trace(n)}'*/`));
      expect([tagSet, tags.request.traceId]).toEqual(['{"app":"x"}', trace(n)]);
    }
  });

  test('a key that is a dimension is told apart by its value', () => {
    const reader = new CommentTagsReader(new Set(['request_id']));
    const set = (id: string) => reader.read(tokensOf(`SELECT 1 /*request_id='${id}'*/`)).tagSet;
    expect([set('a'), set('b')]).toEqual(['{"request_id":"a"}', '{"request_id":"b"}']);
  });
});

describe('a skeleton', () => {
  const skeleton = new CommentSkeleton(['id']);

  function wordsOf(comment: string): string | undefined {
    const text = Buffer.from(comment);
    return skeleton.read(text, 0, text.length) ? skeleton.words.subarray(0, skeleton.wordCount).join() : undefined;
  }

  test.each([
    ['quoted', "a='1',id='x'", "a='1',id='y-22'"],
    ['without quotes', 'id=x, a=1', 'id=yy, a=1'],
    ['with a colon, at the end', 'a:1,id:x ', 'a:1,id:yy '],
  ])('leaves out a value: %s', (_, one, other) => {
    expect(wordsOf(one)).toBe(wordsOf(other));
  });

  test.each([
    ['another value', "a='1',id='x'", "a='2',id='x'"],
    ['another key', "id='x'", "ie='x'"],
    ['a longer key', "id='x'", "idx='x'"],
    ['inside of a value', "a='b,id=x'", "a='b,id=y'"],
    ['behind a quote that is escaped', "a='\\',id=x'", "a='\\',id=y'"],
    ['a value that is to be decoded', "id='%41'", "id='%42'"],
    ['no value', "id='',a='1'", "id='x',a='1'"],
    ['words behind it', 'id=x y', 'id=z y'],
    ['prose', 'the id=x', 'the id=y'],
    ['in a word', 'sid=x', 'sid=y'],
  ])('keeps it: %s', (_, one, other) => {
    expect(wordsOf(one)).not.toBe(wordsOf(other));
  });

  test('there is none of a comment with the byte that stands for a value, or of a long one', () => {
    expect(['\u0001', "id='\u0001'", "a='\\\u0001'", 'a=\u0001', 'x'.repeat(4097)].map(wordsOf)).toEqual(
      new Array(5).fill(undefined),
    );
  });
});
