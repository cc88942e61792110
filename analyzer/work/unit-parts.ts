// Says which units are parts of others.
// Invariant: pure. Not here: taking a part over (unit.ts, absorb), when that is tried (units.ts).

import type { Unit } from './unit.js';

/** The unit that took it over, if one did. */
export function wholeOf(unit: Unit): Unit {
  let whole = unit;
  while (whole.absorbedBy !== undefined) whole = whole.absorbedBy;
  return whole;
}

/** A guess that turns out to be a part of a unit which is known. */
export function isPartOf(unit: Unit, part: Unit): boolean {
  return part !== unit && part.found === 'heuristic' && !part.ended && part.counted === undefined;
}
