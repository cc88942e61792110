// Prebuilt messages of the frontend, so that the load generator itself costs little.
// Not here: the parts of a message (scripts/lib/wire/messages.mjs).

import { cstrings, int16, int32, message } from '../../scripts/lib/wire/messages.mjs';

export const SYNC = message('S');
export const TERMINATE = message('X');
const NONE_16 = int16(0);

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

export const COPY_DONE = message('c');
