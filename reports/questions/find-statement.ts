// Finds the one statement whose fingerprint begins with the characters typed.
// Invariant: a prefix of no statement, or of several, is an error that says so. Not here: reading the statement.

import { RuntimeError, UsageError } from '../../config/values/errors.js';
import type { StatementsReport } from '../../facts/answers.js';
import type { StatementsQuery, TimeRange } from './grammar.js';

/** Where statements are looked for. */
export interface StatementsPlace {
  /** For people. */
  readonly name: string;
  statements(query: StatementsQuery): Promise<StatementsReport>;
}

const FINGERPRINT_LENGTH = 16;
/** Enough to tell one fingerprint from several, however many sources each has. */
const ROWS_MAX = 100;

/**
 * The text in lower case. `where` names the command or flag in errors. Throws UsageError if it cannot begin a
 * fingerprint.
 */
export function readPrefix(name: string, where: string): string {
  const prefix = name.toLowerCase();
  if (/^[xt]?[0-9a-f]{0,16}$/.test(prefix) && prefix !== '' && prefix.length <= FINGERPRINT_LENGTH) return prefix;
  throw new UsageError(`"${name}" is not a fingerprint`, {
    where,
    hint: 'give the 16 characters that pgwitness top prints, or the first few of them',
  });
}

/** The whole fingerprint. Throws UsageError if several fit, RuntimeError if none does. */
export async function fingerprintOf(
  place: StatementsPlace,
  prefixed: { name: string; range: TimeRange; where: string },
): Promise<string> {
  const { where, range } = prefixed;
  const prefix = readPrefix(prefixed.name, where);
  if (prefix.length === FINGERPRINT_LENGTH) return prefix;
  const { statements } = await place.statements({
    range,
    filter: { prefix },
    sort: 'total',
    limit: ROWS_MAX,
    minMs: 0,
    hidden: [],
    form: 'mergeable',
  });
  const fits = [...new Set(statements.map((facts) => facts.fingerprint))].filter((known) => known.startsWith(prefix));
  if (fits.length === 1) return fits[0];
  if (fits.length === 0) throw noSuchStatement(place, prefix);
  const some = fits.slice(0, 5).join(', ') + (fits.length > 5 ? ', …' : '');
  const number = statements.length < ROWS_MAX ? fits.length : 'many';
  throw new UsageError(`${number} statements begin with ${prefix}`, {
    where,
    hint: `give more of one: ${some}`,
  });
}

export function noSuchStatement(place: StatementsPlace, prefix: string): RuntimeError {
  return new RuntimeError(`no statement ${prefix} in this window`, {
    where: place.name,
    hint: 'pgwitness top --all --limit 0 lists all statements; a wider window (--since) may contain it',
  });
}
