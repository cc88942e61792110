// Follows how many connections each pool holds and uses, in slots of six hours.
// Invariant: peaks of a minute may come in several flushes; a minute counts once, also where another is told after it.
// Bounded by the number of pools.
// Not here: the rule (kinds/pool-overheld.ts), the peaks (analyzer/pools/).

import type { PoolMinute } from '../../facts/pool-minute.js';
import type { PoolSlot } from './views/pool-slot.js';

const SLOT_MIN = 360;

interface History {
  slot: number;
  minute: number;
  /** At most, in this minute. */
  held: number;
  minutes: number;
  heldMin: number;
  usedMax: number;
  alike: number;
}

export class PoolHistories {
  readonly #histories = new Map<string, History>();
  #ended: PoolSlot[] = [];

  /** Called once per pool, minute and flush. @param usedNow Pool.usedAt, which no statement that completed tells. */
  take({ pool, minute, connectionsMax, busyMax }: PoolMinute, usedNow: number): void {
    const used = Math.max(busyMax, usedNow);
    const slot = Math.floor(minute / SLOT_MIN);
    let history = this.#histories.get(pool);
    if (history === undefined) {
      history = begun(slot, minute);
      this.#histories.set(pool, history);
    }
    // A long statement was busy in minutes before the one it completed in, and relays are not in step.
    if (minute < history.minute) {
      history.usedMax = Math.max(history.usedMax, used);
      return;
    }
    if (minute !== history.minute) passMinute(history, minute);
    if (slot !== history.slot) {
      const { minutes, heldMin, usedMax, alike } = history;
      this.#ended.push({ pool, minutes, heldMin, usedMax, alikeBefore: alike });
      history = { ...begun(slot, minute), alike: slot === history.slot + 1 ? alike : 0 };
      this.#histories.set(pool, history);
    }
    history.held = Math.max(history.held, connectionsMax);
    history.usedMax = Math.max(history.usedMax, used);
  }

  /** Slots that ended since it was asked last. */
  ended(): PoolSlot[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  /** Whether the slot that ended last showed what is looked for. */
  judged({ pool, alikeBefore }: PoolSlot, isIt: boolean): void {
    const history = this.#histories.get(pool);
    if (history !== undefined) history.alike = isIt ? alikeBefore + 1 : 0;
  }
}

function begun(slot: number, minute: number): History {
  return { slot, minute, held: 0, minutes: 0, heldMin: Number.POSITIVE_INFINITY, usedMax: 0, alike: 0 };
}

function passMinute(history: History, minute: number): void {
  history.minutes++;
  history.heldMin = Math.min(history.heldMin, history.held);
  history.held = 0;
  history.minute = minute;
}
