// A statement's key as SQL with numbered parameters: the server can plan it without a value.
// Invariant: no literal is in the result. A key that cannot be written so (cut, unterminated, a cursor's name) is
// undefined. An integer that names a column (ORDER BY 1) becomes a parameter too, so such a plan lacks that sort.
// Not here: asking the server (own-queries/plans.ts).

import { Mark } from './key-marks.js';

/** The text itself has to begin so: the command of EXPLAIN is that of what it explains. */
const PLANNED = /^[\s(]*(?:select|insert|update|delete|merge|values|with|table)\b/i;
const VALUES: ReadonlySet<number> = new Set([
  Mark.string,
  Mark.number,
  Mark.parameter,
  Mark.listConstant,
  Mark.arrayConstant,
]);
const LAST_MARK = 0x1f;
/** `interval '1 day'` takes a literal only. */
const TYPED_LITERAL = /\b(interval|timestamptz|timestamp|date|time)\s+\$(\d+)/gi;
/** A longer statement is a generated one, and its plan nobody reads. */
const KEY_BYTES_MAX = 32_768;
/** The protocol's limit is higher; the planner's patience is not. */
const PARAMETERS_MAX = 500;

export interface Plannable {
  readonly sql: string;
  readonly parameters: number;
}

/** `key` as in StatementIdentity. */
export function plannableOf(key: string): Plannable | undefined {
  if (!PLANNED.test(key) || key.length > KEY_BYTES_MAX) return undefined;
  let sql = '';
  let parameters = 0;
  for (let at = 0; at < key.length; at++) {
    const byte = key.charCodeAt(at);
    if (byte > LAST_MARK) sql += key[at];
    else if (VALUES.has(byte)) sql += `$${++parameters}`;
    else return undefined;
  }
  if (parameters > PARAMETERS_MAX || sql.includes(';')) return undefined;
  const text = Buffer.from(sql, 'latin1').toString('utf8');
  return { sql: text.replace(TYPED_LITERAL, 'CAST($$$2 AS $1)'), parameters };
}
