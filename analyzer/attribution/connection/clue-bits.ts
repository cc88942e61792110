// Turns what is seen of a connection into bits, one per clue: startup packet, shapes, names, tags.
// Invariant: pure. Not here: what the bits add up to (connection-profile.ts, standing.ts).

import { Proof } from '../comments/sql-comment.js';
import { clueBit, clueBits } from '../shape/clues.js';
import type { StatementShape } from '../shape/shape.js';

/** What asyncpg alone sends. */
export const ASYNCPG =
  clueBit('startup-asyncpg') | clueBit('asyncpg-name') | clueBit('asyncpg-savepoint') | clueBit('asyncpg-reset');

/** Parameters that pgjdbc and others send beside client_encoding, and Django does not. */
const OTHER_DRIVERS: ReadonlySet<string> = new Set(['DateStyle', 'TimeZone', 'extra_float_digits']);

/** @param startup parameters of the startup packet, in the order they were sent. */
export function startupBits(startup: ReadonlyArray<readonly [name: string, value: string]>): number {
  let bits = 0;
  const names = startup.map(([name]) => name);
  const encodingAt = names.indexOf('client_encoding');
  const encoding = encodingAt < 0 ? '' : startup[encodingAt][1];
  const isOther = names.some((name) => OTHER_DRIVERS.has(name));
  if (encoding === 'UTF8' && encodingAt >= 2 && !isOther) bits |= clueBit('startup-utf8');
  if (encoding === "'utf-8'") bits |= clueBit('startup-asyncpg');
  // libpq, psycopg and asyncpg name the user first.
  const isReversed = names.includes('database') && names.indexOf('user') > names.indexOf('database');
  return isReversed ? bits | clueBit('pooler') : bits;
}

const NAME_BITS: readonly (readonly [prefix: string, bit: number])[] = [
  ['__asyncpg_', clueBit('asyncpg-name')],
  ['_pg3_', clueBit('psycopg3-name')],
];

const known = new WeakMap<StatementShape, number>();

/** Shapes are few and interned: their bits are worked out once. */
export function shapeBits(shape: StatementShape): number {
  if (shape.clues.length === 0) return 0;
  let bits = known.get(shape);
  if (bits === undefined) {
    bits = clueBits(shape.clues);
    known.set(shape, bits);
  }
  return bits;
}

/** What the first statement of a connection tells. */
export function firstBits(shape: StatementShape, inTransaction: boolean): number {
  return shape.clues.includes('set-timezone') && !inTransaction ? clueBit('timezone-first') : 0;
}

export function nameBits(statementName: string): number {
  if (statementName === '') return 0;
  for (const [prefix, bit] of NAME_BITS) if (statementName.startsWith(prefix)) return bit;
  return 0;
}

/** A name of a prepared statement that none of Python's drivers gives. */
export function isForeignName(statementName: string): boolean {
  return statementName !== '' && nameBits(statementName) === 0 && !statementName.startsWith('pg8000_');
}

export function proofBits(proof: number): number {
  let bits = 0;
  if ((proof & Proof.sqlalchemy) !== 0) bits |= clueBit('sqlalchemy-tag');
  if ((proof & Proof.django) !== 0) bits |= clueBit('django-tag');
  if ((proof & Proof.driver) !== 0) bits |= clueBit('driver-tag');
  return bits;
}
