// The journal: rows of large flushes, which cost less when they are written once a minute.
// Invariant: a row is in the journal or in the tables, exactly one of the two, whenever a process is killed: an entry
// is added in the transaction of its flush, and journal_state moves in that of the rows it speaks of.
// Not here: the tables (../write/writing-out.ts).

import { limits } from '../../../config/limits.js';
import { MINUTE_MS } from '../../../config/values/minute.js';
import type { StatementSourceDelta } from '../../../facts/flush.js';
import type { Rows } from '../file/rows.js';
import { firstJournaledMinute } from './first-minute.js';
import { MergedRows } from './merged-rows.js';
import { type JournaledParts, packEntries } from './packed-entry.js';

export interface JournalOptions {
  /** A flush with more rows goes to the journal. */
  rowsMin: number;
  /** A minute is written this long after its end: until then more of it may come. */
  settleMs: number;
  /** From half of this size it is written early; beyond it flushes write their rows at once. */
  bytesMax: number;
  /** Rows that are added up at one time. */
  mergedRowsMax: number;
  /** Rows that one turn writes. */
  turnRows: number;
}

/** Fewer rows are written at once in some 20 ms. */
const ROWS_MIN = 1_000;
/** Flushes, and requests that end, bring more of a minute that is over. */
const SETTLE_MS = 3_000;
/** Written in one transaction: some 15 ms, with statements that are all different. */
const TURN_ROWS = 500;

export const DEFAULT_JOURNAL: JournalOptions = {
  rowsMin: ROWS_MIN,
  settleMs: SETTLE_MS,
  bytesMax: limits.journalBytesMax,
  mergedRowsMax: limits.journalMergedRowsMax,
  turnRows: TURN_ROWS,
};

/** Read and added up at one time: some 10 ms. */
const READ_ROWS = 10_000;
const DROPPED_ENTRIES = 8;

const ADD = 'INSERT INTO journal (at_ms, minute, rows, packed) VALUES (?, ?, ?, ?)';
const BYTES = 'SELECT total(length(packed)) AS bytes FROM journal';
const FIRST = 'SELECT journal_id AS id, at_ms AS atMs FROM journal ORDER BY journal_id LIMIT 1';
const LAST = 'SELECT ifnull(max(journal_id), 0) AS id FROM journal';
const NEXT = `SELECT journal_id AS id, rows, packed FROM journal
  WHERE journal_id > ? AND journal_id <= ? AND minute <= ? ORDER BY journal_id LIMIT 1`;
const DROP = 'DELETE FROM journal WHERE journal_id <= ? AND minute <= ? ORDER BY journal_id LIMIT ?';
const IS_LEFT = 'SELECT 1 FROM journal WHERE journal_id <= ? AND minute <= ? LIMIT 1';
const STATE = 'SELECT written_to AS writtenTo, minute, rows_written AS rowsWritten FROM journal_state';
const SET_STATE = 'UPDATE journal_state SET written_to = ?, minute = ?, rows_written = ?';

interface State {
  /** 0 = nothing is being written. */
  writtenTo: number;
  minute: number;
  /** null = everything is. */
  rowsWritten: number | null;
}

/** Entries that are read, and what they add up to. */
interface Batch {
  merged: MergedRows;
  /** Entries of later minutes are not in it. */
  minute: number;
  /** The last entry that was read. */
  readTo: number;
  /** The last entry that is to be read; undefined = those that come are read too. */
  upTo: number | undefined;
}

export class Journal {
  readonly #rows: Rows;
  readonly #options: JournalOptions;
  /** The last entry that an earlier process left: it is written at once. */
  #leftTo: number;
  #batch: Batch | undefined;

  constructor(rows: Rows, options: JournalOptions) {
    this.#rows = rows;
    this.#options = options;
    this.#leftTo = this.#lastId();
  }

  /** A flush of so many rows is to be added here. */
  takes(rows: number): boolean {
    return rows > this.#options.rowsMin && this.#bytes() < this.#options.bytesMax;
  }

