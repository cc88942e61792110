// The slowest executions of a statement that are kept, and its generic plan.
// Invariant: no literal is in them. Not here: choosing samples (analyzer/notable/samples.ts).

import type { PlanRow, SlowSampleRow } from '../facts/flush.js';
import type { StoreReader } from '../storage/reading/stored-facts.js';

export interface SamplesReport {
  /** Slowest first; `pool` is the pool's name. */
  samples: SlowSampleRow[];
  /** Undefined until the server was asked. */
  plan: PlanRow | undefined;
}

/** Throws StoreError. */
export function reportSamples(reader: StoreReader, fingerprint: string): SamplesReport {
  return reader.read((stored) => ({ samples: stored.samplesOf(fingerprint), plan: stored.planOf(fingerprint) }));
}

/** Of several sidecars: the slowest of all, and the newest plan. */
export function mergeSamples(reports: readonly SamplesReport[], samplesMax = 10): SamplesReport {
  const samples = reports.flatMap((report) => report.samples).sort((a, b) => b.serviceNs - a.serviceNs);
  const plans = reports.flatMap(({ plan }) => (plan === undefined ? [] : [plan]));
  // A plan comes before a reason why there is none.
  plans.sort((a, b) => Number(b.plan !== '') - Number(a.plan !== '') || b.atMs - a.atMs);
  return { samples: samples.slice(0, samplesMax), plan: plans[0] };
}
