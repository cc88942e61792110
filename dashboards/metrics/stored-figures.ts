// Reads from a store what the metrics of `pgwitness serve` say of it.
// Invariant: the store is read once in READ_EVERY_MS at most, however many families ask; a store that cannot be read
// fails no scrape. Not here: the families (catalogue/store-families.ts).

import { UNNAMED } from '../../facts/fleet/identity.js';
import { reportSources } from '../../reports/sources.js';
import { reportStatus } from '../../reports/status.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { StoreError } from '../../storage/store-error.js';
import type { StoredFigures } from './catalogue/family.js';

const READ_EVERY_MS = 5_000;
const HOUR_MS = 3_600_000;

/** For MetricsExporter; undefined = the store cannot be read now. */
export function storedFigures(reader: StoreReader, now = Date.now): () => StoredFigures | undefined {
  let figures: StoredFigures | undefined;
  let readMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = now();
    if (nowMs - readMs < READ_EVERY_MS) return figures;
    readMs = nowMs;
    try {
      figures = figuresOf(reader, nowMs);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      figures = undefined;
    }
    return figures;
  };
}

function figuresOf(reader: StoreReader, nowMs: number): StoredFigures {
  const named = reader.read((stored) => stored.identities());
  const instances = (named.length === 0 ? [UNNAMED] : named).flatMap((identity) => {
    const { firstMinuteMs, lastMinuteMs } = reportStatus(named.length > 1 ? reader.within(identity) : reader);
    return firstMinuteMs === null || lastMinuteMs === null ? [] : [{ ...identity, firstMinuteMs, lastMinuteMs }];
  });
  return { instances, sources: reportSources(reader, { sinceMs: nowMs - HOUR_MS, untilMs: nowMs }).totals };
}
