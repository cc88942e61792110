// Finds one read per level of a tree: each has as many parameters as the one before had rows.
// Invariant: the numbers must fit at every level, and must not all be the same. Not here: one read per node
// (cause.ts), words (repeated-pattern.ts).

import type { Occurrence } from '../../../facts/finding.js';
import type { UnitStatement } from '../../../facts/work/unit.js';
import { callerOf } from '../views/caller.js';
import { costOf, isRead, poolsOf } from '../views/kind.js';
import type { UnitView } from '../views/unit-view.js';

/** `levelsMin`: unless the configuration says otherwise. */
export function treeLevels({ groups, unit, rules, route }: UnitView, levelsMin: number): Occurrence[] {
  const found: Occurrence[] = [];
  for (const { statements: levels } of groups) {
    if (levels.length < 2) continue;
    const [{ fingerprint, source }] = levels;
    if (levels.length < rules.threshold('repeated-pattern', { route, source }, levelsMin)) continue;
    if (!isRead(levels[0]) || !areLevels(levels)) continue;
    found.push({
      kind: 'repeated-pattern',
      confidence: unit.found === 'direct' ? 'strong' : 'weak',
      statements: [
        { fingerprint, source, role: 'repeated' },
        { fingerprint, source, role: 'caused-by' },
      ],
      pools: poolsOf(levels),
      times: levels.length,
      costNs: costOf(levels),
      caller: callerOf(levels[0]),
    });
  }
  return found;
}

function areLevels(levels: readonly UnitStatement[]): boolean {
  // What else the statement binds is the same at every level.
  const others = levels[1].parameterCount - levels[0].rows;
  const [{ rows: width }] = levels;
  let isNarrowing = false;
  for (let at = 1; at < levels.length; at++) {
    if (others < 0 || levels[at].parameterCount - levels[at - 1].rows !== others) return false;
    if (levels[at - 1].rows !== width) isNarrowing = true;
  }
  return isNarrowing;
}
