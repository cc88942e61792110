// The lexer by Postgres' rules: kinds, ranges, gaps, comments, text without its end mark.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lex } from '../../analyzer/sql/sql-lexer.js';
import { COMMENTS_MAX, Gap, SqlTokens, TokenKind, wordHash } from '../../analyzer/sql/tokens.js';

const KIND_NAMES = Object.fromEntries(Object.entries(TokenKind).map(([name, kind]) => [kind, name]));
const GAP_NAMES = Object.fromEntries(Object.entries(Gap).map(([name, gap]) => [gap, name]));

function lexed(sql: string, options?: { backslashEscapes?: boolean }): SqlTokens {
  const tokens = new SqlTokens();
  lex(Buffer.from(sql), tokens, options);
  return tokens;
}

/** Tokens as "kind text". */
function listed(sql: string, options?: { backslashEscapes?: boolean }): string[] {
  const tokens = lexed(sql, options);
  return Array.from({ length: tokens.count }, (_, i) => `${KIND_NAMES[tokens.kind[i]]} ${tokens.text(i)}`);
}

describe('kinds', () => {
  test.each<[string, string[]]>([
    ['SELECT a', ['word SELECT', 'word a']],
    ['größe_1$x', ['word größe_1$x']],
    ['"a""b" "c"', ['quotedIdentifier "a""b"', 'quotedIdentifier "c"']],
    ['U&"d\\0061" u&\'x\'', ['quotedIdentifier U&"d\\0061"', "string u&'x'"]],
    ["'a''b' 'c'", ["string 'a''b'", "string 'c'"]],
    ["E'a\\'b' e'\\\\' x", ["string E'a\\'b'", "string e'\\\\'", 'word x']],
    ["B'01' X'ff' N'n' b", ["string B'01'", "string X'ff'", "string N'n'", 'word b']],
    ["date 'x' q'x'", ['word date', "string 'x'", 'word q', "string 'x'"]],
    ['$$a$$ $t$ $$ $x$ $t$ $é$b$é$', ['string $$a$$', 'string $t$ $$ $x$ $t$', 'string $é$b$é$']],
    ['a$1 $1 $23', ['word a$1', 'parameter $1', 'parameter $23']],
    ['$1$$s t$$', ['parameter $1', 'string $$s t$$']],
    ['$ab c', ['other $', 'word ab', 'word c']],
    [
      '1 1.5 .5 1e5 1e-5 1_000 0xFFe 0b1 0o7 5.',
      ['1', '1.5', '.5', '1e5', '1e-5', '1_000', '0xFFe', '0b1', '0o7', '5.'].map((n) => `number ${n}`),
    ],
    ['0xe+1', ['number 0xe', 'operator +', 'number 1']],
    ['0x1f.5 1e-5.5', ['number 0x1f', 'number .5', 'number 1e-5', 'number .5']],
    ['1..10', ['number 1', 'dot ..', 'number 10']],
    ['123abc 1$$s t$$', ['number 123abc', 'number 1', 'string $$s t$$']],
    ['a.b::int', ['word a', 'dot .', 'word b', 'cast ::', 'word int']],
    [
      'x:=1 [1:2]',
      ['word x', 'colon :=', 'number 1', 'leftBracket [', 'number 1', 'colon :', 'number 2', 'rightBracket ]'],
    ],
    [
      'a->>1 @> ?| =-1',
      ['word a', 'operator ->>', 'number 1', 'operator @>', 'operator ?|', 'operator =', 'operator -', 'number 1'],
    ],
    ['a*/**/b+--c\nd', ['word a', 'operator *', 'word b', 'operator +', 'word d']],
    ['(a,b);', ['leftParen (', 'word a', 'comma ,', 'word b', 'rightParen )', 'semicolon ;']],
    ['\u0001', ['other \u0001']],
  ])('%s', (sql, expected) => {
    expect(listed(sql)).toEqual(expected);
  });

  test('a backslash escapes inside a plain string only when the session says so', () => {
    expect(listed("'a\\' b'", { backslashEscapes: true })).toEqual(["string 'a\\' b'"]);
    expect(listed("'a\\' b")).toEqual(["string 'a\\'", 'word b']);
    expect(listed("N'a\\'b'", { backslashEscapes: true })).toEqual(["string N'a\\'b'"]);
  });
});

