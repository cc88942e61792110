// Gives flushes to the store, and keeps account of what it did not take.
// Invariant: a failure is counted once per flush that the store did not take; whatever the disk says, nothing but a
// defect is thrown. Not here: what is in a flush (flush-parts.ts), when one is made (flush.ts).

import type { Log } from '../../config/log.js';
import type { Flush } from '../../facts/flush.js';
import { type RefusedRows, STORE_REFUSED, type Store } from '../../storage/store.js';
import { StoreError } from '../../storage/store-error.js';
import { noFailures, type StoringHealth } from '../../storage/storing-health.js';

export interface StoringOptions {
  store: Store;
  log: Log;
  health: {
    setStoring(storing: StoringHealth): void;
    setNotObserved(reason: string, total: number): void;
  };
  /** Executions that are counted and not stored. */
  unstored: () => number;
  /** Unix ms. */
  startedMs: number;
}

const LOOK_EVERY_MS = 5_000;
/** The store opens its file again after each; readers of this process may keep the lock all the same. */
const STUCK_MAX = 2;

export class Storing {
  readonly #options: StoringOptions;
  readonly #failures = noFailures();
  readonly #upkeepFailures = noFailures();
  #failing = false;
  /** Unix ms, everything up to then is stored; of this process's start until the first flush is. */
  #storedMs: number;
  #hasStored = false;
  /** The note stands. It is taken back once a relay told what it lost before this process came. */
  #isNoted = true;
  #isHeard = false;
  #canWriteOut = false;
  #refusedTotal = 0;
  #lookedMs = Number.NEGATIVE_INFINITY;
  /** Failures for a lock of this process, since upkeep last went well. */
  #stuck = 0;

  constructor(options: StoringOptions) {
    this.#options = options;
    this.#storedMs = options.startedMs;
    // A disk that takes nothing from now on would leave no word of this run.
    options.store.noteUnstored({ fromMs: options.startedMs });
  }

  /** Returns false when the store did not take it. */
  flush(flush: Flush): boolean {
    try {
      const refused = this.#options.store.flush(flush);
      this.#stored(flush.atMs);
      if (refused !== undefined) this.#gaveUp(refused);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#failed(error);
    }
    this.#tell();
    return !this.#failing;
  }

  /** A batch is in the next flush: a relay's first one has what was lost while no observer was there. */
  relayHeard(): void {
    this.#isHeard = true;
  }

  /** The process ends, and the last flush went well: nothing more can be told. */
  end(): void {
    if (this.#isNoted) this.#takeNoteBack();
  }

  /** The process ends, and the last flush failed: leaves a note for the next one. */
  leaveNote(nowMs: number): void {
    const executions = this.#options.unstored();
    this.#options.store.noteUnstored({ fromMs: this.#storedMs, untilMs: nowMs, executions });
    this.#options.log.error('ended with executions that could not be stored', { executions });
  }

  /** Returns true when goOn() should be called soon. After a failure that waits for the next flush. */
  maintain(nowMs: number, clockIsTrusted: boolean): boolean {
    let isLeft = false;
    this.#lookAfter((store) => {
      isLeft = store.maintain(nowMs, clockIsTrusted);
      this.#stuck = 0;
    });
    return isLeft;
  }

  /** Between flushes: a part of what was stored as a journal. After a failure it waits for the next flush. */
  writeOut(nowMs: number): void {
    if (!this.#canWriteOut) return;
    this.#canWriteOut = false;
    this.#lookAfter((store) => {
      const refused = store.writeOut(nowMs);
      this.#canWriteOut = true;
      if (refused !== undefined) this.#gaveUp(refused);
    });
  }

  /** At an orderly end. Returns false when it failed: the next process writes what is left. */
  writeOutAll(): boolean {
    let isWritten = false;
    this.#lookAfter((store) => {
      for (const refused of store.writeOutAll()) this.#gaveUp(refused);
      isWritten = true;
    });
    return isWritten;
  }

  /** Between two calls of maintain(). Returns true while so much is left that it should be called again soon. */
  goOn(nowMs: number): boolean {
    let isLeft = false;
    this.#lookAfter((store) => {
      isLeft = store.goOn(nowMs);
    });
    return isLeft;
  }

  #lookAfter(act: (store: Store) => void): void {
    this.attempt(
      () => act(this.#options.store),
      ({ code }) => {
        addOne(this.#upkeepFailures, code);
        if (code === 'stuck') this.#stuck++;
        this.#tell();
      },
    );
  }

  /** A reader met damage. It is looked for at most once in a while: readers may ask without end. */
  damageMet(reason: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#lookedMs < LOOK_EVERY_MS) return;
    this.#lookedMs = nowMs;
    this.attempt(() => this.#options.store.lookForDamage(reason));
  }

  /** Since when nothing is stored, Unix ms; undefined while it is. */
  get unstoredSinceMs(): number | undefined {
    return this.#failing ? this.#storedMs : undefined;
  }

  /** A lock of this process is in the way of storing, and nothing but its end frees it. */
  get isStuck(): boolean {
    return this.#stuck >= STUCK_MAX;
  }

  /** Undefined when the store failed. */
  attempt<T>(act: () => T, onFailure?: (error: StoreError) => void): T | undefined {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#options.log.error('the store failed', { code: error.code, error: error.message });
      onFailure?.(error);
      return undefined;
    }
  }

  #failed({ code, message }: StoreError): void {
    const { log, store } = this.#options;
    addOne(this.#failures, code);
    this.#canWriteOut = false;
    if (code === 'stuck') this.#stuck++;
    if (this.#failing) return;
    this.#failing = true;
    this.#isNoted = true;
    log.error('storing failed and will be tried again', { code, error: message });
    store.noteUnstored({ fromMs: this.#storedMs });
  }

  #stored(nowMs: number): void {
    if (this.#isNoted && this.#isHeard) this.#takeNoteBack();
    this.#storedMs = nowMs;
    this.#hasStored = true;
    this.#canWriteOut = true;
    if (!this.#failing) return;
    this.#failing = false;
    this.#options.log.info('storing works again');
  }

  #takeNoteBack(): void {
    this.#isNoted = false;
    this.#options.store.noteUnstored(undefined);
  }

  #gaveUp({ rows, executions, reason }: RefusedRows): void {
    const { log, health } = this.#options;
    addOne(this.#failures, 'refused');
    this.#refusedTotal += executions;
    log.error('the database refused rows: they are given up and counted as lost', { rows, executions, reason });
    health.setNotObserved(STORE_REFUSED, this.#refusedTotal);
  }

  #tell(): void {
    this.#options.health.setStoring({
      failing: this.#failing,
      storedMs: this.#hasStored ? this.#storedMs : 0,
      failures: this.#failures,
      upkeepFailures: this.#upkeepFailures,
      unstoredExecutions: this.#failing ? this.#options.unstored() : 0,
    });
  }
}

function addOne(counts: Map<string, number>, code: string): void {
  counts.set(code, (counts.get(code) ?? 0) + 1);
}
