// One measured execution, for tests that ask where it is counted.
// Not here: executions as relays send them (observing.ts).

import type { Measured } from '../../facts/rollup-row.js';
import type { Verdict } from '../../facts/verdict.js';

export function measuredAt(completedAtMs: number): Measured {
  return {
    completedAtMs,
    sqlstate: '',
    command: 'SELECT',
    rows: 1,
    requestBytes: 10,
    responseBytes: 20,
    serviceNs: 1000,
    waitNs: 0,
    firstRowNs: -1,
    clientStallNs: 0,
    parameterHash: 0,
    parameterCount: 0,
    parametersCut: false,
    batched: false,
  };
}

export function verdictOf(): Verdict {
  return { source: 'raw', construct: 'cursor', confidence: 'strong', evidence: [] };
}
