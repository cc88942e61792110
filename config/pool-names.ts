// The user's own names for pools, by identity. Invariant: the first entry whose given fields are all equal names the pool.
// Not here: what a pool's identity is and its name where the user gave none (facts/pool.ts).

import type { Config } from './config.js';

/** Shaped as facts/pool.ts has it; this folder imports nothing of ours. */
export interface NamedIdentity {
  readonly user: string;
  readonly database: string;
  readonly applicationName: string;
  readonly options: string;
  readonly owner: string;
  readonly clientNetwork: string;
}

/** The name given in the configuration; '' for none. */
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
