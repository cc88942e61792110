// Says what was measured of one execution: the whole of an observation, or its share.
// Invariant: the service times of all shares add up to that of the observation.
// Not here: how many executions an observation stands for (statement-texts.ts).

import type { Measured } from '../../facts/rollup-row.js';
import type { Completion, StatementObservation } from '../../proxy/stream/observation.js';
import type { Identity } from './facts-of-text.js';

/** Gives the whole observation to one execution. */
export function measuredOf(observation: StatementObservation, identity: Identity): Measured {
  const completion: Completion | undefined = observation.completions[0];
  return {
    completedAtMs: observation.completedAtMs,
    sqlstate: observation.sqlstate,
    command: completion?.command || identity.command,
    rows: completion?.rows ?? 0,
    requestBytes: observation.requestBytes,
    responseBytes: observation.responseBytes,
    serviceNs: observation.serviceNs,
    waitNs: observation.waitNs,
    firstRowNs: observation.firstRowNs,
    clientStallNs: observation.clientStallNs,
    batched: observation.batched,
  };
}

/** Gives an equal share, because the server answers all statements of a text at once. No completion = it failed. */
export function shareOf(
  observation: StatementObservation,
  part: { executions: number; completion: Completion | undefined; command: string },
): Measured {
  const share = 1 / part.executions;
  return {
    completedAtMs: observation.completedAtMs,
    sqlstate: part.completion === undefined ? observation.sqlstate : '',
    command: part.completion?.command || part.command,
    rows: part.completion?.rows ?? 0,
    requestBytes: Math.round(observation.requestBytes * share),
    responseBytes: Math.round(observation.responseBytes * share),
    serviceNs: observation.serviceNs * share,
    waitNs: observation.waitNs,
    firstRowNs: -1,
    clientStallNs: observation.clientStallNs * share,
    batched: part.executions > 1,
  };
}
