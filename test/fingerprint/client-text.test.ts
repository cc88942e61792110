// No literal is taken for a word in texts of other encodings and under other settings.

import { describe, expect, test } from 'vitest';
import { readableText, type TextReading, USUAL_READING } from '../../analyzer/texts/client-text.js';
import { limits } from '../../config/limits.js';
import { fingerprinter } from './identify.js';

const SECRET = 'hunter2secret';

interface Sent extends Partial<TextReading> {
  missingBytes?: number;
  isRefused?: boolean;
}

/** `sql` as latin1: one character per byte. */
function identify(sql: string | Uint8Array, sent: Sent = {}) {
  const { missingBytes = 0, isRefused = false, ...reading } = sent;
  const bytes = typeof sql === 'string' ? Buffer.from(sql, 'latin1') : sql;
  const text = readableText({ bytes, missingBytes, isRefused, reading: { ...USUAL_READING, ...reading } });
  return fingerprinter.identify(text.bytes, text);
}

const shown = (sql: string | Uint8Array, sent: Sent = {}): string => identify(sql, sent).query;

/** Encodings with a character whose second byte is a backslash, and the character. */
const BACKSLASHED = [
  ['SJIS', '\x83\x5c', 'ソ'],
  ['SHIFT_JIS_2004', '\x83\x5c', 'ソ'],
  ['BIG5', '\xa5\x5c', '功'],
  ['GBK', '\xd5\x5c', '誠'],
  ['GB18030', '\xd5\x5c', '誠'],
] as const;

describe.each(BACKSLASHED)('%s', (clientEncoding, bytes, character) => {
  test('a backslash inside a character escapes nothing', () => {
    expect(shown(`SELECT E'${bytes}', E'${SECRET}'`, { clientEncoding })).toBe('SELECT ?, ?');
    expect(shown(`SELECT '${bytes}', '${SECRET}'`, { clientEncoding, backslashEscapes: true })).toBe('SELECT ?, ?');
    expect(shown(`SELECT E'${bytes}\\'${SECRET}'`, { clientEncoding })).toBe('SELECT ?');
  });

  test('nor does it end a tag of a dollar quote or a name', () => {
    expect(shown(`SELECT $${bytes}$ ${SECRET} $${bytes}$ AS x`, { clientEncoding })).toBe('SELECT ? AS x');
    expect(shown(`SELECT 1 AS ${bytes}`, { clientEncoding })).toBe(`SELECT ? AS ${character}`);
    expect(shown(`SELECT 1 AS "${bytes}"`, { clientEncoding })).toBe(`SELECT ? AS "${character}"`);
  });

  test('the statement is the one that a session in UTF-8 sends', () => {
    const utf8 = identify(Buffer.from(`SELECT ${character} FROM t WHERE ${character} = 'x'`));
    expect(identify(`SELECT ${bytes} FROM t WHERE ${bytes} = '${bytes}'`, { clientEncoding })).toBe(utf8);
  });

  test('bytes that are no character end what is shown', () => {
    const { query, fingerprint } = identify(`SELECT a, '\x81\x20', '${SECRET}'`, { clientEncoding });
    expect(query).toBe('SELECT ?, ?');
    expect(fingerprint).toMatch(/^x/);
  });

  test('a text that is cut inside a character', () => {
    const head = Buffer.alloc(limits.textHeadBytesMax, 'x');
    head.write("SELECT E'");
    head.write(bytes[0], head.length - 1, 'latin1');
    const tail = Buffer.alloc(limits.textTailBytesMax, ' ');
    tail.write(`${bytes[1]}'${SECRET}`, 0, 'latin1');
    tail.write(`/*route='${bytes}'*/`, tail.length - 20, 'latin1');
    const text = Buffer.concat([head, tail]);
    expect(shown(text, { clientEncoding, missingBytes: 100 })).toBe('SELECT …');
    const { tokens } = fingerprinter;
    expect(tokens.commentCount).toBe(1);
    const comment = Buffer.from(tokens.bytes).toString('utf8', tokens.commentStart[0], tokens.commentEnd[0]);
    expect(comment).toBe(`/*route='${character}'*/`);
  });
});

