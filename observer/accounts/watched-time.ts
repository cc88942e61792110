// Notes since when and until when this observer runs, a row a minute.
// Invariant: the end is the minute of the last flush, so time after a crash is in no row.
// Not here: storing it (storage/sqlite/tables/watched.ts).

import { minuteOf } from '../../config/values/minute.js';
import type { WatchedTime } from '../../facts/flush.js';
import type { Pending } from '../../facts/pending.js';

export class WatchedTimes implements Pending<WatchedTime> {
  #fromMinute: number | undefined;
  #untilMinute = 0;
  #storedMinute = -1;

  /** Called before each flush. */
  tick(nowMs: number): void {
    const minute = minuteOf(nowMs);
    // A clock that was set back, or far ahead, begins a run of its own: nothing in between was watched.
    if (this.#fromMinute === undefined || minute < this.#untilMinute || minute > this.#untilMinute + JUMP_MINUTES) {
      this.#fromMinute = minute;
    }
    this.#untilMinute = minute;
  }

  pending(): readonly WatchedTime[] {
    if (this.#fromMinute === undefined || this.#untilMinute === this.#storedMinute) return [];
    return [{ fromMinute: this.#fromMinute, untilMinute: this.#untilMinute }];
  }

  stored(): void {
    this.#storedMinute = this.#untilMinute;
  }

  storeAgain(): void {
    this.#storedMinute = -1;
  }
}

/** An observer that was stopped for longer observed nothing meanwhile. */
const JUMP_MINUTES = 2;
