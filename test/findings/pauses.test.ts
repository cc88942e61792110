// Pauses inside of transactions, however long: they show while they last, and count whole.
// The clock is the test's. Not here: each rule's edges (rules.test.ts), real traffic (live.test.ts).

import { describe, expect, test } from 'vitest';
import type { FindingDelta } from '../../facts/finding.js';
import { Playing } from '../work/playing.js';

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
