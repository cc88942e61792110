// A unit whose statements are mostly as the one before keeps each, with its traits and its name.
// Statements are drawn by a seeded generator, from few texts, so that most repeat some of those before.

import { describe, expect, test } from 'vitest';
import { KeptStatements } from '../../analyzer/work/kept/kept-statements.js';
import { type UnitExecution, unfilledExecution } from '../../analyzer/work/kept/unit-execution.js';
import { UnitName } from '../../analyzer/work/kept/unit-name.js';
import { Unit } from '../../analyzer/work/unit.js';
import { TRAITS, traitsOf, type UnitStatement } from '../../facts/work/unit.js';
import { Random } from '../../scripts/lib/fuzz/random.mjs';

const ROUTES = ['', '{"db_driver":"django"}', '{"route":"/a"}', '{"route":"/b"}'];

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
    const unitTagSet = text('tagSet', ...ROUTES);
    const statement: UnitStatement = {
      fingerprint: `f${this.#below(5)}`,
      session: text('session', 's1', 's2'),
      startMs: atMs - this.#below(20),
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
      tagSet: unitTagSet,
    };
    this.#last = statement;
    return { execution: { ...unfilledExecution(), ...statement, unitTagSet }, statement, unitTagSet };
  }

  #below(bound: number): number {
    return this.#random.below(bound);
  }
}

describe('a unit keeps and shows what was drawn', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])('traffic %i', (seed) => {
    const drawing = new Drawing(seed);
    const kept = new KeptStatements(10_000);
    const unit = new Unit('tags', kept);
    const name = new UnitName();
    let expected: UnitStatement[] = [];
    let traits = 0;
    let atMs = 1_000;
    for (let n = 0; n < 400; n++) {
      // Few at a time: what a unit shows early is soon all there is.
      if (n % 25 === 0) {
        unit.beginAnew('tags');
        name.clear();
        expected = [];
        traits = 0;
      }
      atMs += seed % 2 === 0 ? 1 : 30;
      const { execution, statement, unitTagSet } = drawing.next(atMs);
      const { source, construct, pool, tagSet } = statement;
      const where = `${source} ${construct} ${pool}`;
      unit.add(execution);
      unit.settle(execution, { where, source, construct, pool, tagSet, unitTagSet }, n % 25 !== 20);
      if (unitTagSet !== '') name.offer(unitTagSet, statement.startMs);
      traits |= traitsOf(statement);
      if (n % 25 !== 20) expected.push(statement);
      const started = [...expected].sort(
        (a, b) => a.startMs - b.startMs || a.endMs - b.endMs || (a.session < b.session ? -1 : 1),
      );
      expect(unit.statements).toEqual(started);
      expect(unit.traits & ~(TRAITS.repeats | TRAITS.sessions)).toBe(traits);
      expect(unit.tagSet).toBe(name.tagSet);
    }
    unit.strip();
    expect(kept.size).toBe(0);
  });
});
