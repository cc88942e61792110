// The sums that waiting rollup rows add to each statement under each source.
// Invariant: it is read from the rows themselves, so it is stored exactly when they are.
// Not here: the rows (rollups.ts).

import type { StatementSourceDelta } from '../../facts/flush.js';
import type { Pending } from '../../facts/pending.js';
import type { RollupRow } from '../../facts/rollup-row.js';

export class StatementDeltas implements Pending<StatementSourceDelta> {
  readonly #rollups: Pending<RollupRow>;

  constructor(rollups: Pending<RollupRow>) {
    this.#rollups = rollups;
  }

  *pending(): Iterable<StatementSourceDelta> {
    for (const row of this.#rollups.pending()) {
      const { key, verdict } = row;
      if (verdict === undefined) continue;
      yield {
        fingerprint: key.fingerprint,
        source: key.source,
        construct: key.construct,
        confidence: verdict.confidence,
        firstSeenMs: row.firstSeenMs,
        lastSeenMs: row.lastSeenMs,
        calls: row.calls,
        errors: row.errors,
        evidence: verdict.evidence,
      };
    }
  }

  /** The rows keep what waits. */
  stored(): void {}
}
