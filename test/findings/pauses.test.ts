// Pauses inside of transactions, however long: they show while they last, and count whole.
// The clock is the test's. Not here: each rule's edges (rules.test.ts), real traffic (live.test.ts).

import { describe, expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import type { FindingDelta } from '../../facts/finding.js';
import { Playing, type Sent } from '../work/playing.js';
import { times } from './units.js';

const HOUR_MS = 3_600_000;
const NS_PER_S = 1e9;

/** A transaction that has written, and sends nothing more. */
function left(): Playing {
  return new Playing().send({ sql: 'BEGIN', at: 0 }, { sql: 'UPDATE item', at: 2 });
}

function deltaOf({ findings }: Playing, kind: string): FindingDelta | undefined {
  return [...findings.pending()].find((delta) => delta.kind === kind);
}

describe('a pause inside of a transaction', () => {
  test.each([5, 29, 31, 90, 1_000])('of %i s is found, long after it began, and counts to its end', (seconds) => {
    const playing = left().pass(seconds * 1_000);
    const live = deltaOf(playing, 'idle-in-transaction')!;
    expect(live).toMatchObject({ units: 1, times: 1 });
    expect(live.costNs / NS_PER_S).toBeGreaterThan(seconds * 0.94 - 1);
    playing.send({ sql: 'COMMIT', at: seconds * 1_000 + 3 }).pass(3_000);
    const ended = deltaOf(playing, 'idle-in-transaction')!;
    expect(ended).toMatchObject({ units: 1, times: 1 });
    expect(ended.costNs / NS_PER_S).toBeCloseTo(seconds, 5);
    expect(deltaOf(playing, 'long-transaction')?.units).toBe(seconds >= 30 ? 1 : undefined);
  });

  test('is found from the time on that the configuration gives, though it is over 30 s', () => {
    const thresholds = [{ kind: 'idle-in-transaction', after: 60_000 } as const];
    const playing = left();
    playing.findings.reconfigure({ thresholds, readOnly: [], migrated: [], accepted: [] });
    playing.pass(58_000);
    expect(deltaOf(playing, 'idle-in-transaction')).toBeUndefined();
    playing.pass(5_000);
    expect(deltaOf(playing, 'idle-in-transaction')?.costNs).toBeGreaterThan(60 * NS_PER_S);
  });

  test('that its connection ends counts as long as it was seen', () => {
    const playing = left().pass(90_000);
    const seen = deltaOf(playing, 'idle-in-transaction')!.costNs;
    playing.close('one', 90_000).pass(2_000);
    expect(playing.ended).toHaveLength(1);
    expect(deltaOf(playing, 'idle-in-transaction')).toMatchObject({ units: 1, times: 1, costNs: seen });
    expect(deltaOf(playing, 'long-transaction')?.units).toBe(1);
  });

  test('is one of the connection that goes on: its twin, which commits first, has none', () => {
    const playing = new Playing().send(
      { sql: 'BEGIN', at: 0 },
      { sql: 'UPDATE item', at: 2 },
      { sql: 'COMMIT', at: 4 },
    );
    playing.pass(90_000).send({ sql: 'SELECT item', at: 90_010 }).pass(3_000);
    expect([...playing.findings.pending()]).toEqual([]);
  });

  test('does not hold its unit for ever', () => {
    const playing = left().pass(HOUR_MS - 10_000);
    expect(playing.ended).toEqual([]);
    playing.pass(20_000);
    expect(playing.ended).toHaveLength(1);
  });
});

describe('a unit that waits in its transaction for over 30 s', () => {
  const QUERIES = 40;
  const SENT = QUERIES + 6;
  /** A loop of queries, one read three times, an earlier pause of 2 s, and then nothing more. */
  function looping(session = 'one', requestId = 'r1'): Sent[] {
    const tags = { route: '/a' };
    const of = (sql: string, at: number, hash?: number): Sent => ({ sql, at, hash, session, requestId, tags });
    return [
      of('BEGIN', 0),
      ...times(QUERIES, (n) => of('SELECT item', 2 + 2 * n, n + 1)),
      ...times(3, (n) => of('SELECT shop', 100 + 2 * n, 1)),
      of('UPDATE item', 2_100),
      of('UPDATE order', 2_102),
    ];
  }
  const pauseMs = ({ findings }: Playing) => {
    const found = [...findings.pending()].filter(({ kind }) => kind === 'idle-in-transaction');
    return found.reduce((sum, { costNs }) => sum + costNs, 0) / 1e6;
  };

  test('gives up its statements but those of its pauses, and what they show is told once', () => {
    const playing = new Playing().send(...looping());
    const [unit] = playing.units.open();
    playing.pass(29_000);
    expect(unit.kept).toBe(SENT);
    expect(deltaOf(playing, 'duplicate')).toBeUndefined();
    playing.pass(3_000);
    expect(unit.statements.map(({ fingerprint }) => fingerprint)).toEqual([
      ...['BEGIN', 'SELECT item', 'SELECT shop', 'UPDATE item', 'UPDATE order'],
    ]);
    expect(unit.statementsDropped).toBe(SENT - 5);
    expect(deltaOf(playing, 'n-plus-one')).toMatchObject({ units: 1, times: QUERIES, confidence: 'strong' });
    expect(deltaOf(playing, 'duplicate')).toMatchObject({ units: 1, times: 2 });
    const { at, ...commit } = { ...looping()[0], sql: 'COMMIT' };
    playing
      .pass(600_000)
      .send({ ...commit, at: 640_000 })
      .pass(3_000);
    expect(playing.ended).toHaveLength(1);
    expect(deltaOf(playing, 'n-plus-one')).toMatchObject({ units: 1, times: QUERIES });
    expect(deltaOf(playing, 'duplicate')).toMatchObject({ units: 1, times: 2 });
    expect(deltaOf(playing, 'n-plus-one')?.sample?.statements).toHaveLength(SENT);
    const firstPauseMs = 2_100 - 105;
    expect(pauseMs(playing)).toBeCloseTo(firstPauseMs + 640_000 - 2_103, 0);
    expect(deltaOf(playing, 'long-transaction')).toMatchObject({ units: 1, costNs: 640_001e6 });
  });

  test('leaves room for the statements of all others', () => {
    const playing = new Playing();
    const units = Math.ceil(limits.unitsStatementsMax / SENT);
    for (let n = 0; n < units; n++) playing.send(...looping(`s${n}`, `r${n}`));
    playing.pass(35_000);
    const dropped = playing.units.counters.unitStatementsDroppedTotal;
    playing.send(...looping('next', 'next').map((one) => ({ ...one, at: one.at + 40_000 })));
    expect(playing.units.counters.unitStatementsDroppedTotal).toBe(dropped);
  });
});