/** As PostgreSQL 14, 17 and 18 read them: test/fuzz/lexer.test.ts asks a server. */
describe('a string goes on behind a newline, by the rules of its first part', () => {
  test.each([
    ["E'a'", "'b\\'c'"],
    ["e'a'", "'b\\'c''d'"],
    ["U&'a'", "'b''c\\'"],
    ["N'a'", "'b\\'"],
    ["B'0'", "'1'"],
    ["X'0'", "'1'"],
    ["'a'", "'b\\'"],
  ])('%s … %s', (first, next) => {
    for (const gap of ['\n', '\r', ' \t\n ', '\v\n', " -- it's\n", "\n-- it's\r\n-- again\n", '-- c\r'])
      expect(listed(`${first}${gap}${next} x`)).toEqual([`string ${first}${gap}${next}`, 'word x']);
    for (const gap of [' ', '\n/* c */', '/* c */\n', ' -\n', "\n-- it's"])
      expect(listed(`${first}${gap}${next} x`)).not.toContain(`string ${first}${gap}${next}`);
  });

  test('in any number of parts', () => {
    const text = `E'a'${"\n'\\''".repeat(1000)}`;
    expect(listed(text)).toEqual([`string ${text}`]);
  });

  test('but a dollar string does not, nor does an identifier', () => {
    expect(listed("$$a$$\n'b'")).toEqual(['string $$a$$', "string 'b'"]);
    expect(listed('"a"\n"b"')).toEqual(['quotedIdentifier "a"', 'quotedIdentifier "b"']);
  });

  test('plain and national ones with backslashes where the session says so', () => {
    expect(listed("'a'\n'b\\'c'", { backslashEscapes: true })).toEqual(["string 'a'\n'b\\'c'"]);
    expect(listed("N'a'\n'b\\'c'", { backslashEscapes: true })).toEqual(["string N'a'\n'b\\'c'"]);
  });
});

test('a doubled quote is none in bits', () => {
  expect(listed("B'0''1' X'0'")).toEqual(["string B'0'", "string '1'", "string X'0'"]);
});

test("U&'…' reaches to the end where the server refuses it", () => {
  expect(listed("U&'a' b", { backslashEscapes: true })).toEqual(["string U&'a' b"]);
  expect(listed('U&"a" b', { backslashEscapes: true })).toEqual(['quotedIdentifier U&"a"', 'word b']);
});

describe('word hashes', () => {
  test('are those of wordHash, whatever the case', () => {
    const tokens = lexed('SELECT Select größe _x1');
    expect(tokens.hash[0]).toBe(wordHash('select'));
    expect(tokens.hash[1]).toBe(wordHash('SELECT'));
    expect(tokens.hash[3]).toBe(wordHash('_X1'));
  });

  test('are 0 for what is not a word', () => {
    const tokens = lexed(`"select" 'select' 1`);
    expect([...tokens.hash.subarray(0, 3)]).toEqual([0, 0, 0]);
  });
});

describe('gaps', () => {
  test.each<[string, string]>([
    ['', 'none'],
    [' ', 'space'],
    ['   ', 'spaces'],
    ['\t', 'tab'],
    [' \t ', 'tab'],
    ['\n', 'newline'],
    [' \n', 'spaceNewline'],
    [' \n ', 'spaceNewlineSpace'],
    ['\n ', 'otherNewline'],
    ['\n\n', 'otherNewline'],
    ['\r\n', 'otherNewline'],
    [' \n  ', 'otherNewline'],
    ['  \n', 'otherNewline'],
    [' /* c */ ', 'spaces'],
    [' -- c\n', 'spaceNewline'],
  ])('%j', (gap, name) => {
    const tokens = lexed(`(${gap}a${gap}`);
    expect(GAP_NAMES[tokens.gap[1]]).toBe(name);
    expect(GAP_NAMES[tokens.gapAtEnd]).toBe(name);
  });
});

