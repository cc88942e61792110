// The executions of one statement in a unit, and how many parameters they had.
// Invariant: a set of parameters that was cut may prove that two differ, never that they are the same.
// Not here: finding groups (unit-view.ts).

import type { UnitStatement } from '../../../facts/work/unit.js';
import { NumberSet } from './number-set.js';

export class Group {
  /** In the order in which they started. */
  readonly statements: UnitStatement[] = [];
  #distinct = -1;

  /** Those with a round trip of their own. */
  get single(): readonly UnitStatement[] {
    return this.statements.some(isBatched) ? this.statements.filter((one) => !isBatched(one)) : this.statements;
  }

  /** Executions whose parameters are known. */
  get known(): number {
    let known = 0;
    for (const { parameterHash } of this.statements) if (parameterHash !== 0) known++;
    return known;
  }

  /** Sets of parameters that differ for certain. */
  get distinct(): number {
    if (this.#distinct < 0) this.#distinct = distinctParameters(this.statements);
    return this.#distinct;
  }
}

export function distinctParameters(statements: readonly UnitStatement[]): number {
  const hashes = new NumberSet(statements.length);
  for (const { parameterHash } of statements) if (parameterHash !== 0) hashes.add(parameterHash);
  return hashes.size;
}

function isBatched({ batched }: UnitStatement): boolean {
  return batched;
}
