// The table of requests that are counted and may go on under the next observer.
// Invariant: a slot is written whole. Not here: which requests these are (analyzer/work/counted-requests.ts).

import type { CountedSlot } from '../../../facts/rollup-row.js';
import type { Rows } from '../file/rows.js';

const UPSERT = 'INSERT INTO counted_requests VALUES (?, ?) ON CONFLICT (slot) DO UPDATE SET ids = excluded.ids';

/** Inside a transaction. */
export function writeCountedSlot(rows: Rows, { slot, ids }: CountedSlot): void {
  rows.run(UPSERT, slot, JSON.stringify(ids));
}

export function countedSlots(rows: Rows): CountedSlot[] {
  const stored = rows.all<{ slot: number; ids: string }>('SELECT slot, ids FROM counted_requests ORDER BY slot');
  return stored.map(({ slot, ids }) => ({ slot, ids: JSON.parse(ids) as string[] }));
}
