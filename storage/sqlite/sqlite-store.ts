// The store on SQLite: one file in one directory, one writer.
// Invariant: each public method is one transaction or leaves no trace; after an error the store can be used again.
// Not here: reading for people (read/reader.ts), the SQL of each part (write/flush-writer.ts, upkeep/upkeep.ts).

import type { Flush, GapRow, StoredSession } from '../../facts/flush.js';
import type { RefusedRows, Store, UnstoredNote } from '../store.js';
import type { StoreError } from '../store-error.js';
import { DamageWatch } from './file/damage-watch.js';
import {
  type DirectoryLock,
  databasePath,
  lockDirectory,
  makeDataDirectory,
  moveAside,
} from './file/data-directory.js';
import { isCertainDamage, isRefusal, makeStoreError, storeError } from './file/failures.js';
import type { OpenWriterOptions } from './file/open-writer.js';
import { blamed } from './file/own-lock.js';
import { clearNote, leaveNote, readNote } from './file/reserve.js';
import type { JournalOptions } from './journal/journal.js';
import { OpenedFile } from './opened-file.js';
import { gapOf, writeGap } from './tables/gaps.js';
import type { RetentionOptions } from './upkeep/retention.js';
import { countedSlots } from './write/counted-requests.js';
import { closeOrphanRelays, lastSequenceOf, openSessionsOf, takeOrphanSessions } from './write/relays.js';
import { Salvage } from './write/salvage.js';

export interface SqliteStoreOptions {
  dataDir: string;
  /** Tells several sidecars apart that are merged later; default ''. */
  instance?: string;
  retention?: Partial<RetentionOptions>;
  journal?: Partial<JournalOptions>;
  /** How long to wait for another program's lock; default 250. */
  busyMs?: number;
  /** Pages of 4096 bytes that the file may have; default: as many as the disk holds. */
  pagesMax?: number;
  /** How often a small file is read whole, to find damage that nobody has met; default: once a minute. */
  checkEveryMs?: number;
  /**
   * A damaged database was moved to `path` and a new one begun. The caller has to send again what is stored only once
   * (catalogue entries, pools, open sessions).
   */
  onMovedAside?(path: string, reason: string): void;
  /** A step that brings a file of an older version up to date begins. */
  onMigrating?: OpenWriterOptions['onMigrating'];
}

/** Takes the directory; opens or makes its database. Throws StoreError: locked, unwritable, newer-schema, full, io. */
export function openSqliteStore(options: SqliteStoreOptions): SqliteStore {
  makeDataDirectory(options.dataDir);
  const lock = lockDirectory(options.dataDir);
  let store: SqliteStore | undefined;
  try {
    store = new SqliteStore(options, lock);
    store.takeNote();
    return store;
  } catch (error) {
    store?.close();
    lock.release();
    throw error;
  }
}

export class SqliteStore implements Store {
  readonly #options: SqliteStoreOptions;
  readonly #lock: DirectoryLock;
  readonly #damage: DamageWatch;
  #file: OpenedFile;
  #closed = false;
  /** What met damage that a second look did not find, and has not worked since. */
  readonly #suspected = new Set<string>();

  /** Use openSqliteStore. */
  constructor(options: SqliteStoreOptions, lock: DirectoryLock) {
    this.#options = options;
    this.#lock = lock;
    this.#damage = new DamageWatch(databasePath(options.dataDir), options.checkEveryMs);
    this.#file = this.#open();
  }

