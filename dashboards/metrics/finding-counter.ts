// Counts the findings of the store by kind and severity, for the metrics.
// Invariant: the store is read once in READ_EVERY_MS at most, and no more than NEWEST_MAX findings; a new finding is
// counted once. A store that cannot be read fails no scrape. Not here: the families (catalogue/finding-families.ts).

import { FINDING_KINDS } from '../../config/values/finding-kinds.js';
import { SEVERITIES } from '../../facts/finding.js';
import { reportFindings } from '../../reports/findings.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { StoreError } from '../../storage/store-error.js';
import type { FindingCount } from './catalogue/family.js';

const READ_EVERY_MS = 5_000;
const DAY_MS = 86_400_000;
/** Some ms of reading. */
const NEWEST_MAX = 1_000;
/** Ids that are remembered as counted: as many as the store keeps. */
const COUNTED_MAX = 10_000;

/** Every kind and severity, with nothing counted. */
export function noFindings(): FindingCount[] {
  return FINDING_KINDS.flatMap((kind) => SEVERITIES.map((severity) => ({ kind, severity, open: 0, newTotal: 0 })));
}

/** For MetricsExporter. `startedMs`: of the observer. */
export function findingCounter(reader: StoreReader, startedMs: number, now = Date.now): () => readonly FindingCount[] {
  const counts = noFindings();
  const counted = new Set<string>();
  let readMs = 0;
  return () => {
    const nowMs = now();
    if (nowMs - readMs < READ_EVERY_MS) return counts;
    readMs = nowMs;
    try {
      const { findings } = reportFindings(reader, { sinceMs: nowMs - DAY_MS }, { newestMax: NEWEST_MAX });
      for (const count of counts) count.open = 0;
      for (const { id, kind, severity, state, confidence, firstSeenMs } of findings) {
        if (state !== 'open' || confidence !== 'strong') continue;
        const count = counts.find((one) => one.kind === kind && one.severity === severity)!;
        count.open++;
        if (firstSeenMs < startedMs || counted.has(id) || counted.size >= COUNTED_MAX) continue;
        counted.add(id);
        count.newTotal++;
      }
    } catch (error) {
      // The flush reports the fault of the disk.
      if (!(error instanceof StoreError)) throw error;
    }
    return counts;
  };
}
