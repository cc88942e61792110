// The user's own rules for findings: thresholds, what must only read, which routes are migrated.
// Invariant: the first entry that fits decides; without one the kind's own threshold holds.
// Not here: findings that are accepted (../accepted.ts), reading the file (config/file-schema.ts).

import type { Config } from '../../../config/config.js';
import { globTest } from '../../../config/values/glob.js';
import type { FindingKind } from '../../../facts/finding.js';

export type FindingSettings = Omit<Config['findings'], 'accepted'>;

/** A unit's route, and where a statement of it comes from. */
export interface Whose {
  readonly route: string;
  readonly source: string;
}

interface Threshold {
  readonly kind: string;
  readonly fits: (whose: Whose) => boolean;
  readonly value: number;
}

const NONE: FindingSettings = { thresholds: [], readOnly: [], migrated: [] };

export class FindingRules {
  readonly #thresholds: readonly Threshold[];
  readonly #readOnly: ReadonlyArray<(pool: string, source: string) => boolean>;
  readonly #migrated: ReadonlyArray<{ isRoute: (route: string) => boolean; sources: readonly string[] }>;

  constructor({ thresholds, readOnly, migrated }: FindingSettings = NONE) {
    this.#thresholds = thresholds.map(({ kind, route = '*', source = '*', least, after }) => {
      const isRoute = globTest(route);
      const isSource = globTest(source);
      const fits = (whose: Whose) => isRoute(whose.route) && isSource(whose.source);
      return { kind, fits, value: least ?? after! };
    });
    this.#readOnly = readOnly.map(({ pool = '*', source = '*' }) => {
      const isPool = globTest(pool);
      const isSource = globTest(source);
      return (ofPool, ofSource) => isPool(ofPool) && isSource(ofSource);
    });
    this.#migrated = migrated.map(({ route, sources }) => ({ isRoute: globTest(route), sources }));
  }

  /** Repetitions, rows or ms from which a kind is found. */
  threshold(kind: FindingKind, whose: Whose, preset: number): number {
    for (const one of this.#thresholds) if (one.kind === kind && one.fits(whose)) return one.value;
    return preset;
  }

  get forbidsWrites(): boolean {
    return this.#readOnly.length > 0;
  }

  /** @param pool name of the pool. */
  mustOnlyRead(pool: string, source: string): boolean {
    return this.#readOnly.some((test) => test(pool, source));
  }

  get isMigrating(): boolean {
    return this.#migrated.length > 0;
  }

  /** Sources that must not come on this route any more. */
  forbiddenSources(route: string): readonly string[] {
    return this.#migrated.find(({ isRoute }) => isRoute(route))?.sources ?? [];
  }
}