  flush(flush: Flush): RefusedRows | undefined {
    return this.#attempt('writing to', () => {
      const { db, rows, series, writer, upkeep } = this.#file;
      let refused: RefusedRows | undefined;
      try {
        db.transaction(() => writer.write(flush)).immediate();
      } catch (error) {
        // Ids that the transaction made went with it.
        series.forget();
        if (!isRefusal(error)) throw error;
        // As it is, it would be refused again and again.
        refused = db.transaction(() => writer.write(flush, new Salvage(db, rows, series))).immediate();
      }
      upkeep.noteFlush();
      return refused;
    });
  }

  lastSequence(relayId: string): number {
    return this.#attempt('reading', () => lastSequenceOf(this.#file.rows, relayId));
  }

  countedRequests(): ReturnType<typeof countedSlots> {
    return this.#attempt('reading', () => countedSlots(this.#file.rows));
  }

  openSessions(relayId: string): StoredSession[] {
    return this.#attempt('reading', () => openSessionsOf(this.#file.rows, relayId));
  }

  takeOrphanSessions(running: readonly string[]): StoredSession[] {
    return this.#attempt('writing to', () => takeOrphanSessions(this.#file.rows, running));
  }

  closeOrphanRelays(running: readonly string[], nowMs: number): GapRow[] {
    return this.#attempt('writing to', () => {
      const { db, rows } = this.#file;
      return db.transaction(() => closeOrphanRelays(rows, running, nowMs)).immediate();
    });
  }

  noteUnstored(note: UnstoredNote | undefined): void {
    if (note === undefined) clearNote(this.#options.dataDir);
    else leaveNote(this.#options.dataDir, note);
  }

  maintain(nowMs: number, clockIsTrusted = true): boolean {
    return this.#attempt('looking after', () => {
      this.#reopenIfGone();
      this.#damage.lookIfDue();
      // Even when it fails: one half of it may have been done.
      let idsVoid = true;
      try {
        const done = this.#file.upkeep.slice(nowMs, clockIsTrusted);
        idsVoid = done.idsVoid;
        return done.isLeft;
      } finally {
        if (idsVoid) this.#file.series.forget();
      }
    });
  }

  goOn(nowMs: number): boolean {
    return this.#attempt('looking after', () => this.#file.upkeep.goOn(nowMs));
  }

  writeOut(nowMs: number): RefusedRows | undefined {
    return this.#attempt('writing out the journal of', () => {
      const { writingOut, upkeep } = this.#file;
      const { rows, refused } = writingOut.slice(nowMs);
      if (rows > 0) upkeep.noteFlush();
      return refused;
    });
  }

  writeOutAll(): RefusedRows[] {
    return this.#attempt('writing out the journal of', () => this.#file.writingOut.all());
  }

  endMinutes(): void {
    this.#attempt('looking after', () => this.#file.upkeep.endMinutes());
  }

  lookForDamage(reported: string): void {
    this.#attempt('checking', () => this.#damage.look(reported));
  }

  /** Writes out the journal, brings the windows up to date, frees the directory; never throws for the disk. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#damage.close();
    try {
      if (!this.#file.isOpen) return;
      this.#file.writingOut.all();
      this.#file.upkeep.refreshWindows(Date.now());
      this.#file.db.pragma('wal_checkpoint(TRUNCATE)');
    } catch (error) {
      // Everything flushed is in the log already: the next start reads it from there.
      storeError(error, 'closing');
    } finally {
      this.#file.close();
      this.#lock.release();
    }
  }

  #open(suspected = false): OpenedFile {
    const { busyMs = 250, instance = '' } = this.#options;
    const onMovedAside = (path: string, reason: string) => this.#options.onMovedAside?.(path, reason);
    return new OpenedFile({ ...this.#options, busyMs, instance, onMovedAside }, suspected);
  }

  /** What a process that ended could not store becomes a gap. Called once, after opening. Throws StoreError. */
  takeNote(): void {
    const { dataDir } = this.#options;
    const note = readNote(dataDir);
    if (note === undefined) return;
    const gap = { ...gapOf('unstored', note.fromMs, note.untilMs ?? Date.now()), executions: note.executions };
    this.#attempt('writing to', () => writeGap(this.#file.rows, gap));
    clearNote(dataDir);
  }

  #attempt<T>(doing: string, work: () => T): T {
    const path = databasePath(this.#options.dataDir);
    try {
      // An earlier failure may have left no file open.
      if (!this.#file.isOpen) this.#file = this.#open();
      const answer = work();
      this.#suspected.delete(doing);
      return answer;
    } catch (error) {
      const failure = blamed(storeError(error, `${doing} ${path}`), path);
      if (failure.code === 'full') this.#file.shrinkLog();
      if (failure.code === 'stuck') this.#file.close();
      if (failure.code === 'corrupt') throw this.#damaged(doing, failure);
      throw failure;
    }
  }

  #reopenIfGone(): void {
    if (!this.#file.isGone) return;
    const path = databasePath(this.#options.dataDir);
    this.#file.close();
    this.#file = this.#open();
    this.#file.noteDamage();
    this.#options.onMovedAside?.(path, `${path} was removed or replaced while it was in use`);
  }

  /** A read that fails once looks like damage too: it is believed when it is found again, or met again. */
  #damaged(doing: string, { message, cause }: StoreError): StoreError {
    const isCertain = isCertainDamage(cause) || this.#suspected.has(doing);
    if (!isCertain) {
      this.#file.close();
      this.#file = this.#open(true);
      this.#suspected.add(doing);
      if (!this.#file.beganAnew) return makeStoreError('io', `${message}; a second look found no damage`);
    } else this.#startAnew(message);
    return makeStoreError('corrupt', `${message}; it was moved aside and a new one begun: nothing of this was stored`);
  }

  #startAnew(reason: string): void {
    this.#suspected.clear();
    this.#file.close();
    const aside = moveAside(this.#options.dataDir, Date.now());
    this.#file = this.#open();
    this.#file.noteDamage();
    this.#options.onMovedAside?.(aside, reason);
  }
}
