// Finds the user's own name for a pool.
// Invariant: the first entry whose given fields all equal those of the pool names it.
// Not here: the identity of a pool, and its name when the user gave none (facts/pool.ts).

import type { Config } from './config.js';

/** The same shape as in facts/pool.ts, which this folder must not import. */
export interface NamedIdentity {
  readonly user: string;
  readonly database: string;
  readonly applicationName: string;
  readonly options: string;
  readonly owner: string;
  readonly clientNetwork: string;
}

/** Returns a function that finds the configured name; '' when there is none. */
export function poolNamer(pools: Config['pools']): (identity: NamedIdentity) => string {
  return (identity) => {
    const named = pools.find(
      ({ match }) =>
        (match.user ?? identity.user) === identity.user &&
        (match.database ?? identity.database) === identity.database &&
        (match.application_name ?? identity.applicationName) === identity.applicationName &&
        (match.options ?? identity.options) === identity.options &&
        (match.owner ?? identity.owner) === identity.owner &&
        (match.client_network ?? identity.clientNetwork) === identity.clientNetwork,
    );
    return named?.name ?? '';
  };
}
