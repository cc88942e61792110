// The losses that relays reported, by relay, minute and reason.
// Invariant: a loss is the total of its relay, minute and reason, so telling or storing it twice changes nothing. At
// most lossMinutesMax totals are remembered; one that is forgotten and told again is stored as the larger count.
// Not here: why something was lost (proxy/link/), the table (storage/sqlite/).

import { limits } from '../../config/limits.js';
import type { LossRow } from '../../facts/flush.js';
import type { Pending } from '../../facts/pending.js';
import type { Loss } from '../../proxy/stream/observation.js';

export class Losses implements Pending<LossRow> {
  readonly #told = new Map<string, LossRow>();
  readonly #totals = new Map<string, number>();
  readonly #pending = new Map<string, LossRow>();

  /** Takes a relay's loss. Returns the total of its reason over all relays; undefined = the loss is not new. */
  take(counterId: string, { minute, reason, count }: Loss): number | undefined {
    const row: LossRow = { counterId, minute, reason, count };
    const key = keyOf(row);
    const before = this.#told.get(key);
    if (before !== undefined && before.count >= count) return undefined;
    this.#note(key, row);
    const total = (this.#totals.get(reason) ?? 0) + count - (before?.count ?? 0);
    this.#totals.set(reason, total);
    return total;
  }

  pending(): Iterable<LossRow> {
    return this.#pending.values();
  }

  stored(): void {
    this.#pending.clear();
  }

  storeAgain(): void {
    for (const [key, row] of this.#told) this.#pending.set(key, row);
  }

  #note(key: string, row: LossRow): void {
    this.#told.set(key, row);
    this.#pending.set(key, row);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= limits.lossMinutesMax) break;
      this.#told.delete(oldest);
    }
  }
}

function keyOf({ counterId, minute, reason }: LossRow): string {
  return `${counterId} ${minute} ${reason}`;
}
