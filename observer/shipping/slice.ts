// Reads the next slice of what is to be sent: rows of buckets, in the order of their changes.
// Invariant: a slice holds at most as many rows as it is given; a bucket larger than that goes in several. It is read
// in one snapshot. Not here: sending (shipper.ts), which rows a bucket has (storage/sqlite/outbox/bucket-rows.ts).

import { ROLLUPS } from '../../storage/clickhouse/schema/rollups.js';
import type { FleetColumn, FleetTable } from '../../storage/clickhouse/schema/table.js';
import { type FoldState, SPAN } from '../../storage/reading/levels.js';
import type { Rows } from '../../storage/sqlite/file/rows.js';
import type { LevelCounts } from '../../storage/sqlite/file/shipped.js';
import { bucketRows, type SentValue } from '../../storage/sqlite/outbox/bucket-rows.js';
import { bucketSize, type Changed, changedAfter } from '../../storage/sqlite/outbox/pending.js';

/** Within the bucket whose change is the next one after `changed`. */
export interface Position {
  /** Every change up to it is read. */
  changed: number;
  within?: { changed: number; table: number; offset: number };
}

/** Days that the fleet's store keeps each level. */
export type KeptDays = LevelCounts;

export interface Slice {
  /** Rows by table: identity and version are left out, the version stands in front. */
  rows: Map<FleetTable, SentValue[][]>;
  count: LevelCounts;
  /** Rows that are not sent. */
  expired: LevelCounts;
  dropped: LevelCounts;
  /** The newest minute that was read whole. */
  lastMinute: number | undefined;
  position: Position;
  /** Nothing waits behind it. */
  isLast: boolean;
}

const BUCKETS_MAX = 500;
const LEVELS = new Map<number, keyof LevelCounts>([
  [SPAN.minute, 'minutes'],
  [SPAN.hour, 'hours'],
  [SPAN.day, 'days'],
]);
const DAY_S = 86_400;
const KEYS = new Set(['span_s', 'bucket_min']);

/** What a row holds beside identity, level and version. */
function ownColumns({ columns }: FleetTable): string[] {
  return columns.map(([name]: FleetColumn) => name).filter((name) => !KEYS.has(name));
}

const TABLES = ROLLUPS.map((table) => ({ table, columns: ownColumns(table) }));

export function readSlice(
  rows: Rows,
  {
    position,
    fold,
    kept,
    rowsMax,
    nowMs,
  }: { position: Position; fold: FoldState; kept: KeptDays; rowsMax: number; nowMs: number },
): Slice {
  const slice: Slice = {
    rows: new Map(),
    count: noCounts(),
    expired: noCounts(),
    dropped: noCounts(),
    lastMinute: undefined,
    position,
    isLast: false,
  };
  const waiting = changedAfter(rows, position.changed, BUCKETS_MAX);
  let left = rowsMax;
  for (const bucket of waiting) {
    const level = LEVELS.get(bucket.spanS)!;
    if (bucket.bucket < keptFrom(level, fold)) slice.dropped[level] += bucket.rows;
    else if (bucket.bucket * 60 + kept[level] * DAY_S <= nowMs / 1000) {
      slice.expired[level] += bucketSize(rows, bucket);
    } else {
      const within = readBucket(rows, bucket, { slice, left });
      left -= within.read;
      slice.count[level] += within.read;
      if (within.next !== undefined) {
        slice.position = { changed: slice.position.changed, within: { changed: bucket.changed, ...within.next } };
        return slice;
      }
      if (level === 'minutes') slice.lastMinute = Math.max(slice.lastMinute ?? 0, bucket.bucket);
    }
    slice.position = { changed: bucket.changed };
  }
  slice.isLast = waiting.length < BUCKETS_MAX;
  return slice;
}

/** Returns where it ended, unless it was read to its end, and the rows read. */
function readBucket(
  rows: Rows,
  { spanS, bucket, changed }: Changed,
  { slice, left }: { slice: Slice; left: number },
): { read: number; next?: { table: number; offset: number } } {
  const { within } = slice.position;
  // A bucket that changed since is read from its beginning.
  const begin = within?.changed === changed ? within : { table: 0, offset: 0 };
  let read = 0;
  for (let n = begin.table; n < TABLES.length; n++) {
    const { table, columns } = TABLES[n];
    const offset = n === begin.table ? begin.offset : 0;
    const max = left - read;
    if (max <= 0) return { read, next: { table: n, offset } };
    const page = bucketRows(rows, { table: table.name, columns, spanS, bucket, offset, max });
    const list = slice.rows.get(table) ?? [];
    for (const row of page) list.push([changed, spanS, bucket, ...row]);
    if (page.length > 0) slice.rows.set(table, list);
    read += page.length;
    if (page.length === max) return { read, next: { table: n, offset: offset + page.length } };
  }
  return { read };
}

function keptFrom(level: keyof LevelCounts, fold: FoldState): number {
  return { minutes: fold.minutesKeptFrom, hours: fold.hoursKeptFrom, days: fold.daysKeptFrom }[level];
}

export function noCounts(): LevelCounts {
  return { minutes: 0, hours: 0, days: 0 };
}

export function sumOf(one: LevelCounts, other: LevelCounts): LevelCounts {
  return { minutes: one.minutes + other.minutes, hours: one.hours + other.hours, days: one.days + other.days };
}
