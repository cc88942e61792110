// Keeps the findings that the configuration accepts, until a flush has stored them.
// Invariant: the store has the list of the newest configuration. Not here: which findings fit (reports/findings.ts),
// the flush (observer/accounts/settings.ts).

import type { AcceptedFinding } from '../../facts/finding.js';
import type { SettingRow } from '../../facts/flush.js';

export class Accepted {
  #list: readonly AcceptedFinding[] = [];
  #isStored = false;

  use(list: readonly AcceptedFinding[]): void {
    this.#list = list;
    this.#isStored = false;
  }

  pending(): SettingRow[] {
    return this.#isStored ? [] : [['findings.accepted', JSON.stringify(this.#list)]];
  }

  stored(): void {
    this.#isStored = true;
  }

  storeAgain(): void {
    this.#isStored = false;
  }
}
