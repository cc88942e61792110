// The spelling of service, environment and instance, which every question may have.
// Invariant: reading what was written asks the same question again. Not here: the rest of a question (grammar.ts),
// values that nobody has (reports/groups/seen-identities.ts).

import { IDENTITY_NAMES, type IdentityFilter } from '../../facts/fleet/identity.js';
import { Reading } from './reading.js';

/** Takes them out, so that the question behind is as without. Throws UsageError naming the parameter. */
export function takeIdentity(parameters: URLSearchParams, place?: (name: string) => string): IdentityFilter {
  const own = new URLSearchParams([...parameters].filter(([name]) => isName(name)));
  const read = new Reading(own, IDENTITY_NAMES, { nowMs: 0, place });
  for (const name of IDENTITY_NAMES) parameters.delete(name);
  return Object.fromEntries(
    IDENTITY_NAMES.flatMap((name) => {
      const value = read.text(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

export function writeIdentity(parameters: URLSearchParams, filter: IdentityFilter): void {
  for (const name of IDENTITY_NAMES) {
    const value = filter[name];
    if (value !== undefined) parameters.set(name, value);
  }
}

function isName(name: string): boolean {
  return (IDENTITY_NAMES as readonly string[]).includes(name);
}
