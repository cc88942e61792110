// Reads and writes the one row that says how far minutes and hours were rolled up.
// Invariant: it is read and written in the same transaction as the rows it speaks of. Not here: what it means
// (levels.ts).

import type { FoldState } from '../../reading/levels.js';
import type { Rows } from '../file/rows.js';

const READ = `SELECT minutes_folded_to_min AS minutesFoldedTo, hours_folded_to_min AS hoursFoldedTo,
  minutes_kept_from_min AS minutesKeptFrom, hours_kept_from_min AS hoursKeptFrom, days_kept_from_min AS daysKeptFrom,
  first_min AS firstMinute, last_min AS lastMinute FROM fold_state`;

const WRITE = `UPDATE fold_state SET minutes_folded_to_min = ?, hours_folded_to_min = ?, minutes_kept_from_min = ?,
  hours_kept_from_min = ?, days_kept_from_min = ?, first_min = ?, last_min = ?`;

export function readFoldState(rows: Rows): FoldState {
  return rows.get<FoldState>(READ)!;
}

export function writeFoldState(rows: Rows, state: FoldState): void {
  rows.run(
    WRITE,
    state.minutesFoldedTo,
    state.hoursFoldedTo,
    state.minutesKeptFrom,
    state.hoursKeptFrom,
    state.daysKeptFrom,
    state.firstMinute,
    state.lastMinute,
  );
}
