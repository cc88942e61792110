// Gives each finding an example: a unit of work that shows it, one an hour.
// Invariant: a unit that ended takes the place of one that went on; bounded in findings and in statements that wait for
// a flush. Not here: the store, which keeps the newest (storage/sqlite/tables/findings.ts).

import { limits } from '../../config/limits.js';
import type { FindingDelta } from '../../facts/finding.js';
import { sampledUnit } from '../../facts/work/sample.js';
import type { WorkUnit } from '../../facts/work/unit.js';

const AGAIN_MS = 3_600_000;
/** Of a long unit so many statements before the first that the finding is about. */
const BEFORE = 10;

/** The newest example of a finding. */
interface Given {
  readonly atMs: number;
  /** Its unit had ended. */
  readonly isWhole: boolean;
}

export class FindingSamples {
  /** By finding. */
  readonly #given = new Map<string, Given>();
  #statements = 0;
  /** Examples for which there was no room before a flush. */
  droppedTotal = 0;

  /** The unit shows this finding, which waits for a flush. */
  offer(delta: FindingDelta, unit: WorkUnit, isWhole: boolean): void {
    const before = this.#given.get(delta.id);
    const isDue = before === undefined || unit.firstMs - before.atMs >= AGAIN_MS || (isWhole && !before.isWhole);
    if (!isDue) return;
    const most = limits.unitSampleStatementsMax;
    const statements = this.#statements - (delta.sample?.statements.length ?? 0) + Math.min(unit.kept, most);
    if (statements > limits.unitSamplesStatementsMax) {
      this.droppedTotal++;
      return;
    }
    this.#statements = statements;
    if (before === undefined && this.#given.size >= limits.findingSamplesMax) this.#forgetOldest();
    this.#given.set(delta.id, { atMs: unit.firstMs, isWhole });
    delta.sample = sampledUnit(unit, { from: beginOf(delta, unit), most });
  }

  stored(): void {
    this.#statements = 0;
  }

  /** The new store has none. */
  storeAgain(): void {
    this.#given.clear();
  }

  #forgetOldest(): void {
    for (const oldest of this.#given.keys()) {
      this.#given.delete(oldest);
      return;
    }
  }
}

/** The first ones, if what the finding is about is among them. */
function beginOf({ statements }: FindingDelta, unit: WorkUnit): number {
  const isAbout = (fingerprint: string) => statements.some((one) => one.fingerprint === fingerprint);
  const first = unit.statements.findIndex(({ fingerprint }) => isAbout(fingerprint));
  return first < limits.unitSampleStatementsMax / 2 ? 0 : first - BEFORE;
}
