// Prebuilt messages of the frontend, so that the load generator itself costs little.
// Protocol: chapter 53.7.

import { cstrings, message } from '../../scripts/lib/wire-client.mjs';

export const SYNC = message('S', Buffer.alloc(0));
export const TERMINATE = message('X', Buffer.alloc(0));
const NONE_16 = Buffer.from([0, 0]);

/** @param {string} sql */
export function query(sql) {
  return message('Q', cstrings(sql));
}

/** @param {string} name @param {string} sql */
export function parse(name, sql) {
  return message('P', Buffer.concat([cstrings(name, sql), NONE_16]));
}

/** The unnamed portal, text parameters. @param {string} statement @param {readonly string[]} values */
export function bind(statement, values) {
  const parts = [cstrings('', statement), NONE_16, int16(values.length)];
  for (const value of values) parts.push(int32(Buffer.byteLength(value)), Buffer.from(value));
  return message('B', Buffer.concat([...parts, NONE_16]));
}

/** Describe of the unnamed portal. */
export const DESCRIBE = message('D', Buffer.from('P\0'));

/** Execute of the unnamed portal, all rows. */
export const EXECUTE = message('E', Buffer.concat([cstrings(''), int32(0)]));

/** @param {Buffer} data one CopyData */
export function copyData(data) {
  return message('d', data);
}

export const COPY_DONE = message('c', Buffer.alloc(0));

/** @param {number} value */
function int16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

/** @param {number} value */
function int32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
