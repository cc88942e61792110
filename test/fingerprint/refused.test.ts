// Refused texts, and text between the quotes of prose, show no word that may be a literal.

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { identify } from './identify.js';

const SECRET = 'hunter2secret';

/** Everything of an identity that leaves memory. */
function told(sql: string, options = {}): string {
  const { key, query, summary, command } = identify(sql, options);
  return [key, query, summary, command].join(' ');
}

describe('shown of text that is no SQL', () => {
  test.each([
    [SECRET, '?'],
    [`${SECRET};`, '?'],
    [`foo@${SECRET}.com`, '?'],
    [`p@ss!${SECRET}#1 and more`, '? and ?'],
    [`the password is ${SECRET}`, '? is ?'],
    [`select * form users where name = ${SECRET}`, 'select * ? where ? = ?'],
    [`SELECT a.b, "${SECRET}" FROM t WHERE WHERE`, 'SELECT ?, ? FROM ? WHERE WHERE'],
    [`SELECT 'it's ${SECRET}' FROM t`, 'SELECT ?'],
    [`SELECT ${SECRET}::text, a->>'b' FRO t`, 'SELECT ?, ?->>?'],
    [`${SECRET}(1, 2, (3))`, '?(?, ?, (?))'],
    [`{"password": "${SECRET}"}`, '?'],
    [`${SECRET}=${SECRET}`, '?=?'],
  ])('%s', (sql, query) => {
    expect(identify(sql).query).toBe(query);
    expect(told(sql)).not.toContain('hunter');
  });

  test('its id is the hash of what is shown, not of a word that could be guessed', () => {
    const { fingerprint, key, keyHash } = identify(SECRET);
    expect(fingerprint).toBe(`x${createHash('sha256').update(key, 'latin1').digest('hex').slice(0, 15)}`);
    expect(identify('another1')).toMatchObject({ fingerprint, keyHash });
  });

  test('its command is a verb or nothing', () => {
    expect(identify(SECRET)).toMatchObject({ command: '', summary: '' });
    expect(identify(`select ${SECRET} ${SECRET} x`)).toMatchObject({ command: 'SELECT', summary: 'SELECT' });
  });

  test('neither number nor length of the hidden words is told', () => {
    expect(identify('a b c d').key).toBe(identify('something longer').key);
  });
});

describe('what the grammar does not look at', () => {
  test.each([
    ['too long', `SELECT ${'abcdefghi, '.repeat(6000)}${SECRET}`],
    ['too deep', `SELECT ${'('.repeat(300)}${SECRET}${')'.repeat(300)}`],
    ['too many UNIONs', `SELECT a${` UNION SELECT ${SECRET}`.repeat(100)}`],
  ])('%s: no word is shown', (_, sql) => {
    const { query, summary } = identify(sql);
    expect(query + summary).not.toMatch(/hunter|abc/);
    expect(query).toMatch(/^SELECT [?(]/);
  });

  test('a key that is too long has an id of its own all the same', () => {
    const idOf = (word: string): string => identify(`SELECT ${`${word}, `.repeat(12_000)}a`).fingerprint;
    expect(idOf('column')).toMatch(/^x/);
    expect(idOf('column')).not.toBe(idOf('colunm'));
  });
});

describe('a cut text shows its words where the grammar reads what is there', () => {
  const blob = 'x'.repeat(300_000);
  const cut = (sql: string) => identify(sql, { missingBytes: 1000 });

  test.each([
    [`INSERT INTO t (a, b) VALUES (1, '${blob}`, 'INSERT INTO t (a, b) VALUES …'],
    [`INSERT INTO t (a, b) VALUES ${"(1, 'x'), ".repeat(30_000)}`, 'INSERT INTO t (a, b) VALUES (?, ?) …'],
    [`SELECT a FROM t WHERE b IN (${'1, '.repeat(100_000)}`, 'SELECT a FROM t WHERE b IN (? …'],
    [`SELECT a FROM (SELECT b FROM t WHERE c = '${blob}`, 'SELECT a FROM (SELECT b FROM t WHERE c = …'],
    [`UPDATE t SET a = (CASE ${"WHEN b = 1 THEN 'x' ".repeat(15_000)}`, 'UPDATE t SET a = (CASE WHEN b = ? THEN ? …'],
    [`SELECT ARRAY[${'1, '.repeat(100_000)}`, 'SELECT ARRAY[? …'],
    [`WITH u AS (SELECT a FROM t WHERE b IN (${'1, '.repeat(100_000)}`, 'WITH u AS (SELECT a FROM t WHERE b IN (? …'],
    [`DELETE FROM t; INSERT INTO u VALUES (1); COPY ${blob}`, 'DELETE FROM t; INSERT INTO u VALUES (?); …'],
  ])('%.40s', (sql, query) => {
    expect(cut(sql)).toMatchObject({ query, fingerprint: expect.stringMatching(/^t[0-9a-f]{15}$/) });
  });

  test('and hides them where it does not', () => {
    expect(told(`the ${SECRET} is ${SECRET} '${blob}`, { missingBytes: 1000 })).not.toContain('hunter');
    const { query, summary } = cut(`the ${SECRET} is ${SECRET} ${'x '.repeat(150_000)}`);
    expect(query + summary).toBe('? is ? …');
  });
});

describe('between the quotes of prose', () => {
  test.each([
    [`SELECT a FROM t WHERE b = ‘${SECRET}’`, 'SELECT a FROM t WHERE b = ?'],
    [`SELECT a FROM t WHERE b = ‘${SECRET} and ${SECRET}’ AND c`, 'SELECT a FROM t WHERE b = ? AND c'],
    [`SELECT “${SECRET}”, «${SECRET}», 「${SECRET} x」, „a“`, 'SELECT ?, ?, ?, ?'],
    [`SELECT ‘ ${SECRET} ’ FROM t`, 'SELECT ? FROM t'],
    [`SELECT ‘it’s ${SECRET}’ FROM t`, 'SELECT ? FROM t'],
    [`SELECT ‘${SECRET} FROM t; SELECT a`, 'SELECT ?; SELECT a'],
    ['SELECT größe, naïve’s FROM t WHERE a = „', 'SELECT größe, naïve’s FROM t WHERE a = ?'],
  ])('%s', (sql, query) => {
    expect(identify(sql).query).toBe(query);
    expect(told(sql)).not.toContain('hunter');
  });

  test('in a place for names, too', () => {
    expect(told(`SELECT a FROM ‘${SECRET}’`)).not.toContain('hunter');
    expect(told(`CREATE TABLE “${SECRET}” (a int)`)).not.toContain('hunter');
  });
});
