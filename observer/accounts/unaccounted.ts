// Notes what nobody can account for: killed relays, and minutes around a step of the clock.
// Invariant: each of them leaves one gap in the store. A relay that broke off leaves none when it comes back in time.
// Not here: losses that are counted (losses.ts), counts that the store did not take (storing.ts).

import type { Log } from '../../config/log.js';
import { MINUTE_MS, minuteOf } from '../../config/values/minute.js';
import type { GapRow } from '../../facts/flush.js';
import type { Pending } from '../../facts/pending.js';
import { ClockWatch } from './clock-watch.js';

/** A relay that lives looks for its observer every two seconds. */
const BACK_MS = 10_000;

export interface UnaccountedOptions {
  log: Log;
  /** False for a recording, whose time passes in jumps. */
  watchesClock: boolean;
  /** The end of this relay is known from now on: what is missing of it lies in a gap. */
  onKilled: (relayId: string) => void;
}

export class Unaccounted implements Pending<GapRow> {
  readonly #options: UnaccountedOptions;
  readonly #clock = new ClockWatch();
  readonly #gaps = new Map<string, GapRow>();
  /** Relays whose link ended without a goodbye, and when, Unix ms. */
  readonly #brokeOffMs = new Map<string, number>();

  constructor(options: UnaccountedOptions) {
    this.#options = options;
  }

  /** The age of what is stored can be told. */
  get clockIsTrusted(): boolean {
    return this.#clock.isTrusted();
  }

  relayBrokeOff(relayId: string, nowMs: number): void {
    this.#brokeOffMs.set(relayId, nowMs);
  }

  relayIsBack(relayId: string): void {
    this.#brokeOffMs.delete(relayId);
  }

  /** It was killed or crashed. What it had not sent is gone with it. */
  relayDied(relayId: string, atMs: number): void {
    this.#options.log.warn('a relay was killed: executions that it had not sent are not counted', {
      relayId,
      executions: 'unknown',
    });
    this.#brokeOffMs.delete(relayId);
    this.#note({ fromMinute: minuteOf(atMs), untilMinute: minuteOf(atMs), reason: 'killed' });
    this.#options.onKilled(relayId);
  }

  /** Relays of earlier runs that never said they ended; their gaps are stored already. */
  earlierRunsDied(gaps: readonly GapRow[]): void {
    for (const { fromMinute } of gaps) {
      this.#options.log.warn('the last run was killed: executions after its last flush are not counted', {
        lastSeen: new Date(fromMinute * MINUTE_MS).toISOString(),
        executions: 'unknown',
      });
    }
  }

  /** Called at every flush. */
  look(nowMs: number): void {
    for (const [relayId, atMs] of this.#brokeOffMs) if (nowMs - atMs >= BACK_MS) this.relayDied(relayId, atMs);
    const step = this.#options.watchesClock ? this.#clock.look(nowMs) : undefined;
    if (step === undefined) return;
    this.#options.log.warn('the clock of the system was set: the minutes between are not exact', {
      from: new Date(step.fromMs).toISOString(),
      to: new Date(step.toMs).toISOString(),
    });
    const [first, last] = [step.fromMs, step.toMs].sort((a, b) => a - b);
    this.#note({ fromMinute: minuteOf(first), untilMinute: minuteOf(last), reason: 'clock_stepped' });
  }

  /** This process ends. `linksWereClosed`: by this side, so relays that broke off live and tell the next observer. */
  end({ linksWereClosed }: { linksWereClosed: boolean }): void {
    if (linksWereClosed) this.#brokeOffMs.clear();
    for (const [relayId, atMs] of this.#brokeOffMs) this.relayDied(relayId, atMs);
  }

  pending(): Iterable<GapRow> {
    return this.#gaps.values();
  }

  stored(): void {
    this.#gaps.clear();
  }

  #note(gap: GapRow): void {
    this.#gaps.set(`${gap.fromMinute} ${gap.untilMinute} ${gap.reason}`, gap);
  }
}
