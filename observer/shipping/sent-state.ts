// Says how far the store of a fleet is whole, in the terms of SQLite's fold_state.
// Invariant: an hour is said to be whole after it was sent, and stays so; only an hour that was sent while it was being
// filled, at an orderly end, is taken back. Not here: sending it (shipper.ts), what the marks mean
// (storage/reading/levels.ts).

import { DAY_MIN, floorTo, HOUR_MIN } from '../../storage/reading/levels.js';
import type { SentState } from '../../storage/sqlite/file/shipped.js';
import type { OutboxState } from '../../storage/sqlite/outbox/pending.js';
import type { Slice } from './slice.js';

export function sentState({
  before,
  outbox: { fold, firstHour, firstDay },
  slice,
  hasEnded,
}: {
  before: SentState | null;
  outbox: Pick<OutboxState, 'fold' | 'firstHour' | 'firstDay'>;
  slice: Pick<Slice, 'dropped' | 'lastMinute' | 'isLast'>;
  /** Everything was sent, with the hour and the day being filled. */
  hasEnded: boolean;
}): SentState {
  const kept = before ?? fold;
  const hours = hasEnded ? fold.minutesFoldedTo : Math.min(fold.hoursFoldedTo, firstHour ?? fold.hoursFoldedTo);
  const minutesFoldedTo = Math.max(before?.minutesFoldedTo ?? 0, hours);
  const wholeDays = floorTo(Math.min(fold.hoursFoldedTo, minutesFoldedTo), DAY_MIN);
  const days = hasEnded ? fold.hoursFoldedTo : Math.min(wholeDays, firstDay ?? wholeDays);
  const daysKeptFrom = slice.dropped.days > 0 ? fold.daysKeptFrom : kept.daysKeptFrom;
  const hoursKeptFrom = slice.dropped.hours > 0 ? fold.hoursKeptFrom : kept.hoursKeptFrom;
  const minutesKeptFrom = slice.dropped.minutes > 0 ? fold.minutesKeptFrom : kept.minutesKeptFrom;
  const sentTo = Math.max(before?.lastMinute ?? -1, slice.lastMinute ?? -1);
  return {
    minutesFoldedTo,
    hoursFoldedTo: Math.max(before?.hoursFoldedTo ?? 0, days),
    minutesKeptFrom: Math.max(kept.minutesKeptFrom, minutesKeptFrom, hoursKeptFrom),
    hoursKeptFrom: Math.max(kept.hoursKeptFrom, hoursKeptFrom, daysKeptFrom),
    daysKeptFrom: Math.max(kept.daysKeptFrom, daysKeptFrom),
    firstMinute: fold.firstMinute,
    lastMinute: hasEnded ? fold.lastMinute : sentTo < 0 ? null : sentTo,
  };
}

/** The sidecar goes on: what was being filled is not whole, until it is sent again. */
export function loweredState(state: SentState): SentState {
  const { minutesFoldedTo, hoursFoldedTo } = state;
  return {
    ...state,
    minutesFoldedTo: floorTo(minutesFoldedTo, HOUR_MIN),
    hoursFoldedTo: floorTo(hoursFoldedTo, DAY_MIN),
  };
}
