// Keeps what the store holds of the configuration: findings that are accepted, and who observes.
// Invariant: the store has what is in force now. Not here: the rows (storage/sqlite/tables/settings.ts), the findings
// themselves (analyzer/findings/accepted.ts).

import type { Identity } from '../../facts/fleet/identity.js';
import type { SettingRow } from '../../facts/flush.js';
import type { Pending } from '../../facts/pending.js';

type Holder = Required<Pending<SettingRow>>;

export class Settings implements Pending<SettingRow> {
  readonly #accepted: Holder;
  readonly #identity: Identity | undefined;
  #isStored = false;

  constructor(accepted: Holder, identity: Identity | undefined) {
    this.#accepted = accepted;
    this.#identity = identity;
  }

  pending(): SettingRow[] {
    const accepted = [...this.#accepted.pending()];
    if (this.#isStored || this.#identity === undefined) return accepted;
    return [...accepted, ['identity', JSON.stringify(this.#identity)]];
  }

  stored(): void {
    this.#accepted.stored();
    this.#isStored = true;
  }

  storeAgain(): void {
    this.#accepted.storeAgain();
    this.#isStored = false;
  }
}
