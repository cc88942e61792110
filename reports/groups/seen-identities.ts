// Narrows a store to a service, an environment or an instance, and tells a value that was mistyped.
// Invariant: a filter that nothing fits is refused with the values that were seen. Not here: what a store does with it
// (storage/reading/stored-facts.ts), other filters (seen-filters.ts).

import { UsageError } from '../../config/values/errors.js';
import {
  fitsIdentity,
  IDENTITY_NAMES,
  type Identity,
  type IdentityFilter,
  type IdentityName,
  UNNAMED,
} from '../../facts/fleet/identity.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';

/** Values that an error lists. */
const LISTED_MAX = 8;

/** At least one: a store that says nothing of itself is UNNAMED. */
export function identitiesOf(reader: StoreReader): Identity[] {
  const named = reader.read((stored) => stored.identities());
  return named.length === 0 ? [UNNAMED] : named;
}

/** Throws UsageError for what was never seen. */
export function narrowed(reader: StoreReader, filter: IdentityFilter, placeOf?: (name: string) => string): StoreReader {
  if (isEmpty(filter)) return reader;
  checkIdentity(filter, identitiesOf(reader), placeOf);
  return reader.within(filter);
}

function isEmpty(filter: IdentityFilter): boolean {
  return IDENTITY_NAMES.every((name) => filter[name] === undefined);
}

/** Throws UsageError where none of those that were seen fits. */
export function checkIdentity(
  filter: IdentityFilter,
  seen: readonly Identity[],
  placeOf = (name: string) => `--${name}`,
): void {
  if (seen.some((identity) => fitsIdentity(identity, filter))) return;
  for (const name of IDENTITY_NAMES) {
    const value = filter[name];
    const values = valuesOf(seen, name).filter((one) => one !== '');
    if (value === undefined || values.includes(value)) continue;
    const rest = values.length - LISTED_MAX;
    const list = [...values.slice(0, LISTED_MAX), ...(rest > 0 ? [`and ${rest} more`] : [])].join(', ');
    const hint = list === '' ? `none was named: give ${name} to run, observe or replay` : `seen: ${list}`;
    throw new UsageError(`"${value}" was never seen`, { where: placeOf(name), hint });
  }
  const given = IDENTITY_NAMES.filter((name) => filter[name] !== undefined);
  throw new UsageError(`nobody observed ${given.map((name) => `${name} ${filter[name]}`).join(' with ')}`, {
    where: given.map(placeOf).join(', '),
    hint: 'each was seen, but not together: leave one of them out',
  });
}

/** Sorted, each once. */
export function valuesOf(seen: readonly Identity[], name: IdentityName): string[] {
  return [...new Set(seen.map((identity) => identity[name]))].sort();
}
