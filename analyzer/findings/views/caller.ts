// Reads the caller of a statement from its tag set.
// Invariant: a set is read once while it is remembered; memory is bounded.
// Not here: tag sets (config/values/tag-set.ts).

import { limits } from '../../../config/limits.js';
import { CALLER_KEY } from '../../../config/values/tag-keys.js';
import { callerIn } from '../../../config/values/tag-set.js';
import type { UnitStatement } from '../../../facts/work/unit.js';

const callers = new Map<string, string>();

/** '' = its tags say none. */
export function callerOf({ tagSet }: UnitStatement): string {
  if (tagSet === '') return '';
  let caller = callers.get(tagSet);
  if (caller === undefined) {
    caller = tagSet.includes(CALLER_KEY) ? callerIn(tagSet) : '';
    if (callers.size >= limits.tagSetsMax) callers.clear();
    callers.set(tagSet, caller);
  }
  return caller;
}
