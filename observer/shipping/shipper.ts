// Sends a data directory to the store of a fleet, slice by slice: texts, buckets, then how far.
// Invariant: whatever is sent twice, in whatever order, the store shows it once: a row's key and version say which one
// counts. A level is said to be whole after its rows are there. Not here: when a slice is sent, failures (shipping.ts).

import type { Identity } from '../../facts/fleet/identity.js';
import type { FleetValue } from '../../storage/clickhouse/connection/client.js';
import { columnsOf, type FleetTable } from '../../storage/clickhouse/schema/table.js';
import { TABLES } from '../../storage/clickhouse/schema/tables.js';
import type { Rows } from '../../storage/sqlite/file/rows.js';
import { noProgress, type Progress, readProgress, writeProgress } from '../../storage/sqlite/file/shipped.js';
import { sentValue } from '../../storage/sqlite/outbox/bucket-rows.js';
import { otherRow } from '../../storage/sqlite/outbox/other-rows.js';
import { type OutboxState, oldestChange, outboxState } from '../../storage/sqlite/outbox/pending.js';
import type { Reader } from '../../storage/sqlite/read/reader.js';
import { type Difference, Differences } from './differences.js';
import { loweredState, sentState } from './sent-state.js';
import { type KeptDays, noCounts, type Position, readSlice, type Slice, sumOf } from './slice.js';

/** Stores rows, or throws StoreError: then some of them may be stored. */
export interface Sink {
  insert(table: string, columns: readonly string[], rows: readonly FleetValue[][]): Promise<void>;
}

export interface ShipperOptions {
  reader: Reader;
  sink: Sink;
  identity: Identity;
  /** Names the store: another one begins anew. */
  target: string;
  kept: KeptDays;
  pgwitnessVersion: string;
  /** Default 5,000. */
  rowsMax?: number;
}

/** Some MiB of JSON, and some tens of milliseconds of reading. */
const ROWS_MAX = 5_000;
const byName = new Map(TABLES.map((table) => [table.name, table]));

export interface Sent {
  /** Rows of buckets, by level, and other ones. */
  rows: number;
  buckets: Slice['count'];
  /** Something waits. */
  more: boolean;
}

export class Shipper {
  readonly #options: ShipperOptions;
  readonly #differences = new Differences();
  #progress: Progress | undefined;
  #position: Position | undefined;

  constructor(options: ShipperOptions) {
    this.#options = { ...options };
  }

  get progress(): Readonly<Progress> | undefined {
    return this.#progress;
  }

  /** What the store keeps may change while it is shipped to: rows that are too old for it are counted by that. */
  keep(kept: KeptDays): void {
    this.#options.kept = kept;
  }