  /** Inside the transaction of a flush. Returns sums of statements that are not in it. */
  add(atMs: number, parts: JournaledParts): StatementSourceDelta[] {
    const { entries, others } = packEntries(parts);
    for (const entry of entries) this.#rows.run(ADD, Math.round(atMs), entry.minute, entry.rows, entry.bytes());
    return others;
  }

  get isEmpty(): boolean {
    return this.#lastId() === 0;
  }

  /**
   * Goes on: reads some entries, also of the open minute; or gives the rows to be written next; or says that all of a
   * batch is written. `hurries`: what is not due is written too.
   */
  next(nowMs: number, hurries: boolean): Next {
    const { writtenTo, minute, rowsWritten } = this.#state();
    if (rowsWritten === null) return 'written';
    if (this.#batch === undefined) {
      const first = writtenTo > 0 ? minute : firstJournaledMinute(this.#rows);
      if (first === null) return 'nothing';
      const upTo = writtenTo > 0 ? writtenTo : undefined;
      this.#batch = { merged: new MergedRows(), minute: first, readTo: 0, upTo };
    }
    const batch = this.#batch;
    if (batch.upTo === undefined || batch.readTo < batch.upTo) {
      if (this.#read(batch) > 0) return 'read';
      if (batch.upTo === undefined && !hurries && !this.#isDue(batch, nowMs)) return 'nothing';
      batch.upTo ??= batch.readTo;
      batch.readTo = batch.upTo;
    }
    return batch.merged.partsOf(rowsWritten, rowsWritten + this.#options.turnRows);
  }

  /** Inside the transaction that wrote so many of the rows of next(). */
  wrote(rows: number): void {
    const written = this.#state().rowsWritten! + rows;
    const { merged, minute, upTo } = this.#batch!;
    this.#rows.run(SET_STATE, upTo!, minute, written < merged.length ? written : null);
  }

  /** Inside a transaction: drops some of the entries that are written. */
  drop(): void {
    this.#batch = undefined;
    const { writtenTo, minute } = this.#state();
    this.#rows.run(DROP, writtenTo, minute, DROPPED_ENTRIES);
    if (this.#rows.get(IS_LEFT, writtenTo, minute) === undefined) this.#rows.run(SET_STATE, 0, 0, 0);
    // The numbers begin anew with it.
    if (this.isEmpty) this.#leftTo = 0;
  }

  /** Returns how many entries were read. */
  #read(batch: Batch): number {
    const { merged } = batch;
    let entries = 0;
    for (let left = READ_ROWS; left > 0; entries++) {
      // A batch that was begun is as long as it was.
      if (batch.upTo === undefined && merged.length >= this.#options.mergedRowsMax) return entries;
      const entry = this.#rows.get<{ id: number; rows: number; packed: Uint8Array }>(
        NEXT,
        batch.readTo,
        batch.upTo ?? Number.MAX_SAFE_INTEGER,
        batch.minute,
      );
      if (entry === undefined) return entries;
      try {
        merged.add(entry.packed);
      } catch (error) {
        // It may be half added.
        this.#batch = undefined;
        throw error;
      }
      batch.readTo = entry.id;
      left -= entry.rows;
    }
    return entries;
  }

  #isDue({ minute, merged }: Batch, nowMs: number): boolean {
    if (merged.length >= this.#options.mergedRowsMax) return true;
    const { id, atMs } = this.#rows.get<{ id: number; atMs: number }>(FIRST)!;
    if (id <= this.#leftTo || this.#bytes() >= this.#options.bytesMax / 2) return true;
    // A clock that was set leaves minutes that are not over for long. The distance is absolute for the same reason.
    return nowMs >= (minute + 1) * MINUTE_MS + this.#options.settleMs || Math.abs(nowMs - atMs) >= 2 * MINUTE_MS;
  }

  #state(): State {
    return this.#rows.get<State>(STATE)!;
  }

  #lastId(): number {
    return this.#rows.get<{ id: number }>(LAST)!.id;
  }

  #bytes(): number {
    return this.#rows.get<{ bytes: number }>(BYTES)!.bytes;
  }
}

type Next = ReturnType<MergedRows['partsOf']> | 'read' | 'written' | 'nothing';
