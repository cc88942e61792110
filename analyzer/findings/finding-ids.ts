// Gives each finding its id: a hash of what it is about.
// What it is about names it; where it was caused does not, so that a finding stays one when its cause moves.
// Invariant: one name gives one id, for ever. A name is hashed once while it is remembered; at most findingsMax are.
// Not here: keeping findings (findings.ts).

import { createHash } from 'node:crypto';
import { limits } from '../../config/limits.js';
import type { FindingStatement, Occurrence } from '../../facts/finding.js';

interface Named {
  readonly kind: string;
  readonly fingerprints: readonly string[];
  readonly pools: readonly string[];
  readonly id: string;
}

export class FindingIds {
  /** Route → first statement that names it → findings. */
  #byRoute = new Map<string, Map<string, Named[]>>();
  #size = 0;

  /** Hot path: one finding occurs in request after request. */
  of(occurrence: Occurrence, route: string): string {
    const { statements } = occurrence;
    const first = (statements.find(isAbout) ?? statements[0])?.fingerprint ?? '';
    for (const named of this.#byRoute.get(route)?.get(first) ?? NONE) if (isNamed(occurrence, named)) return named.id;
    const named = namedOf(occurrence, route);
    if (this.#size >= limits.findingsMax) {
      this.#byRoute = new Map();
      this.#size = 0;
    }
    this.#size++;
    let ofRoute = this.#byRoute.get(route);
    if (ofRoute === undefined) {
      ofRoute = new Map();
      this.#byRoute.set(route, ofRoute);
    }
    const alike = ofRoute.get(first);
    if (alike === undefined) ofRoute.set(first, [named]);
    else alike.push(named);
    return named.id;
  }
}

const NONE: readonly Named[] = [];

function namedOf({ kind, statements, pools }: Occurrence, route: string): Named {
  const about = statements.filter(isAbout);
  const fingerprints = (about.length > 0 ? about : statements).map(({ fingerprint }) => fingerprint);
  const name = [kind, route, ...fingerprints, ...pools].join('\0');
  return { kind, fingerprints, pools, id: createHash('sha256').update(name).digest('hex').slice(0, 12) };
}

/** Says the same as comparing names, without making one. */
function isNamed({ kind, statements, pools }: Occurrence, named: Named): boolean {
  if (kind !== named.kind || pools.length !== named.pools.length) return false;
  for (let at = 0; at < pools.length; at++) if (pools[at] !== named.pools[at]) return false;
  const isAll = !statements.some(isAbout);
  let at = 0;
  for (const statement of statements)
    if ((isAll || isAbout(statement)) && statement.fingerprint !== named.fingerprints[at++]) return false;
  return at === named.fingerprints.length;
}

function isAbout({ role }: FindingStatement): boolean {
  return role !== 'caused-by' && role !== 'inside';
}
