// Reads and writes the one row that says how far minutes and hours were rolled up.
// Invariant: it is read and written in the same transaction as the rows it speaks of. Not here: what it means
// (levels.ts).

import type { FoldedKey, Folding, FoldState } from '../../reading/levels.js';
import type { Rows } from '../file/rows.js';

const READ = `SELECT minutes_folded_to_min AS minutesFoldedTo, hours_folded_to_min AS hoursFoldedTo,
  minutes_kept_from_min AS minutesKeptFrom, hours_kept_from_min AS hoursKeptFrom, days_kept_from_min AS daysKeptFrom,
  minute_folding_key AS minuteKey, minute_folding_up_to AS minuteUpTo,
  hour_folding_key AS hourKey, hour_folding_up_to AS hourUpTo,
  first_min AS firstMinute, last_min AS lastMinute FROM fold_state`;

const WRITE = `UPDATE fold_state SET minutes_folded_to_min = ?, hours_folded_to_min = ?, minutes_kept_from_min = ?,
  hours_kept_from_min = ?, days_kept_from_min = ?, minute_folding_key = ?, minute_folding_up_to = ?,
  hour_folding_key = ?, hour_folding_up_to = ?, first_min = ?, last_min = ?`;

interface Row extends Omit<FoldState, 'minuteFolding' | 'hourFolding'> {
  minuteKey: FoldedKey | null;
  minuteUpTo: number | null;
  hourKey: FoldedKey | null;
  hourUpTo: number | null;
}

export function readFoldState(rows: Rows): FoldState {
  const { minuteKey, minuteUpTo, hourKey, hourUpTo, ...state } = rows.get<Row>(READ)!;
  return { ...state, minuteFolding: foldingOf(minuteKey, minuteUpTo), hourFolding: foldingOf(hourKey, hourUpTo) };
}

function foldingOf(key: FoldedKey | null, upTo: number | null): Folding | null {
  return key === null || upTo === null ? null : { key, upTo };
}

export function writeFoldState(rows: Rows, state: FoldState): void {
  rows.run(
    WRITE,
    state.minutesFoldedTo,
    state.hoursFoldedTo,
    state.minutesKeptFrom,
    state.hoursKeptFrom,
    state.daysKeptFrom,
    state.minuteFolding?.key ?? null,
    state.minuteFolding?.upTo ?? null,
    state.hourFolding?.key ?? null,
    state.hourFolding?.upTo ?? null,
    state.firstMinute,
    state.lastMinute,
  );
}
