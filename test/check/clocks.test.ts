// Tests that the silence of an observer is measured by the clock of where it stores.
// Invariant: the clock of another machine says nothing of it. Not here: what else is no pass (judge.test.ts).

import { expect, test } from 'vitest';
import { openPlaces } from '../../cli/reading/place.js';
import { unwatchedDoubts } from '../../reports/check/doubts.js';
import { mergeWatched, type WatchedReport } from '../../reports/watched/watched.js';
import { watchedFromJson, watchedJson } from '../../reports/watched/watched-json.js';
import { ORM, storeOf } from './judged.js';

/** As a sidecar whose clock is off by `skewMs` answers, `silentMs` after its last flush. */
async function answered(skewMs: number, silentMs: number): Promise<WatchedReport> {
  const place = await openPlaces({ directories: [storeOf([{ of: ORM }])], urls: [] });
  try {
    const askedMs = Date.now() + skewMs;
    const watched = { ...(await place.watched({})), unwatched: [], askedMs, storedUntilMs: askedMs - silentMs };
    return watchedFromJson(JSON.parse(JSON.stringify(watchedJson(watched))));
  } finally {
    place.close();
  }
}

const doubted = (watched: WatchedReport): number[] =>
  unwatchedDoubts({ watched, isRun: false, untilMs: undefined }).map(({ amount }) => amount);

test.each([-3_600_000, 0, 3_600_000])('a clock that is off by %d ms', async (skewMs) => {
  expect(doubted(await answered(skewMs, 2_000))).toEqual([]);
  expect(doubted(await answered(skewMs, 50_000))).toEqual([50_000]);
});

test('of several places the one that is silent counts, whatever their clocks say', async () => {
  const [behind, ahead] = [await answered(-3_600_000, 2_000), await answered(3_600_000, 50_000)];
  expect(doubted(mergeWatched([behind, ahead]))).toEqual([50_000]);
  expect(doubted(mergeWatched([ahead, behind]))).toEqual([50_000]);
  expect(doubted(mergeWatched([behind, await answered(0, 1_000)]))).toEqual([]);
});

test('what a sidecar says of lost statements comes over whole', async () => {
  const lost = { reason: 'cut_off', fingerprint: ORM, source: 'raw', construct: '', pool: 'p', query: '', summary: '' };
  const lostStatements = [false, true].map((mayPrecede) => ({ ...lost, count: 1, mayPrecede }));
  const json = watchedJson({ ...(await answered(0, 0)), lostStatements });
  expect(watchedFromJson(json).lostStatements).toEqual(lostStatements);
});

test('a data directory is asked by the clock of this machine', async () => {
  const place = await openPlaces({ directories: [storeOf([{ of: ORM }])], urls: [] });
  const before = Date.now();
  const { askedMs } = await place.watched({});
  expect(askedMs).toBeGreaterThanOrEqual(before);
  expect(askedMs).toBeLessThanOrEqual(Date.now());
  place.close();
});
