// The free counters that `status` shows, of the pipeline and of the relays.
// Invariant: each value is a total, so storing it twice changes nothing. Not here: metrics of them
// (dashboards/metrics/).

import type { Pipeline } from '../../analyzer/pipeline.js';
import type { CounterRow } from '../../facts/flush.js';
import type { Pending } from '../../facts/pending.js';
import type { Relays } from './relays.js';

export class Counters implements Pending<CounterRow> {
  readonly #pipeline: Pipeline;
  readonly #relays: Relays;

  constructor(pipeline: Pipeline, relays: Relays) {
    this.#pipeline = pipeline;
    this.#relays = relays;
  }

  *pending(): Iterable<CounterRow> {
    const pipeline = this.#pipeline;
    yield* Object.entries(pipeline.counters);
    yield ['splitMismatchTotal', pipeline.splitMismatchTotal];
    yield ['settledEarlyTotal', pipeline.waiting.settledEarlyTotal];
    yield ['marksDroppedTotal', pipeline.marks.droppedTotal];
    yield ['rollupsCappedTotal', pipeline.counting.rollups.cappedTotal];
    yield ['rollupsLateTotal', pipeline.counting.rollups.lateTotal];
    yield ['tagSetsCappedTotal', pipeline.counting.tagRollups.cappedTotal];
    yield ['poolsCappedTotal', pipeline.pools.cappedTotal];
    const { findings, units } = pipeline.counting;
    yield* Object.entries(units.counters);
    yield ['routesCappedTotal', units.requests.cappedTotal];
    yield ['findingsDroppedTotal', findings.droppedTotal];
    yield ['nestingDroppedTotal', findings.nestingDroppedTotal];
    yield ['unitSamplesDroppedTotal', units.samples.droppedTotal + findings.samplesDroppedTotal];
    yield ['requestStatementsCappedTotal', units.statements.cappedTotal];
    for (const [name, value] of Object.entries(this.#relays.together ?? {})) {
      if (typeof value === 'number') yield [`relay.${name}`, value];
    }
  }

  /** Totals go into every flush: each may have grown since. */
  stored(): void {}
}