describe('encodings', () => {
  test('GB18030 has characters of four bytes', () => {
    const clientEncoding = 'GB18030';
    expect(shown("SELECT E'\x81\x30\x81\x30', '\x81\x30\x81\x30'", { clientEncoding })).toBe('SELECT ?, ?');
    expect(shown('SELECT 1 AS \x90\x30\x81\x30', { clientEncoding })).toBe('SELECT ? AS 𐀀');
    expect(shown(`SELECT '\x81\x30\x81', '${SECRET}'`, { clientEncoding })).toBe('SELECT ?');
  });

  test('kana of SJIS are one byte', () => {
    expect(shown(`SELECT E'\xb1\\', ${SECRET}'`, { clientEncoding: 'SJIS' })).toBe('SELECT ?');
    expect(shown('SELECT 1 AS \xb1', { clientEncoding: 'SJIS' })).toBe('SELECT ? AS ｱ');
  });

  test('UHC and JOHAB, whose second bytes are letters', () => {
    expect(shown("SELECT 1 AS \xb0\xa1, E'\x81\x41'", { clientEncoding: 'UHC' })).toBe('SELECT ? AS 가, ?');
    expect(shown(`SELECT E'\x88\x5c', E'${SECRET}'`, { clientEncoding: 'JOHAB' })).toBe('SELECT ?, ?');
    expect(shown(`SELECT E'\x81\x5c', E'${SECRET}'`, { clientEncoding: 'UHC' })).toBe('SELECT ?');
  });

  test('two characters of SHIFT_JIS_2004 are ASCII to some servers, so nothing behind them is shown', () => {
    const clientEncoding = 'SHIFT_JIS_2004';
    expect(shown(`SELECT a, E'\x81\x5f'${SECRET}'`, { clientEncoding })).toBe('SELECT ?, ?');
    expect(shown(`SELECT a, $\x81\xb0$ '${SECRET}`, { clientEncoding })).toBe('SELECT ?, ?');
  });

  test('a character that no decoder knows stays apart from all others, and is no ASCII', () => {
    const keyOf = (bytes: string): string => identify(`SELECT 1 AS ${bytes}`, { clientEncoding: 'JOHAB' }).key;
    expect(keyOf('\x88\x5c')).not.toBe(keyOf('\x88\x5d'));
    expect(keyOf('\x88\x5c')).not.toMatch(/\\/);
  });

  test('others are read byte by byte', () => {
    expect(shown("SELECT E'\xe9\\'', \xe9", { clientEncoding: '' })).toBe('SELECT ?, \ufffd');
  });
});

describe('a text that the server refused for its encoding', () => {
  test('shows nothing behind its first byte that is no ASCII', () => {
    const sql = `SELECT a, E'\x83\x5c', E'${SECRET}', E'\x83\x5c'`;
    expect(shown(sql, { isRefused: true })).toBe('SELECT ?, ?');
    expect(shown(sql, { isRefused: true, clientEncoding: '' })).toBe('SELECT ?, ?');
  });

  test('is left as it is where it was a parameter that was refused', () => {
    const utf8 = Buffer.from("SELECT größe, 'é'");
    expect(shown(utf8, { isRefused: true })).toBe('SELECT größe, ?');
    expect(shown('SELECT a', { isRefused: true, clientEncoding: '' })).toBe('SELECT a');
  });
});

describe('a text whose settings are in doubt', () => {
  const isSure = false;

  test.each([
    ["SELECT 'a' FROM t WHERE b ~ '\\d+' AND c = E'\\''", 'SELECT ? FROM t WHERE b ~ ? AND c = ?'],
    ["SELECT '\\\\', a", 'SELECT ?, a'],
    ["SELECT größe, 'größe]' FROM t", 'SELECT größe, ? FROM t'],
    ['SELECT $1, $tag$ é] $tag$', 'SELECT ?, ?'],
  ])('%s: all settings read it alike', (sql, query) => {
    expect(shown(Buffer.from(sql), { isSure })).toBe(query);
  });

  test.each([
    [`SELECT a, '\\', '${SECRET}', '\\' FROM t`, 'SELECT ?, ?'],
    [`SELECT a LIKE 'b' ESCAPE '\\', ${SECRET}`, 'SELECT ?'],
    [`SELECT N'\\', '${SECRET}', '\\'`, 'SELECT ?'],
    [`SELECT U&'\\', '${SECRET}', '\\'`, 'SELECT ?'],
    [`SELECT a, E'\x83\\', E'${SECRET}', E'\x83\\'`, 'SELECT ?, ?'],
    [`SELECT a, $\x83[$ ' $\x83[$, ${SECRET}`, 'SELECT ?, ?'],
  ])('%s: shown up to where they differ', (sql, query) => {
    expect(shown(sql, { isSure })).toBe(query);
    expect(shown(sql, { isSure, backslashEscapes: true })).toBe(query);
  });

  test.each(BACKSLASHED)('in %s up to the first byte that is no ASCII', (clientEncoding, bytes) => {
    expect(shown(`SELECT a, '${bytes}', '${SECRET}'`, { isSure, clientEncoding })).toBe('SELECT ?, ?');
    expect(shown('SELECT a', { isSure, clientEncoding })).toBe('SELECT a');
  });
});

test('the usual text is not copied', () => {
  const bytes = Buffer.from('SELECT 1');
  expect(readableText({ bytes, missingBytes: 0, isRefused: false, reading: USUAL_READING }).bytes).toBe(bytes);
  const reading = { ...USUAL_READING, clientEncoding: 'SJIS' };
  expect(readableText({ bytes, missingBytes: 0, isRefused: false, reading }).bytes.buffer).toBe(bytes.buffer);
});
