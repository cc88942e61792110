// Says what was measured of one execution: the whole of an observation, or its share.
// Invariant: the service times of all shares add up to that of the observation.
// Not here: how many executions an observation stands for (statement-texts.ts).

import { type Measured, partOf, wholeOf } from '../../facts/execution-values.js';
import type { Completion, StatementObservation } from '../../proxy/stream/observation.js';
import type { Identity } from './facts-of-text.js';

/** Gives the whole observation to one execution. */
export function measuredOf(observation: StatementObservation, identity: Identity): Measured {
  const completion: Completion | undefined = observation.completions[0];
  return wholeOf(observation, {
    completedAtMs: observation.completedAtMs,
    sqlstate: observation.sqlstate,
    command: completion?.command || identity.command,
    rows: completion?.rows ?? 0,
    batched: observation.batched,
  });
}

/** Gives an equal share, because the server answers all statements of a text at once. No completion = it failed. */
export function shareOf(
  observation: StatementObservation,
  part: { executions: number; index: number; completion: Completion | undefined; command: string },
): Measured {
  const { completion } = part;
  const ran = {
    completedAtMs: observation.completedAtMs,
    sqlstate: completion === undefined ? observation.sqlstate : '',
    command: completion?.command || part.command,
    rows: completion?.rows ?? 0,
    batched: part.executions > 1,
  };
  return partOf(observation, ran, part);
}
