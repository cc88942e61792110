// Reads which statements the ledger names, for their metrics.
// Invariant: at most metricPlacesMax places, in the order of the ledger; a ledger with a fault changes nothing, and is
// logged once. Not here: counting (state/migration-series.ts), the report (reports/compare/migration.ts).

import { statSync } from 'node:fs';
import { type LedgerEntry, readLedger } from '../../audit/ledger/ledger.js';
import { limits } from '../../config/limits.js';
import type { Log } from '../../config/log.js';
import { errorLine } from '../../config/values/errors.js';
import { HANDWRITTEN } from '../../facts/verdict.js';
import type { MigrationTable, NamedPlace, NamedVersion } from './state/migration-series.js';

/** Whatever becomes of the others, nobody waits for it. */
const WATCHED: ReadonlySet<string> = new Set(['todo', 'doing', 'done']);

export class LedgerPlaces {
  readonly #file: string;
  readonly #table: MigrationTable;
  readonly #log: Log;
  #seen = '';

  constructor(file: string, { table, log }: { table: MigrationTable; log: Log }) {
    this.#file = file;
    this.#table = table;
    this.#log = log;
  }

  /** Takes the ledger as it is now, if it changed. */
  look(): void {
    if (this.#file === '') return;
    const seen = stampOf(this.#file);
    if (seen === this.#seen) return;
    this.#seen = seen;
    try {
      const { places } = readLedger(this.#file);
      const watched = places.filter(
        ({ state, statements, old }) => WATCHED.has(state) && sent(old, statements).length > 0,
      );
      this.#table.setPlaces(watched.slice(0, limits.metricPlacesMax).map(named));
      const more = watched.length - limits.metricPlacesMax;
      if (more > 0) this.#log.warn('places of the ledger have no metrics: there are too many', { places: more });
    } catch (error) {
      this.#log.warn('the ledger cannot be read: its places keep the metrics they have', {
        reason: errorLine(error as Error),
      });
    }
  }
}

/** Changes when the file does; '' = it cannot be looked at. */
function stampOf(file: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return 'none';
  }
}

type Side = NonNullable<LedgerEntry['old']>;

function sent(side: LedgerEntry['old'], otherwise: readonly string[] = []): readonly string[] {
  return side?.fingerprint ?? otherwise;
}

function named(entry: LedgerEntry): NamedPlace {
  const { id, at, state, old, new: now, kind, statements } = entry;
  const ofNew = sent(now);
  return {
    id,
    at,
    function: entry.function,
    state,
    old: { fingerprints: sent(old, statements), fits: fitting(old, (key) => canSend(kind, key)) },
    new: ofNew.length === 0 ? undefined : { fingerprints: ofNew, fits: fitting(now, () => true) },
  };
}

function fitting(side: Side | null | undefined, otherwise: NamedVersion['fits']): NamedVersion['fits'] {
  const source = side?.source;
  return source === undefined ? otherwise : (key) => key.source === source;
}

const HANDWRITTEN_IN_ORM: ReadonlySet<string> = new Set(HANDWRITTEN.constructs.filter((name) => name !== 'text'));

/** The ORM's own statement may have the fingerprint of the one it replaced. */
function canSend(kind: LedgerEntry['kind'], { source, construct }: { source: string; construct: string }): boolean {
  if (source === 'unknown') return true;
  if (kind === 'sqlalchemy') return source === 'sqlalchemy';
  return source === 'raw' || HANDWRITTEN_IN_ORM.has(construct);
}
