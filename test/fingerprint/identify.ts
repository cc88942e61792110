// One fingerprinter for the tests of a file, and short ways to ask it. Not a test.

import { Fingerprinter, type StatementIdentity } from '../../analyzer/fingerprint/fingerprint.js';

export const fingerprinter = await Fingerprinter.load({ analyse: () => undefined });

export function identify(
  sql: string | Uint8Array,
  { backslashEscapes = false, missingBytes = 0 } = {},
): StatementIdentity {
  return fingerprinter.identify(typeof sql === 'string' ? Buffer.from(sql) : sql, { backslashEscapes, missingBytes });
}

export function shown(sql: string): string {
  return identify(sql).query;
}

export function keyOf(sql: string): string {
  return identify(sql).key;
}
