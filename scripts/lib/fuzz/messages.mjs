// Protocol messages as bytes, for both directions, and the cutting of recorded streams into them.
// Invariant: what is built here is well formed; damage is done by mutate.mjs.
// Source: PostgreSQL documentation "Message Formats".

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../paths.mjs';

/**
 * A part of one direction's stream: one message, or bytes that are none.
 * @typedef {{ from: 'client' | 'server', bytes: Buffer }} Part
 */

/** @param {string} code @param {string | Buffer} [body] latin1 when a string */
export function message(code, body = '') {
  const bytes = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  const whole = Buffer.allocUnsafe(5 + bytes.length);
  whole.write(code, 0, 'latin1');
  whole.writeInt32BE(4 + bytes.length, 1);
  bytes.copy(whole, 5);
  return whole;
}

const ZEROS = '\0\0\0\0\0\0';

export const client = {
  /** @param {string} sql */
  query: (sql) => message('Q', `${sql}\0`),
  /** @param {string} name @param {string} sql */
  parse: (name, sql) => message('P', `${name}\0${sql}\0\0\0`),
  /** @param {string} portal @param {string} statement */
  bind: (portal, statement) => message('B', `${portal}\0${statement}\0${ZEROS}`),
  /** @param {'S' | 'P'} kind @param {string} name */
  describe: (kind, name) => message('D', `${kind}${name}\0`),
  /** @param {string} portal @param {number} rows */
  execute: (portal, rows) => message('E', `${portal}\0\0\0\0${String.fromCharCode(rows)}`),
  /** @param {'S' | 'P'} kind @param {string} name */
  close: (kind, name) => message('C', `${kind}${name}\0`),
  functionCall: () => message('F', '\0\0\x03\xbd\0\x01\0\x01\0\x01\0\0\0\x04\0\x02\0\0\0\x01'),
  sync: () => message('S'),
  flush: () => message('H'),
  terminate: () => message('X'),
  copyData: (text = '1\t2\n') => message('d', text),
  copyDone: () => message('c'),
  copyFail: () => message('f', 'enough\0'),
};

export const server = {
  /** AuthenticationOk to the first ReadyForQuery. */
  greeting: () => [
    message('R', '\0\0\0\0'),
    message('S', 'server_version\x0017.1\0'),
    message('K', '\0\0\x12\x67\0\0\0\x63'),
    message('Z', 'I'),
  ],
  /** @param {string} status */
  ready: (status) => message('Z', status),
  /** @param {string} tag */
  complete: (tag) => message('C', `${tag}\0`),
  /** @param {string} sqlstate @param {string} [severity] */
  error: (sqlstate, severity = 'ERROR') => message('E', `S${severity}\0V${severity}\0C${sqlstate}\0Mno\0\0`),
  row: () => message('D', '\0\x01\0\0\0\x01x'),
  rowDescription: () => message('T', '\0\x01a\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\0\0\0\0\0\0'),
  parameterDescription: () => message('t', '\0\0'),
  noData: () => message('n'),
  parseComplete: () => message('1'),
  bindComplete: () => message('2'),
  closeComplete: () => message('3'),
  emptyQuery: () => message('I'),
  suspended: () => message('s'),
  copyIn: () => message('G', '\0\0\0'),
  copyOut: () => message('H', '\0\0\0'),
  copyData: () => message('d', '1\t2\n'),
  copyDone: () => message('c'),
  functionResult: () => message('V', '\0\0\0\x04\0\0\0\x01'),
  /** What may come at any time and answers nothing. */
  unasked: () => [
    message('N', 'SNOTICE\0VNOTICE\0C00000\0Mhm\0\0'),
    message('A', '\0\0\0\x01c\0p\0'),
    message('S', 'application_name\0other\0'),
  ],
};

/**
 * Cuts bytes into messages; what is left over at the end stays one part.
 * @param {Buffer} bytes
 * @param {Part['from']} from
 */
export function partsOf(bytes, from) {
  /** @type {Part[]} */
  const parts = [];
  let at = 0;
  while (bytes.length - at >= 5) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    if (end < at + 5 || end > bytes.length) break;
    parts.push({ from, bytes: bytes.subarray(at, end) });
    at = end;
  }
  if (at < bytes.length) parts.push({ from, bytes: bytes.subarray(at) });
  return parts;
}

/** The recordings of test/recordings as parts. @returns {Part[][]} */
export function recordings() {
  const folder = path.join(ROOT, 'test', 'recordings');
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return names.sort().map((name) => {
    /** @type {{ events: { from: Part['from'], bytes: string }[] }} */
    const { events } = JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
    return events.flatMap(({ from, bytes }) => partsOf(Buffer.from(bytes, 'base64'), from));
  });
}
