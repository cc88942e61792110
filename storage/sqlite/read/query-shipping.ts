// Reads how far a data directory is shipped to the store of a fleet, and what waits.
// Invariant: what retention dropped while the store was away counts as dropped, before anybody could say so.
// Not here: shipping (observer/shipping), who marks buckets (../tables/outbox.ts).

import type { StoredShipping } from '../../../facts/fleet/shipping-status.js';
import { type FoldState, SPAN } from '../../reading/levels.js';
import type { Rows } from '../file/rows.js';
import { readProgress, readShippingNote } from '../file/shipped.js';
import { readFoldState } from '../tables/fold-state.js';

const KEPT_FROM = `CASE span_s WHEN ${SPAN.minute} THEN ? WHEN ${SPAN.hour} THEN ? ELSE ? END`;
const WAITING = `SELECT min(changed) AS oldest, ifnull(sum(rows) FILTER (WHERE bucket_min >= ${KEPT_FROM}), 0) AS waiting,
    ifnull(sum(rows) FILTER (WHERE bucket_min < ${KEPT_FROM}), 0) AS dropped
  FROM outbox WHERE changed > ?`;

/** Undefined where nothing is shipped. */
export function shippingOf(rows: Rows, dataDir: string): StoredShipping | undefined {
  const note = readShippingNote(dataDir);
  if (note === undefined) return undefined;
  const { store } = rows.get<{ store: number }>('SELECT store FROM outbox_clock')!;
  const found = readProgress(dataDir);
  // Another file, or another store, begins anew.
  const progress = found?.store === store && note.place.endsWith(`/${found.target}`) ? found : undefined;
  const kept = keptFrom(readFoldState(rows));
  const { oldest, waiting, dropped } = rows.get<{ oldest: number | null; waiting: number; dropped: number }>(
    WAITING,
    ...kept,
    ...kept,
    progress?.changed ?? 0,
  )!;
  const { dropped: said, expired } = progress ?? {};
  return {
    ...note,
    sentMs: progress === undefined || progress.sentMs === 0 ? null : progress.sentMs,
    // The number of a change is near to its Unix ms.
    waitingSinceMs: oldest,
    waitingRows: waiting,
    droppedRows: dropped + totalOf(said),
    expiredRows: totalOf(expired),
  };
}

function keptFrom({ minutesKeptFrom, hoursKeptFrom, daysKeptFrom }: FoldState): [number, number, number] {
  return [minutesKeptFrom, hoursKeptFrom, daysKeptFrom];
}

function totalOf(counts: { minutes: number; hours: number; days: number } | undefined): number {
  return counts === undefined ? 0 : counts.minutes + counts.hours + counts.days;
}
