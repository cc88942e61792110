// Counts what the old and the new version of each place of the ledger send.
// Invariant: a series is there from the moment its place is named, so that a first execution shows as a rise; an
// execution is counted once for a place. Not here: reading the ledger (../ledger-places.ts).

/** Statements of one version: the first one's executions are its uses. */
export interface NamedVersion {
  readonly fingerprints: readonly string[];
  readonly fits: (key: { readonly source: string; readonly construct: string }) => boolean;
}

export interface NamedPlace {
  readonly id: string;
  /** file:line. */
  readonly at: string;
  readonly function: string;
  readonly state: string;
  readonly old: NamedVersion;
  /** Undefined = the ledger names no statement of it. */
  readonly new: NamedVersion | undefined;
}

/** Counts of one statement since the last flush; a RollupRow is one. */
export interface MigrationDelta {
  readonly key: { readonly fingerprint: string; readonly source: string; readonly construct: string };
  readonly calls: number;
  readonly errors: number;
  readonly serviceTotalNs: number;
}

export interface MigrationSeries {
  readonly place: string;
  readonly version: 'old' | 'new';
  uses: number;
  executions: number;
  errors: number;
  serviceNs: number;
}

interface Counting {
  readonly place: string;
  readonly fits: NamedVersion['fits'];
  readonly isUse: boolean;
  readonly series: MigrationSeries;
}

export class MigrationTable {
  places: readonly NamedPlace[] = [];
  #series = new Map<string, MigrationSeries>();
  #byFingerprint = new Map<string, Counting[]>();

  /** Counts of places that stay are kept. */
  setPlaces(places: readonly NamedPlace[]): void {
    const before = this.#series;
    this.places = places;
    this.#series = new Map();
    this.#byFingerprint = new Map();
    for (const place of places) {
      this.#name(place.id, { version: 'old', named: place.old, before });
      if (place.new !== undefined) this.#name(place.id, { version: 'new', named: place.new, before });
    }
  }

  series(): Iterable<MigrationSeries> {
    return this.#series.values();
  }

  add({ key, calls, errors, serviceTotalNs }: MigrationDelta): void {
    const named = this.#byFingerprint.get(key.fingerprint);
    if (named === undefined) return;
    let counted = '';
    // The old version of a place stands before its new one.
    for (const { place, fits, isUse, series } of named) {
      if (place === counted || !fits(key)) continue;
      counted = place;
      if (isUse) series.uses += calls + errors;
      series.executions += calls + errors;
      series.errors += errors;
      series.serviceNs += serviceTotalNs;
    }
  }

  #name(
    place: string,
    {
      version,
      named,
      before,
    }: { version: 'old' | 'new'; named: NamedVersion; before: ReadonlyMap<string, MigrationSeries> },
  ): void {
    const key = `${place}\0${version}`;
    const series = before.get(key) ?? { place, version, uses: 0, executions: 0, errors: 0, serviceNs: 0 };
    this.#series.set(key, series);
    for (const [at, fingerprint] of [...new Set(named.fingerprints)].entries()) {
      const counting = { place, fits: named.fits, isUse: at === 0, series };
      const known = this.#byFingerprint.get(fingerprint);
      if (known === undefined) this.#byFingerprint.set(fingerprint, [counting]);
      else known.push(counting);
    }
  }
}
