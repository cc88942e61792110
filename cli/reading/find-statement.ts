// From the first characters of a fingerprint to the one statement they name.
// Invariant: a prefix that fits none or several statements is an error that says which. Not here: what is done with the statement.

import { RuntimeError, UsageError } from '../../config/values/errors.js';
import type { TimeRange } from '../../reports/questions/grammar.js';
import type { Place } from './place.js';

const FINGERPRINT_LENGTH = 16;
/** Enough to tell one from several, whatever number of sources each has. */
const ROWS_MAX = 100;

/** What was typed, in the form fingerprints have. `where` is for errors: the command or flag. Throws UsageError. */
export function readPrefix(name: string, where: string): string {
  const prefix = name.toLowerCase();
  if (/^[xt]?[0-9a-f]{0,16}$/.test(prefix) && prefix !== '' && prefix.length <= FINGERPRINT_LENGTH) return prefix;
  throw new UsageError(`"${name}" is not a fingerprint`, {
    where,
    hint: 'give the 16 characters that pgwitness top prints, or their first few',
  });
}

/** Throws UsageError or RuntimeError. */
export async function fingerprintOf(
  place: Place,
  what: { name: string; range: TimeRange; where: string },
): Promise<string> {
  const { where, range } = what;
  const prefix = readPrefix(what.name, where);
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
  throw new UsageError(`${number} statements begin with ${prefix}`, { where, hint: `give more of one: ${some}` });
}

export function noSuchStatement(place: Place, prefix: string): RuntimeError {
  return new RuntimeError(`no statement ${prefix} in this window`, {
    where: place.name,
    hint: 'pgwitness top --all --limit 0 lists what there is; a longer --since may hold it',
  });
}