  /** Rows without levels that changed, a slice of them. Throws StoreError. */
  async sendOthers(nowMs: number): Promise<Sent> {
    const { reader, rowsMax = ROWS_MAX } = this.#options;
    const progress = await this.#begin(nowMs);
    const version = this.#nextVersion(progress, nowMs);
    const { found, rows } = reader.readRows((snapshot) => {
      const differences = this.#differences.in(snapshot, rowsMax, nowMs);
      return { found: differences, rows: this.#otherRows(snapshot, differences, version) };
    });
    for (const [table, list] of rows) await this.#insert(table, list);
    this.#differences.sent(found);
    return { rows: found.length, buckets: noCounts(), more: found.length === rowsMax };
  }

  /** A slice of the buckets that changed, and how far the store is whole. Throws StoreError. */
  async sendBuckets(nowMs: number, { isEnd = false } = {}): Promise<Sent> {
    const { reader, kept, rowsMax = ROWS_MAX } = this.#options;
    const progress = await this.#begin(nowMs);
    const { slice, outbox } = reader.readRows((rows) => {
      const before = this.#outboxAt(rows, progress, progress.changed);
      const position = this.#position ?? { changed: progress.changed };
      const read = readSlice(rows, { position, fold: before.fold, kept, rowsMax, nowMs });
      return { slice: read, outbox: this.#outboxAt(rows, progress, read.position.changed) };
    });
    for (const [table, list] of slice.rows)
      await this.#insert(
        table,
        list.map((row) => this.#bucketRow(row)),
      );
    const hasEnded = isEnd && slice.isLast;
    const state = sentState({ before: progress.state, outbox, slice, hasEnded });
    const after: Progress = {
      ...progress,
      changed: slice.position.changed,
      state,
      hasEnded,
      sentMs: nowMs,
      expired: sumOf(progress.expired, slice.expired),
      dropped: sumOf(progress.dropped, slice.dropped),
    };
    if (slice.rows.size > 0 || JSON.stringify(state) !== JSON.stringify(progress.state)) {
      await this.#sendState(after, nowMs);
    }
    this.#position = slice.position;
    this.#keep(after);
    const { minutes, hours, days } = slice.count;
    return { rows: minutes + hours + days, buckets: slice.count, more: !slice.isLast };
  }

  /** Changes that wait: the oldest one's number is near to its Unix ms; undefined = none waits. */
  oldestWaitingMs(): number | undefined {
    const { reader } = this.#options;
    const changed = this.#progress?.changed ?? 0;
    return reader.readRows((rows) => oldestChange(rows, changed));
  }

  /** Reads how far it came; says before anything else that the hour being filled is not whole any more. */
  async #begin(nowMs: number): Promise<Progress> {
    const { reader, target } = this.#options;
    const { store, dataDir } = reader.readRows((rows) => ({
      store: outboxState(rows, { after: 0, hoursFrom: 0, daysFrom: 0 }).store,
      dataDir: reader.dataDir,
    }));
    let progress = this.#progress ?? readProgress(dataDir);
    if (progress?.target !== target || progress.store !== store) {
      progress = noProgress(target, store);
      this.#position = undefined;
      this.#differences.forget();
    }
    if (progress.hasEnded && progress.state !== null) {
      progress = { ...progress, state: loweredState(progress.state), hasEnded: false };
      this.#progress = progress;
      await this.#sendState(progress, nowMs);
      this.#keep(progress);
    }
    this.#progress = progress;
    return progress;
  }

  #outboxAt(rows: Rows, { state }: Progress, after: number): OutboxState {
    const { minutesFoldedTo = 0, hoursFoldedTo = 0 } = state ?? {};
    return outboxState(rows, { after, hoursFrom: minutesFoldedTo, daysFrom: hoursFoldedTo });
  }

  #otherRows(snapshot: Rows, differences: readonly Difference[], version: number): Map<FleetTable, FleetValue[][]> {
    const byTable = new Map<FleetTable, FleetValue[][]>();
    for (const { table, key } of differences) {
      const fleet = byName.get(table.name)!;
      const columns = fleet.columns.map(([name]) => name);
      const row = otherRow(snapshot, table, { values: key, columns });
      if (row === undefined) continue;
      const values = row.map(sentValue);
      const list = byTable.get(fleet) ?? [];
      list.push([...(fleet.of === 'instance' ? this.#identityValues() : []), ...values, version]);
      byTable.set(fleet, list);
    }
    return byTable;
  }

  #bucketRow([version, ...values]: readonly FleetValue[]): FleetValue[] {
    return [...this.#identityValues(), ...values, version];
  }

  #identityValues(): FleetValue[] {
    const { service, environment, instance } = this.#options.identity;
    return [service, environment, instance, this.#progress!.store];
  }

  async #sendState(progress: Progress, nowMs: number): Promise<void> {
    const { state, dropped } = progress;
    if (state === null) return;
    const row = [
      ...this.#identityValues(),
      this.#options.pgwitnessVersion,
      state.minutesFoldedTo,
      state.hoursFoldedTo,
      state.minutesKeptFrom,
      state.hoursKeptFrom,
      state.daysKeptFrom,
      state.firstMinute,
      state.lastMinute,
      nowMs,
      dropped.minutes + dropped.hours + dropped.days,
      this.#nextVersion(progress, nowMs),
    ];
    await this.#insert(byName.get('instance_state')!, [row]);
  }

  async #insert(table: FleetTable, rows: readonly FleetValue[][]): Promise<void> {
    const columns = columnsOf(table).map(([name]) => name);
    await this.#options.sink.insert(table.name, columns, rows);
  }

  #nextVersion(progress: Progress, nowMs: number): number {
    progress.version = Math.max(progress.version + 1, nowMs);
    return progress.version;
  }

  #keep(progress: Progress): void {
    writeProgress(this.#options.reader.dataDir, progress);
    this.#progress = progress;
  }
}
