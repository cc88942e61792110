// Keeps of each route the slowest unit of the hour, and one drawn at random, until they are stored.
// Invariant: of an hour the store keeps the unit with the highest rank: its time, or a random number. So samples of
// several flushes, processes and hours merge into one as if they had been drawn together. Bounded in units and in
// statements. Not here: which units there are (units.ts), the table (storage/sqlite/tables/unit-samples.ts).

import { limits } from '../../config/limits.js';
import type { Pending } from '../../facts/pending.js';
import type { Found, SampleKind, UnitSample } from '../../facts/rollup-row.js';
import { sampledUnit } from '../../facts/work/sample.js';
import type { Unit } from './unit.js';

const HOUR_MS = 3_600_000;

/** Ranks that a unit has to exceed. */
interface Bars extends Record<SampleKind, number> {
  readonly hour: number;
  readonly found: Found;
  readonly tagSet: string;
  /** Of all three. */
  readonly key: string;
}

export class UnitSamples implements Pending<UnitSample> {
  readonly #random: () => number;
  /** By hour and route. */
  readonly #bars = new Map<string, Bars>();
  /** Those of the last unit: most are of one route, and looking them up takes a key. */
  #last: Bars | undefined = undefined;
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
    const bars = this.#barsOf(unit);
    const { serviceNs } = unit.sums;
    if (serviceNs > bars.slowest) this.#keep(unit, { kind: 'slowest', rank: serviceNs, bars });
    const drawn = this.#random();
    if (drawn > bars.random) this.#keep(unit, { kind: 'random', rank: drawn, bars });
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
    this.#last = undefined;
  }

  #barsOf(unit: Unit): Bars {
    const hour = Math.floor(unit.firstMs / HOUR_MS);
    const { found, tagSet } = unit.counted!;
    const last = this.#last;
    if (last !== undefined && last.hour === hour && last.found === found && last.tagSet === tagSet) return last;
    const key = `${hour}\0${found}\0${tagSet}`;
    let bars = this.#bars.get(key);
    if (bars === undefined) {
      if (this.#bars.size >= limits.routesMax) this.#forgetOldest();
      bars = { slowest: 0, random: 0, hour, found, tagSet, key };
      this.#bars.set(key, bars);
    }
    this.#last = bars;
    return bars;
  }

  /** Its rank exceeds the bar. */
  #keep(unit: Unit, { kind, rank, bars }: { kind: SampleKind; rank: number; bars: Bars }): void {
    const key = `${kind}\0${bars.key}`;
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
