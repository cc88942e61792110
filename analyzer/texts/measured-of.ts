// Says what was measured of one execution: the whole of an observation, or its share.
// Invariant: the service times of all shares add up to that of the observation; parameters that are not known whole
// are not told to be alike.
// Not here: how many executions an observation stands for (statement-texts.ts).

import { type Measured, partOf, wholeOf } from '../../facts/execution-values.js';
import type { Completion, StatementObservation } from '../../proxy/stream/observation.js';
import { type KeyedHash, type ParameterSet, UNKNOWN_PARAMETERS } from '../../proxy/stream/parameters.js';
import { type Identity, keyNumberOf } from './facts-of-text.js';

interface ObservedText {
  readonly identity: Identity;
  /** Those in its text. */
  readonly literals: Readonly<ParameterSet>;
}

/** Gives the whole observation to one execution. */
export function measuredOf(
  observation: StatementObservation,
  { identity, literals }: ObservedText,
  hash: KeyedHash,
): Measured {
  const completion: Completion | undefined = observation.completions[0];
  const measured = wholeOf(observation, {
    completedAtMs: observation.completedAtMs,
    sqlstate: observation.sqlstate,
    command: completion?.command || identity.command,
    rows: completion?.rows ?? 0,
    batched: observation.batched,
    parameters: observation.protocol === 'simple' ? literals : observation,
  });
  if (measured.parameterHash === 0) return measured;
  if (observation.protocol !== 'simple' && literals.parameterCount > 0) {
    measured.parameterHash = hash.joined(literals.parameterHash, observation.parameterHash);
    measured.parameterCount += literals.parameterCount;
    measured.parametersCut ||= literals.parametersCut;
  }
  measured.parameterHash = hash.joined(measured.parameterHash, keyNumberOf(identity));
  return measured;
}

/** Gives an equal share, because the server answers all statements of a text at once. No completion = it failed. */
export function shareOf(
  observation: StatementObservation,
  part: {
    executions: number;
    index: number;
    completion: Completion | undefined;
    identity: Identity;
    literals: Readonly<ParameterSet>;
  },
  hash: KeyedHash,
): Measured {
  const { completion } = part;
  const ran = {
    completedAtMs: observation.completedAtMs,
    sqlstate: completion === undefined ? observation.sqlstate : '',
    command: completion?.command || part.identity.command,
    rows: completion?.rows ?? 0,
    batched: part.executions > 1,
    parameters: observation.protocol === 'simple' ? part.literals : UNKNOWN_PARAMETERS,
  };
  const measured = partOf(observation, ran, part);
  if (measured.parameterHash !== 0)
    measured.parameterHash = hash.joined(measured.parameterHash, keyNumberOf(part.identity));
  return measured;
}
