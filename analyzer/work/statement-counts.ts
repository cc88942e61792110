// Adds the statements of units of work to their rows: counts, time and rows per request.
// Invariant: a statement of a unit is in one row, once, under the tag set of its first execution. Counted again, it
// adds what came since. At most requestStatementRowsMax rows wait; what finds none is in none, and counted as capped.
// Not here: when a unit is counted (units.ts).

import { limits } from '../../config/limits.js';
import type { Pending } from '../../facts/pending.js';
import type { RequestStatementRollup } from '../../facts/rollup-row.js';
import type { Unit } from './unit.js';

/** The rows that have all but the statement in common, by fingerprint. Statements of a unit often do. */
interface Alike {
  readonly minute: number;
  readonly source: string;
  readonly tagSet: string;
  readonly rows: Map<string, RequestStatementRollup>;
  /** As they were made: units of one route send alike statements in alike order. */
  readonly inOrder: RequestStatementRollup[];
}

/** Whether a statement's tag set has counts of its own, or is among the others. */
export type TellsApart = (fingerprint: string, tagSet: string) => boolean;

const OTHER = '(other)';
const NONE: Alike = { minute: -1, source: '', tagSet: '', rows: new Map(), inOrder: [] };

export class StatementCounts implements Pending<RequestStatementRollup> {
  #byTagSet = new Map<string, Alike[]>();
  #lastAlike: Alike = NONE;
  /** Among those that are alike the place of the last row that came in order, or was made. */
  #lastPlace = -1;
  #rows: RequestStatementRollup[] = [];
  /** Statements of requests that found no row, and executions of those beyond what one request tells apart. */
  cappedTotal = 0;
  readonly #tellsApart: TellsApart;

  constructor(tellsApart: TellsApart) {
    this.#tellsApart = tellsApart;
  }

  /** The unit is counted, so it has its minute. */
  count(unit: Unit): void {
    const minute = unit.counted!.minute;
    const { distinct } = unit;
    this.cappedTotal += distinct.beyond;
    distinct.beyond = 0;
    for (let place = 0; place < distinct.length; place++) {
      if (distinct.isCounted(place)) continue;
      const fingerprint = distinct.fingerprintAt(place);
      let tagSet = distinct.tagSetAt(place);
      // Once it is counted its row stands.
      const isNew = !distinct.isInRow(place);
      if (isNew && tagSet !== '' && !this.#tellsApart(fingerprint, tagSet)) {
        tagSet = OTHER;
        distinct.setTagSet(place, tagSet);
      }
      const row = this.#row(minute, fingerprint, this.#alike(minute, distinct.sourceAt(place), tagSet));
      if (row === undefined) this.cappedTotal++;
      // An earlier process counted a resumed request, with its statements as far as it saw them.
      else distinct.addTo(row, place, isNew && !unit.resumed);
    }
  }

  pending(): readonly RequestStatementRollup[] {
    return this.#rows;
  }

  stored(): void {
    this.#byTagSet = new Map();
    this.#lastAlike = NONE;
    this.#rows = [];
  }

  #row(minute: number, fingerprint: string, alike: Alike): RequestStatementRollup | undefined {
    const { source, tagSet, rows, inOrder } = alike;
    const next = this.#lastPlace + 1 < inOrder.length ? this.#lastPlace + 1 : 0;
    if (next < inOrder.length && inOrder[next].fingerprint === fingerprint) {
      this.#lastPlace = next;
      return inOrder[next];
    }
    let row = rows.get(fingerprint);
    if (row !== undefined) return row;
    if (this.#rows.length >= limits.requestStatementRowsMax) return undefined;
    row = rowOf({ minute, fingerprint, source, tagSet });
    rows.set(fingerprint, row);
    this.#lastPlace = inOrder.length;
    inOrder.push(row);
    this.#rows.push(row);
    return row;
  }

  #alike(minute: number, source: string, tagSet: string): Alike {
    const last = this.#lastAlike;
    if (last.minute === minute && last.source === source && last.tagSet === tagSet) return last;
    const alike = this.#findAlike(minute, source, tagSet);
    this.#lastAlike = alike;
    return alike;
  }

  #findAlike(minute: number, source: string, tagSet: string): Alike {
    let all = this.#byTagSet.get(tagSet);
    if (all === undefined) {
      all = [];
      this.#byTagSet.set(tagSet, all);
    }
    for (const one of all) if (one.minute === minute && one.source === source) return one;
    const added: Alike = { minute, source, tagSet, rows: new Map(), inOrder: [] };
    all.push(added);
    return added;
  }
}

/** Made for each statement of a flush: a literal is made much quicker than noSums() makes it. */
function rowOf(
  key: Pick<RequestStatementRollup, 'minute' | 'fingerprint' | 'source' | 'tagSet'>,
): RequestStatementRollup {
  return {
    minute: key.minute,
    fingerprint: key.fingerprint,
    source: key.source,
    tagSet: key.tagSet,
    requests: 0,
    executions: 0,
    executionsSquared: 0,
    serviceTotalNs: 0,
    serviceSquaredNs2: 0,
    rows: 0,
    rowsSquared: 0,
  };
}
