// The id of a statement, the facts on its identity, and the bounds of the caches.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Fingerprinter, UNKNOWN_TEXT } from '../../analyzer/fingerprint/fingerprint.js';
import { fingerprintOfKey, GRAMMAR, GRAMMAR_DEPTH_MAX } from '../../analyzer/fingerprint/grammar.js';
import { fingerprinter, identify } from './identify.js';

const WHOLE = { backslashEscapes: false, missingBytes: 0 };

describe('fingerprint', () => {
  test("is pg_query's for what the grammar can read", () => {
    expect(identify('SELECT 1').fingerprint).toBe('50fde20626009aba');
  });

  test('is x and the hash of the key for what it cannot', () => {
    const { fingerprint, key } = identify('SELEC 1');
    expect(fingerprint).toBe(`x${createHash('sha256').update(key, 'latin1').digest('hex').slice(0, 15)}`);
  });

  test('is x for text with an error that libpg-query returns as if it were a result', () => {
    expect(identify("SELECT 'abc").fingerprint).toMatch(/^x[0-9a-f]{15}$/);
    expect(fingerprintOfKey('SELECT "')).toBeNull();
  });

  test('is x where nesting could overflow a stack', () => {
    const nested = (depth: number): string => identify(`SELECT ${'('.repeat(depth)}1${')'.repeat(depth)}`).fingerprint;
    expect(nested(GRAMMAR_DEPTH_MAX)).not.toMatch(/^x/);
    expect(nested(GRAMMAR_DEPTH_MAX + 1)).toMatch(/^x/);
    expect(identify(`SELECT a${' UNION SELECT a'.repeat(2000)}`).fingerprint).toMatch(/^x/);
  });

  test('is x for a key that is too long for the grammar', () => {
    expect(identify(`SELECT ${'abcdefghi, '.repeat(6000)}a`).fingerprint).toMatch(/^x/);
  });

  test('of an unknown text is no fingerprint of a text', () => {
    expect(UNKNOWN_TEXT).toMatch(/^x0{15}$/);
  });

  test('is made by a grammar that can be named', () => {
    expect(GRAMMAR).toMatch(/^libpg-query \d+\.\d+\.\d+, PostgreSQL \d+$/);
  });
});

describe('identity', () => {
  test.each<[string, string, number]>([
    ['select 1', 'SELECT', 1],
    ['WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a', 'INSERT', 1],
    ['EXPLAIN (ANALYZE, FORMAT json) UPDATE t SET a = 1', 'UPDATE', 1],
    ['EXPLAIN ANALYZE VERBOSE WITH a AS (SELECT 1) DELETE FROM t', 'DELETE', 1],
    ['(SELECT 1) UNION (SELECT 2)', 'SELECT', 1],
    ['; BEGIN; SELECT 1;', 'BEGIN', 2],
    ['EXPLAIN', '', 1],
    ['', '', 0],
    ["'x'", '', 1],
  ])('%s: command and count', (sql, command, statementCount) => {
    expect(identify(sql)).toMatchObject({ command, statementCount });
  });

  test('carries what the caller made of the tokens, made once', async () => {
    let calls = 0;
    const own = await Fingerprinter.load({
      analyse: (tokens) => {
        calls++;
        return { tokens: tokens.count };
      },
    });
    expect(own.identify(Buffer.from('SELECT 1'), WHOLE).facts).toEqual({ tokens: 2 });
    own.identify(Buffer.from('SELECT 2'), WHOLE);
    expect(calls).toBe(1);
  });

  test('leaves the tokens of the text behind, comments included', () => {
    identify("SELECT 1 /*route='a'*/");
    const { tokens } = fingerprinter;
    expect(tokens.bytes.subarray(tokens.commentStart[0], tokens.commentEnd[0]).toString()).toBe("/*route='a'*/");
  });
});

describe('a cut text', () => {
  const head = 'INSERT INTO t (a, b) VALUES ';
  const row = "(1, 'some text'), ";
  const tail = 'x'.repeat(4096);

  test('ends with its last complete element, wherever it was cut', () => {
    const identities = [0, 1, 5, 9, 16, 17].map((more) => {
      const kept = head + row.repeat(500) + row.slice(0, more);
      return identify(kept + tail, { missingBytes: 1000 });
    });
    expect(new Set(identities.map((identity) => identity.fingerprint)).size).toBe(1);
    expect(identities[0].query).toBe('INSERT INTO t (a, b) VALUES (?, ?) …');
    expect(identities[0].truncated).toBe(true);
  });

  test('has an id of its own', () => {
    const cut = identify(head + row.repeat(500) + tail, { missingBytes: 1 });
    expect(cut.fingerprint).toMatch(/^t[0-9a-f]{15}$/);
    expect(identify(`${head}(1, 'x')`).key).not.toBe(cut.key);
  });

  test('keeps the comment at its end, and nothing else of its tail', () => {
    const comment = "/*route='/a'*/";
    identify(`${head}${row.repeat(500)}${'y'.repeat(5000)} secret ${comment} ;`, { missingBytes: 1 });
    const { tokens } = fingerprinter;
    const last = tokens.commentCount - 1;
    expect(tokens.bytes.subarray(tokens.commentStart[last], tokens.commentEnd[last]).toString()).toBe(comment);
  });
});

describe('the cache', () => {
  test('is bounded by entries and keeps what is used', async () => {
    const own = await Fingerprinter.load({ analyse: () => undefined, entriesMax: 100 });
    const used = own.identify(Buffer.from('SELECT used'), WHOLE);
    for (let i = 0; i < 1000; i++) {
      own.identify(Buffer.from(`SELECT a${i}`), WHOLE);
      expect(own.identify(Buffer.from('SELECT used'), WHOLE)).toBe(used);
    }
    expect(own.cache.entries).toBeLessThanOrEqual(100);
    expect(own.cache.evicted).toBeGreaterThan(800);
  });

  test('is bounded by bytes', async () => {
    const own = await Fingerprinter.load({ analyse: () => undefined, bytesMax: 100_000 });
    for (let i = 0; i < 1000; i++) own.identify(Buffer.from(`SELECT a${i}, ${'b, '.repeat(i % 200)}c`), WHOLE);
    expect(own.cache.bytes).toBeLessThanOrEqual(100_000);
    expect(own.cache.entries).toBeGreaterThan(10);
  });

  test('does not keep what would fill half of it', async () => {
    const own = await Fingerprinter.load({ analyse: () => undefined, bytesMax: 10_000 });
    own.identify(Buffer.from(`SELECT ${'b, '.repeat(10_000)}c`), WHOLE);
    expect(own.cache.entries).toBe(0);
  });
});
