// Units that serve again count and show the same as units of which each is new.
// So do requests that are written down when they ended.
// Traffic is drawn by a seeded generator: sessions with and without tags, transactions, pauses, verdicts that come
// late, connections that close. Not here: what a unit is (units.test.ts).

import { afterEach, describe, expect, test, vi } from 'vitest';
import { FreeUnits } from '../../analyzer/work/free-units.js';
import { NamedUnits } from '../../analyzer/work/kept/named-units.js';
import { StatementSums } from '../../analyzer/work/kept/statement-sums.js';
import type { UnitExecution } from '../../analyzer/work/kept/unit-execution.js';
import type { Unit } from '../../analyzer/work/unit.js';
import { Random } from '../../scripts/lib/fuzz/random.mjs';
import { withLimits } from '../kit/limits.js';
import { Playing, type Sent } from './playing.js';

afterEach(() => vi.restoreAllMocks());

const SESSIONS = ['one', 'two', 'three', 'four'];
const TEXTS = ['SELECT a', 'SELECT b', 'SELECT c', 'UPDATE a', 'BEGIN', 'COMMIT', 'ROLLBACK', 'PING'];

/** Plays `steps` random steps, and tells all that came of them. */
function play(seed: number, steps: number) {
  const random = new Random(seed);
  const below = (bound: number) => random.below(bound);
  const playing = new Playing();
  const unsettled: { execution: UnitExecution; sent: Sent }[] = [];
  let [at, request] = [0, 0];
  const current = new Map<string, string>();
  for (let step = 0; step < steps; step++) {
    const session = SESSIONS[below(SESSIONS.length)];
    switch (below(30)) {
      case 0:
        at += 800 + below(3_000);
        playing.pass(0);
        break;
      case 1:
        playing.close(session, 5 + below(9_000));
        current.delete(session);
        break;
      case 2:
        for (const { execution, sent } of unsettled.splice(0)) playing.settle(execution, sent);
        break;
      case 3:
      case 4:
        current.set(session, `r${below(4) === 0 ? Math.max(0, request - below(6)) : ++request}`);
        break;
      case 5:
        current.delete(session);
        break;
      default: {
        at += below(6) === 0 ? 30 : 0.5;
        const id = current.get(session) ?? '';
        const isTrace = below(3) === 0;
        const sent: Sent = {
          sql: TEXTS[below(TEXTS.length)],
          at,
          session,
          source: below(2) === 0 ? 'raw' : 'django-orm',
          ...(id !== '' && (isTrace ? { traceId: `t${id}` } : { requestId: id, traceId: `t${id}` })),
          ...(below(2) === 0 && { tags: { route: `/${below(3)}` } }),
          hash: below(3) + 1,
          rows: below(20),
          sqlstate: below(20) === 0 ? '23505' : '',
        };
        if (below(5) === 0) unsettled.push({ execution: playing.take(sent), sent });
        else playing.send(sent);
      }
    }
    if (step % 20 === 0) playing.pass(0);
  }
  for (const { execution, sent } of unsettled) playing.settle(execution, sent);
  playing.pass(60_000);
  playing.units.endAll();
  const { units, ended, findings } = playing;
  return {
    requests: playing.requests,
    statements: [...units.statements.pending()],
    counters: { ...units.counters, capped: units.statements.cappedTotal },
    kept: units.keeps.size,
    ended,
    findings: [...findings.pending()],
  };
}

describe('serving again', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('changes nothing: traffic %i', (seed) => {
    // What ends is forgotten by its id soon, so that units with ids serve again as well.
    withLimits({ requestsMax: 12 }, () => {
      const begin = vi.spyOn(FreeUnits.prototype, 'begin');
      const found = play(seed, 1_500);
      const used = begin.mock.results.map(({ value }) => value);
      expect(new Set(used).size).toBeLessThan(used.length / 2);
      const write = vi.spyOn(NamedUnits.prototype, 'write');
      const read = vi.spyOn(NamedUnits.prototype, 'read');
      expect(play(seed, 1_500)).toEqual(found);
      expect(write.mock.calls.length).toBeGreaterThan(20);
      expect(read.mock.calls.length).toBeGreaterThan(0);
      write.mockClear();
      begin.mockClear();
      vi.spyOn(FreeUnits.prototype, 'offer').mockImplementation(() => {});
      vi.spyOn(StatementSums.prototype, 'areCounted', 'get').mockReturnValue(false);
      expect(play(seed, 1_500)).toEqual(found);
      expect(write).not.toHaveBeenCalled();
      const anew = begin.mock.results.map(({ value }) => value);
      expect(new Set(anew).size).toBe(anew.length);
      expect(found.kept).toBe(0);
      expect(found.ended.length).toBeGreaterThan(100);
    });
  });

  test('takes in units whose id of the request is that of their trace', () => {
    withLimits({ requestsMax: 5 }, () => {
      const begin = vi.spyOn(FreeUnits.prototype, 'begin');
      const playing = new Playing();
      for (let n = 0; n < 300; n++) {
        playing.send({ sql: 'a', at: n * 100, requestId: `r${n}`, traceId: `r${n}` });
        if (n % 30 === 29) playing.pass(0);
      }
      const used = begin.mock.results.map(({ value }) => value);
      expect(used.length).toBe(300);
      expect(new Set(used).size).toBeLessThan(100);
    });
  });
});

test('a unit that waits to serve again holds no statement', () => {
  const playing = new Playing();
  const sent = Array.from({ length: 40 }, (_, n): Sent => ({ sql: `SELECT ${n}`, at: n, requestId: 'r1' }));
  const executions = sent.map((one) => playing.take(one));
  for (const [n, execution] of executions.entries()) playing.settle(execution, sent[n]);
  const { distinct } = executions[0].unit as Unit;
  expect(distinct.length).toBe(40);
  // Nothing but its id leads to it then.
  playing.send({ sql: 'SELECT a', at: 50, requestId: 'r2' }).pass(3_000);
  expect(distinct.length).toBe(0);
});
