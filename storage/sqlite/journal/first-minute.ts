// Says from which minute on the journal has rows: the tables lack them.
// Not here: the journal (journal.ts), which a program that only reads does not load.

import type { Rows } from '../file/rows.js';

const FIRST_MINUTE = 'SELECT min(minute) AS minute FROM journal';

/** The earliest minute of which something waits; null = nothing does. */
export function firstJournaledMinute(rows: Rows): number | null {
  return rows.get<{ minute: number | null }>(FIRST_MINUTE)!.minute;
}
