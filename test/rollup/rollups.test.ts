// Counting: rows and their caps, tag sets and their caps, minutes that are over.

import { describe, expect, test } from 'vitest';
import { Rollups, whereOf } from '../../analyzer/rollup/rollups.js';
import { TagRollups } from '../../analyzer/rollup/tag-rollups.js';
import type { Measured } from '../../facts/rollup-row.js';
import type { Verdict } from '../../facts/verdict.js';

const MINUTE_MS = 60_000;
const verdict: Verdict = { source: 'raw', construct: 'cursor', confidence: 'strong', evidence: [] };

function measured(minute: number, more: Partial<Measured> = {}): Measured {
  return {
    completedAtMs: minute * MINUTE_MS + 1,
    sqlstate: '',
    command: 'SELECT',
    rows: 2,
    requestBytes: 10,
    responseBytes: 20,
    serviceNs: 1000,
    waitNs: 0,
    firstRowNs: -1,
    clientStallNs: 0,
    parameterHash: 0,
    parameterCount: 0,
    parametersCut: false,
    batched: false,
    ...more,
  };
}

describe('rollups', () => {
  const limits = { rollupRowsPerMinuteMax: 4, minuteClosesAfterMs: MINUTE_MS };
  const add = (rollups: Rollups, fingerprint: string, of = measured(100), pool = 'p') =>
    rollups.add(of, { fingerprint, pool, verdict, where: whereOf(pool, verdict.source, verdict.construct) });

  test('calls, errors, batched ones', () => {
    const rollups = new Rollups(limits);
    add(rollups, 'a');
    add(rollups, 'a', measured(100, { sqlstate: '23505', serviceNs: 3000 }));
    add(rollups, 'a', measured(100, { batched: true, serviceNs: 9 }));
    const [row] = rollups.pending();
    expect(row).toMatchObject({ calls: 2, callsStrong: 2, batchedCalls: 1, errors: 1, rows: 4, serviceTotalNs: 4009 });
    expect([row.serviceMinNs, row.serviceMaxNs, row.histogram.count]).toEqual([1000, 3000, 2]);
    expect(row.errorsBySqlstate).toEqual(new Map([['23505', 1]]));
  });

  test('what is stored begins anew, what was not stored stays', () => {
    const rollups = new Rollups(limits);
    add(rollups, 'a');
    expect(rollups.pending()).toHaveLength(1);
    rollups.stored();
    rollups.closeMinutes(101 * MINUTE_MS);
    expect(rollups.pending()).toHaveLength(0);
    add(rollups, 'a');
    expect(rollups.pending()[0].calls).toBe(1);
  });

  test('a row serves again under another key, in the same minute and in another', () => {
    const rollups = new Rollups(limits);
    add(rollups, 'a', measured(100, { sqlstate: '23505' }));
    const [row] = rollups.pending();
    rollups.stored();
    add(rollups, 'b', measured(101), 'q');
    expect(rollups.pending()).toEqual([row]);
    expect(row.key).toMatchObject({ minute: 101, fingerprint: 'b', pool: 'q' });
    expect([row.calls, row.errors, row.errorsBySqlstate, row.histogram.count]).toEqual([1, 0, undefined, 1]);
    add(rollups, 'a');
    expect(rollups.pending().map(({ key }) => key.fingerprint)).toEqual(['b', 'a']);
  });

  test('keys count for the cap of their minute after their rows were stored', () => {
    const rollups = new Rollups(limits);
    for (const fingerprint of ['a', 'b', 'c', 'd']) {
      add(rollups, fingerprint);
      rollups.stored();
    }
    add(rollups, 'e');
    add(rollups, 'a');
    expect(rollups.pending().map(({ key }) => [key.fingerprint, key.pool])).toEqual([
      ['e', '(other)'],
      ['a', 'p'],
    ]);
  });

  test('beyond the cap first the pool is given up, then the fingerprint; nothing is lost', () => {
    const rollups = new Rollups(limits);
    for (let i = 0; i < 20; i++) add(rollups, `f${i}`);
    const rows = rollups.pending();
    expect(rows.length).toBeLessThanOrEqual(7);
    expect(rows.map(({ key }) => key.pool)).toContain('(other)');
    expect(rows.map(({ key }) => key.fingerprint)).toContain('(other)');
    expect(rows.reduce((sum, row) => sum + row.calls, 0)).toBe(20);
    expect(rollups.cappedTotal).toBe(16);
  });

  test('what comes for a closed minute goes to the oldest open one', () => {
    const rollups = new Rollups(limits);
    add(rollups, 'a');
    rollups.stored();
    rollups.closeMinutes(103 * MINUTE_MS);
    add(rollups, 'a', measured(100));
    expect(rollups.pending()[0].key.minute).toBe(102);
    expect(rollups.lateTotal).toBe(1);
  });
});

describe('tag rollups', () => {
  const limits = { tagSetsPerFingerprintMax: 3, tagSetsMax: 5 };
  const add = (tags: TagRollups, fingerprint: string, tagSet: string, minute = 100) =>
    tags.add(measured(minute), { fingerprint, source: 'raw', tagSet });
  const sets = (tags: TagRollups) =>
    [...tags.pending()].map(({ fingerprint, tagSet, calls }) => `${fingerprint} ${tagSet} ${calls}`);

  test('sets per fingerprint and in all are bounded, the rest is (other)', () => {
    const tags = new TagRollups(limits);
    for (const set of ['1', '2', '3', '4', '5', '1']) add(tags, 'a', set);
    for (const set of ['1', '2', '3']) add(tags, 'b', set);
    expect(sets(tags)).toEqual(['a 1 2', 'a 2 1', 'a 3 1', 'a (other) 2', 'b 1 1', 'b 2 1', 'b (other) 1']);
    expect(tags.cappedTotal).toBe(3);
  });

  test('sets that were not seen for an hour make room', () => {
    const tags = new TagRollups(limits);
    for (const set of ['1', '2', '3']) add(tags, 'a', set);
    add(tags, 'a', '3', 150);
    tags.stored();
    add(tags, 'a', '4', 170);
    add(tags, 'a', '3', 170);
    expect(sets(tags)).toEqual(['a 4 1', 'a 3 1']);
  });
});
