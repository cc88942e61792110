// One opening of the database file, with all that belongs to it: statements, ids, writer, upkeep.
// Invariant: it is open from its making to close(), whole; after a failure the store makes another.
// Not here: when to open another (sqlite-store.ts), what opening means (file/open-writer.ts).

import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { databasePath } from './file/data-directory.js';
import { storeError } from './file/failures.js';
import { type OpenWriterOptions, openWriter } from './file/open-writer.js';
import { keepReserve } from './file/reserve.js';
import { Rows } from './file/rows.js';
import { DEFAULT_JOURNAL, Journal, type JournalOptions } from './journal/journal.js';
import { gapOf, writeGap } from './tables/gaps.js';
import { SeriesIds } from './tables/series.js';
import { DEFAULT_RETENTION, type RetentionOptions } from './upkeep/retention.js';
import { Upkeep } from './upkeep/upkeep.js';
import { FlushWriter } from './write/flush-writer.js';
import { WritingOut } from './write/writing-out.js';

export interface OpenedFileOptions extends OpenWriterOptions {
  instance: string;
  retention?: Partial<RetentionOptions>;
  journal?: Partial<JournalOptions>;
}

export class OpenedFile {
  readonly db: Database.Database;
  readonly rows: Rows;
  readonly series: SeriesIds;
  readonly writer: FlushWriter;
  readonly writingOut: WritingOut;
  readonly upkeep: Upkeep;
  readonly #path: string;
  readonly #inode: number;
  /** The file before this one was damaged, and moved aside. */
  readonly beganAnew: boolean;

  /** `suspected`: somebody met damage in the file. Throws StoreError; then nothing stays open. */
  constructor(options: OpenedFileOptions, suspected = false) {
    let beganAnew = false;
    const onMovedAside = (path: string, reason: string) => {
      beganAnew = true;
      options.onMovedAside(path, reason);
    };
    const begin = (db: Database.Database) => {
      const rows = new Rows(db);
      return { db, rows, journal: new Journal(rows, { ...DEFAULT_JOURNAL, ...options.journal }) };
    };
    const { db, rows, journal } = openWriter({ ...options, onMovedAside }, { suspected, begin });
    this.db = db;
    this.rows = rows;
    this.#path = databasePath(options.dataDir);
    try {
      keepReserve(options.dataDir);
      this.#inode = statSync(this.#path).ino;
      this.series = new SeriesIds(this.rows, options.instance);
      this.writer = new FlushWriter(this.rows, this.series, journal);
      this.writingOut = new WritingOut({ ...this, journal });
      this.upkeep = new Upkeep(this.db, this.rows, { ...DEFAULT_RETENTION, ...options.retention });
      if (beganAnew) this.noteDamage();
      this.beganAnew = beganAnew;
    } catch (error) {
      this.db.close();
      throw storeError(error, `opening ${this.#path}`);
    }
  }

  get isOpen(): boolean {
    return this.db.open;
  }

  /** Somebody removed or replaced the file: writing to this one would be in vain. */
  get isGone(): boolean {
    return statSync(this.#path, { throwIfNoEntry: false })?.ino !== this.#inode;
  }

  /** All that was stored before is gone with an old file. */
  noteDamage(): void {
    writeGap(this.rows, gapOf('damaged', 0, Date.now()));
  }

  /** Without the log's bytes a full disk often has room again. */
  shrinkLog(): void {
    try {
      this.db.pragma('wal_checkpoint(TRUNCATE)');
    } catch (error) {
      storeError(error, 'shrinking the log');
    }
  }

  close(): void {
    this.db.close();
  }
}
