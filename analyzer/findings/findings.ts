// Looks at each unit of work that ended, by every kind of finding, and adds up what it shows.
// Read this first: KINDS is the list.
// Invariant: an occurrence is added to one finding, once; at most findingsMax findings wait for a flush, and what goes
// beyond is counted. Not here: the rules and words of a kind (its file), states and severity (reports/findings.ts).

import { createHash } from 'node:crypto';
import { limits } from '../../config/limits.js';
import type { FindingDelta, FindingKind, Occurrence } from '../../facts/finding.js';
import type { Pending } from '../../facts/pending.js';
import { routeOf } from '../../facts/work/routes.js';
import type { WorkUnit } from '../../facts/work/unit.js';
import { BOUNDARY_LOST_ROLLBACK, BOUNDARY_READ, BOUNDARY_WRITE } from './boundary.js';
import { DUPLICATE } from './duplicate.js';
import type { Kind } from './kind.js';
import { N_PLUS_ONE } from './n-plus-one.js';
import { IDLE_IN_TRANSACTION, LONG_TRANSACTION } from './transactions.js';
import { UnitView } from './unit-view.js';
import { WRITES_IN_LOOP } from './writes-in-loop.js';

export const KINDS: { readonly [Name in FindingKind]: Kind } = {
  'n-plus-one': N_PLUS_ONE,
  duplicate: DUPLICATE,
  'writes-in-loop': WRITES_IN_LOOP,
  'boundary-read': BOUNDARY_READ,
  'boundary-write': BOUNDARY_WRITE,
  'boundary-lost-rollback': BOUNDARY_LOST_ROLLBACK,
  'idle-in-transaction': IDLE_IN_TRANSACTION,
  'long-transaction': LONG_TRANSACTION,
};
const ALL = Object.values(KINDS);
const CALLERS_MAX = 5;

export class Findings implements Pending<FindingDelta> {
  #waiting = new Map<string, FindingDelta>();
  readonly #ids = new Map<string, string>();
  /** Occurrences that were not kept, because too many findings waited. */
  droppedTotal = 0;

  unitEnded(unit: WorkUnit): void {
    const view = new UnitView(unit);
    for (const kind of ALL) for (const occurrence of kind.look(view)) this.#add(unit, occurrence);
  }

  pending(): Iterable<FindingDelta> {
    return this.#waiting.values();
  }

  stored(): void {
    this.#waiting = new Map();
  }

  /** A name is hashed once: one finding occurs in request after request. */
  #idOf(occurrence: Occurrence, route: string): string {
    const name = nameOf(occurrence, route);
    let id = this.#ids.get(name);
    if (id === undefined) {
      if (this.#ids.size >= limits.findingsMax) this.#ids.clear();
      id = createHash('sha256').update(name).digest('hex').slice(0, 12);
      this.#ids.set(name, id);
    }
    return id;
  }

  #add(unit: WorkUnit, occurrence: Occurrence): void {
    const { route } = routeOf(unit.tagSet);
    const id = this.#idOf(occurrence, route);
    const { confidence, times, costNs, caller } = occurrence;
    const known = this.#waiting.get(id);
    if (known === undefined) {
      if (this.#waiting.size >= limits.findingsMax) {
        this.droppedTotal++;
        return;
      }
      const { kind, statements, pools } = occurrence;
      const callers = caller === '' ? [] : [caller];
      const moments = { firstMs: unit.firstMs, lastMs: unit.lastMs };
      const counts = { units: 1, times, timesMax: times, costNs };
      this.#waiting.set(id, {
        id,
        kind,
        confidence,
        found: unit.found,
        route,
        statements,
        pools,
        callers,
        ...counts,
        ...moments,
      });
      return;
    }
    known.units++;
    known.times += times;
    known.timesMax = Math.max(known.timesMax, times);
    known.costNs += costNs;
    known.firstMs = Math.min(known.firstMs, unit.firstMs);
    known.lastMs = Math.max(known.lastMs, unit.lastMs);
    if (confidence === 'strong') known.confidence = 'strong';
    if (unit.found === 'direct') known.found = 'direct';
    if (caller !== '' && !known.callers.includes(caller) && known.callers.length < CALLERS_MAX) {
      known.callers = [...known.callers, caller];
    }
  }
}

/** What it is about names it; where it was caused does not, so that a finding stays one when its cause moves. */
function nameOf({ kind, statements, pools }: Occurrence, route: string): string {
  const about = statements.filter(({ role }) => role !== 'caused-by' && role !== 'inside');
  const named = (about.length > 0 ? about : statements).map(({ fingerprint }) => fingerprint);
  return [kind, route, ...named, ...pools].join('\0');
}
