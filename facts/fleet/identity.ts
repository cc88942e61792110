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
