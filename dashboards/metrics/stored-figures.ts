// Reads from a store what the metrics of `pgwitness serve` say of it.
// Invariant: the store is read once in READ_EVERY_MS at most, however many families ask, and reading takes at most a
// twentieth of the time. A store that cannot be read fails no scrape.
// Not here: the families (catalogue/store-families.ts).

import { MINUTE_MS } from '../../config/values/minute.js';
import { UNNAMED } from '../../facts/fleet/identity.js';
import { reportSources } from '../../reports/sources.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { StoreError } from '../../storage/store-error.js';
import type { StoredFigures } from './catalogue/family.js';

const READ_EVERY_MS = 5_000;
/** A fleet has many instances, each of which is asked. */
const REST_PER_READING = 20;
const HOUR_MS = 3_600_000;

/** For MetricsExporter; undefined = the store cannot be read now. */
export function storedFigures(reader: StoreReader, now = Date.now): () => StoredFigures | undefined {
  let figures: StoredFigures | undefined;
  let againMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = now();
    if (nowMs < againMs) return figures;
    try {
      figures = figuresOf(reader, nowMs);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      figures = undefined;
    }
    const doneMs = now();
    againMs = doneMs + Math.max(READ_EVERY_MS, REST_PER_READING * (doneMs - nowMs));
    return figures;
  };
}

function figuresOf(reader: StoreReader, nowMs: number): StoredFigures {
  const named = reader.read((stored) => stored.identities());
  const instances = (named.length === 0 ? [UNNAMED] : named).flatMap((identity) => {
    const part = named.length > 1 ? reader.within(identity) : reader;
    const { firstMinute, lastMinute } = part.read((stored) => stored.foldState());
    if (firstMinute === null || lastMinute === null) return [];
    return [{ ...identity, firstMinuteMs: firstMinute * MINUTE_MS, lastMinuteMs: lastMinute * MINUTE_MS }];
  });
  return { instances, sources: reportSources(reader, { sinceMs: nowMs - HOUR_MS, untilMs: nowMs }).totals };
}
