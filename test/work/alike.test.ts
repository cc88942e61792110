// A unit whose statements are mostly as the one before keeps each, with its traits and its name.
// Also where it takes over others, or rests. Statements are drawn by a seeded generator, from few texts and moments.

import { describe, expect, test } from 'vitest';
import { withoutCaller } from '../../analyzer/attribution/comments/tag-set.js';
import { KeptStatements } from '../../analyzer/work/kept/kept-statements.js';
import { type UnitExecution, unfilledExecution } from '../../analyzer/work/kept/unit-execution.js';
import { UnitName } from '../../analyzer/work/kept/unit-name.js';
import { Unit } from '../../analyzer/work/unit.js';
import { TRAITS, traitsOf, type UnitStatement } from '../../facts/work/unit.js';
import { Random } from '../../scripts/lib/fuzz/random.mjs';

const TAG_SETS = [
  '',
  '{"caller":"a.py:1","db_driver":"django"}',
  ...['/a', '/b'].map((route) => JSON.stringify({ route })),
];
TAG_SETS.push('{"caller":"b.py:2","route":"/a"}');

class Drawing {
  readonly #random: Random;
  #last: UnitStatement | undefined = undefined;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** Each text is that of the last one, nine times of ten. */
  next(atMs: number): { execution: UnitExecution; statement: UnitStatement; unitTagSet: string } {
    const text = <Text extends string>(name: keyof UnitStatement, ...texts: Text[]): Text => {
      const last = this.#last?.[name] as Text | undefined;
      return last === undefined || this.#below(10) === 0 ? texts[this.#below(texts.length)] : last;
    };
    const source = text('source', 'raw', 'django-orm', 'housekeeping');
    const tagSet = text('tagSet', ...TAG_SETS);
    const unitTagSet = withoutCaller(tagSet);
    const statement: UnitStatement = {
      fingerprint: `f${this.#below(5)}`,
      session: text('session', 's1', 's2'),
      startMs: atMs - 10 * this.#below(4),
      endMs: atMs,
      serviceNs: this.#below(9_000),
      rows: this.#below(8) === 0 ? 7 : this.#below(2),
      sqlstate: text('sqlstate', '', '23505'),
      command: text('command', 'SELECT', 'UPDATE'),
      batched: this.#below(3) === 0,
      reads: text('reads', '', 'rows', 'all'),
      housekeeping: text('housekeeping', '', 'begin'),
      transactionBefore: text('transactionBefore', '', 'I', 'T', 'E'),
      transactionAfter: text('transactionAfter', '', 'I', 'T', 'E'),
      parameterHash: this.#below(2 ** 31),
      parameterCount: this.#below(70_000),
      parametersCut: this.#below(3) === 0,
      source,
      construct: text('construct', 'queryset', 'cursor'),
      pool: text('pool', 'p1', 'p2'),
      tagSet,
    };
    this.#last = statement;
    return { execution: { ...unfilledExecution(), ...statement, unitTagSet }, statement, unitTagSet };
  }

  #below(bound: number): number {
    return this.#random.below(bound);
  }
}

describe('a unit keeps and shows what was drawn', () => {
  test.each(Array.from({ length: 24 }, (_, n) => n))('traffic %i', (seed) => {
    const drawing = new Drawing(seed);
    const kept = new KeptStatements(10_000);
    const [unit, part] = [new Unit('tags', kept), new Unit('burst', kept)];
    const name = new UnitName();
    let expected: UnitStatement[] = [];
    let traits = 0;
    let atMs = 1_000;
    /** Into the unit, or into one that it takes over. */
    const take = (into: Unit, keep: boolean): void => {
      atMs += 10 * (seed % 3);
      const { execution, statement, unitTagSet } = drawing.next(atMs);
      const { source, construct, pool, tagSet } = statement;
      into.add(execution);
      into.settle(execution, { source, construct, pool, tagSet, unitTagSet }, keep);
      if (unitTagSet !== '') name.offer(unitTagSet, statement.startMs);
      traits |= traitsOf(statement);
      if (keep) expected.push(statement);
    };
    for (let n = 0; n < 600; n++) {
      // Few at a time: what a unit shows early is soon all there is.
      if (n % 12 === 0) {
        unit.beginAnew('tags');
        name.clear();
        expected = [];
        traits = 0;
      }
      take(unit, n % 12 !== 5);
      if (n % 36 === 8) {
        unit.rest();
        expected = [...unit.statements];
      }
      if (n % 24 === 15) {
        part.beginAnew('burst');
        for (let more = 0; more < 3; more++) take(part, true);
        unit.absorb(part);
      }
      expect(sorted(unit.statements)).toEqual(sorted(expected));
      expect(unit.statements.map(({ startMs }) => startMs)).toEqual(
        expected.map(({ startMs }) => startMs).sort(ascending),
      );
      expect(unit.traits & ~(TRAITS.repeats | TRAITS.sessions)).toBe(traits);
      expect(unit.tagSet).toBe(name.tagSet);
    }
    unit.strip();
    expect(kept.size).toBe(0);
  });
});

/** In an order that tells all of them apart. */
function sorted(statements: readonly UnitStatement[]): string[] {
  return statements.map((one) => JSON.stringify(Object.entries(one).sort())).sort();
}

function ascending(a: number, b: number): number {
  return a - b;
}
