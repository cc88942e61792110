// Rolls up everything at an orderly end, so that it can be sent to the store of a fleet.
// Invariant: it is what upkeep would have done later; the hour and the day that are not over count as changed.
// Not here: sending.

import { DAY_MIN, floorTo, HOUR_MIN, SPAN } from '../../reading/levels.js';
import type { Rows } from '../file/rows.js';
import { readFoldState } from '../tables/fold-state.js';
import { markChanged } from '../tables/outbox.js';
import { rollUp } from './roll-up.js';

/** Inside a transaction. */
export function endMinutes(rows: Rows): void {
  const { lastMinute } = readFoldState(rows);
  if (lastMinute === null) return;
  rollUp(rows, { closedBefore: lastMinute + 1, rowsMax: Number.MAX_SAFE_INTEGER });
  const { minutesFoldedTo, hoursFoldedTo } = readFoldState(rows);
  const [hour, day] = [floorTo(minutesFoldedTo, HOUR_MIN), floorTo(hoursFoldedTo, DAY_MIN)];
  if (hour < minutesFoldedTo) markChanged(rows, SPAN.hour, hour);
  if (day < hoursFoldedTo) markChanged(rows, SPAN.day, day);
}
