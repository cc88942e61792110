// The identity of an observer: what tells the sidecars of a fleet apart.
// Invariant: a data directory has one identity; an instance is one data directory.
// Not here: options (config/options.ts), where it is stored (storage/sqlite/tables/settings.ts).

export interface Identity {
  /** The application that is observed; '' = it was not named. */
  readonly service: string;
  /** Where it runs: staging, production; '' = it was not named. */
  readonly environment: string;
  /** This one sidecar of it; '' = the store is older than names of instances. */
  readonly instance: string;
}

export const IDENTITY_NAMES = ['service', 'environment', 'instance'] as const;
export type IdentityName = (typeof IDENTITY_NAMES)[number];

/** What is left out may be anything. */
export type IdentityFilter = Partial<Identity>;

/** Of a store that says nothing of itself. */
export const UNNAMED: Identity = { service: '', environment: '', instance: '' };

export function fitsIdentity(identity: Identity, filter: IdentityFilter): boolean {
  return IDENTITY_NAMES.every((name) => filter[name] === undefined || filter[name] === identity[name]);
}
