// Keeps of each route the slowest unit of the hour, and one drawn at random, until they are stored.
// Invariant: of an hour the store keeps the unit with the highest rank: its time, or a random number. So samples of
// several flushes, processes and hours merge into one as if they had been drawn together. Bounded in units and in
// statements. Not here: which units there are (units.ts), the table (storage/sqlite/tables/unit-samples.ts).

import { limits } from '../../config/limits.js';
import type { Pending } from '../../facts/pending.js';
import type { SampleKind, UnitSample } from '../../facts/rollup-row.js';
import { sampledUnit } from '../../facts/work/sample.js';
import type { Unit } from './unit.js';

const HOUR_MS = 3_600_000;

/** Ranks that a unit has to exceed. */
type Bars = Record<SampleKind, number>;

export class UnitSamples implements Pending<UnitSample> {
  readonly #random: () => number;
  /** By hour and route. */
  readonly #bars = new Map<string, Bars>();
  #waiting = new Map<string, UnitSample>();
  #statements = 0;
  /** Times that a sample was not kept, because too many statements of others waited. */
  droppedTotal = 0;

  /** `random`: from 0 to 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** A unit ended that was counted. Most are compared with two numbers and not kept. */
  offer(unit: Unit): void {
    const { found, tagSet } = unit.counted!;
    const key = `${Math.floor(unit.firstMs / HOUR_MS)}\0${found}\0${tagSet}`;
    let bars = this.#bars.get(key);
    if (bars === undefined) {
      if (this.#bars.size >= limits.routesMax) this.#forgetOldest();
      bars = { slowest: 0, random: 0 };
      this.#bars.set(key, bars);
    }
    this.#keep(unit, { kind: 'slowest', rank: unit.sums.serviceNs, key, bars });
    this.#keep(unit, { kind: 'random', rank: this.#random(), key, bars });
  }

  pending(): Iterable<UnitSample> {
    return this.#waiting.values();
  }

  stored(): void {
    this.#waiting = new Map();
    this.#statements = 0;
  }

  /** The new store has none of those that were outranked. */
  storeAgain(): void {
    this.#bars.clear();
  }

  #keep(unit: Unit, as: { kind: SampleKind; rank: number; key: string; bars: Bars }): void {
    const { kind, rank, bars } = as;
    if (rank <= bars[kind]) return;
    const key = `${kind}\0${as.key}`;
    const before = this.#waiting.get(key)?.statements.length ?? 0;
    const statements = this.#statements - before + Math.min(unit.kept, limits.unitSampleStatementsMax);
    if (statements > limits.unitSamplesStatementsMax) {
      this.droppedTotal++;
      return;
    }
    this.#statements = statements;
    bars[kind] = rank;
    this.#waiting.set(key, sampleOf(unit, kind, rank));
  }

  #forgetOldest(): void {
    for (const oldest of this.#bars.keys()) {
      this.#bars.delete(oldest);
      return;
    }
  }
}

function sampleOf(unit: Unit, kind: SampleKind, rank: number): UnitSample {
  const { found, tagSet } = unit.counted!;
  return { ...sampledUnit(unit, { most: limits.unitSampleStatementsMax }), found, tagSet, kind, rank };
}