describe('comments', () => {
  test('are kept with their delimiters and the token they stand before', () => {
    const tokens = lexed('/* a /* b */ c */ SELECT 1 -- d\n');
    expect(tokens.commentCount).toBe(2);
    const ranges = [0, 1].map((i) => tokens.bytes.subarray(tokens.commentStart[i], tokens.commentEnd[i]).toString());
    expect(ranges).toEqual(['/* a /* b */ c */', '-- d']);
    expect([...tokens.commentBeforeToken.subarray(0, 2)]).toEqual([0, 2]);
  });

  test('beyond the limit keep the last one', () => {
    const tokens = lexed(`${'/*a*/'.repeat(COMMENTS_MAX + 5)}/*last*/ x`);
    expect(tokens.commentCount).toBe(COMMENTS_MAX);
    const last = COMMENTS_MAX - 1;
    expect(tokens.bytes.subarray(tokens.commentStart[last], tokens.commentEnd[last]).toString()).toBe('/*last*/');
  });
});

describe('text without an end mark', () => {
  test.each(["a 'b c", 'a "b c', 'a $$b c', 'a $t$b $$ $T$ c', "a E'b\\' c", 'a /* b /* */ c', "a U&'b c", "E'\\"])(
    '%s',
    (sql) => {
      const tokens = lexed(sql);
      expect(tokens.unterminated).toBe(true);
      expect(tokens.end[tokens.count - 1]).toBe(Buffer.byteLength(sql));
    },
  );

  test('a line comment needs none', () => {
    expect(lexed('a -- b').unterminated).toBe(false);
  });
});

test('every byte is in exactly one token, or is white space or comment', () => {
  const pieces = fc.constantFrom(
    "'",
    '"',
    '$',
    '$$',
    '$a$',
    '/*',
    '*/',
    '--',
    '\n',
    ' ',
    '\\',
    'E',
    'U&',
    '1',
    '.',
    'e',
    '-',
    ':',
    '(',
    'é',
    ';',
    '\u0000',
  );
  const text = fc
    .array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 60 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, fc.boolean(), (sql, backslashEscapes) => {
      const bytes = Buffer.from(sql);
      const tokens = new SqlTokens();
      lex(bytes, tokens, { backslashEscapes });
      const covered = new Uint8Array(bytes.length);
      const cover = (from: number, to: number): void => {
        for (let at = from; at < to; at++) covered[at]++;
      };
      for (let i = 0; i < tokens.count; i++) cover(tokens.start[i], tokens.end[i]);
      if (tokens.commentCount < COMMENTS_MAX) {
        const kept = tokens.unterminated ? tokens.start[tokens.count - 1] : bytes.length;
        for (let i = 0; i < tokens.commentCount; i++)
          if (tokens.commentStart[i] < kept) cover(tokens.commentStart[i], tokens.commentEnd[i]);
        for (let at = 0; at < bytes.length; at++)
          if (covered[at] === 0 && !' \t\n\r\f\v'.includes(String.fromCharCode(bytes[at]))) return false;
      }
      return covered.every((times) => times <= 1);
    }),
    { numRuns: 2000 },
  );
});

test('arrays grow with the text', () => {
  const tokens = lexed('a '.repeat(10_000));
  expect(tokens.count).toBe(10_000);
  expect(tokens.text(9_999)).toBe('a');
});

test.each([
  ['dollar signs', '$ $a '.repeat(200_000)],
  ['unfinished tags', `$ab$${'$a'.repeat(500_000)}`],
  ['open comments', '/*'.repeat(500_000)],
  ['signs', '+-'.repeat(500_000)],
  ['brackets', '(['.repeat(500_000)],
  ['quotes', `'${"''".repeat(500_000)}`],
])('a megabyte of %s is read to its end', (_, text) => {
  const tokens = lexed(text);
  expect(tokens.end[tokens.count - 1]).toBe(text.trimEnd().length);
});
