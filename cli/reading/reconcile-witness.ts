// Reads how often pgwitness counted each statement of a database since a moment, as bounds.
// Invariant: `most` holds every execution that may lie in the window, `least` only those that must, and `doubtful` the
// rest.
// Not here: comparing (own-queries/reconcile.ts).

import type { StatementsReport } from '../../facts/answers.js';
import type { WitnessCount } from '../../own-queries/reconcile.js';
import type { Place } from './place.js';

/** Lengths of buckets. The window of `least` begins at the next bucket; old data is kept only by the hour or day. */
const STEPS_MS = [60_000, 3_600_000, 86_400_000] as const;

/** `sinceMs` undefined = everything stored. */
export async function witnessedCounts(
  place: Place,
  window: { database: string; sinceMs: number | undefined },
): Promise<{ counts: Map<string, WitnessCount>; notObserved: number }> {
  const { database, sinceMs } = window;
  const whole = await databaseReport(place, { database, sinceMs });
  const most = countsOf(whole.reports);
  let least = most;
  if (sinceMs !== undefined && whole.sinceMs < sinceMs) {
    for (const step of STEPS_MS) {
      const inside = await databaseReport(place, { database, sinceMs: Math.ceil(sinceMs / step) * step });
      least = countsOf(inside.reports);
      if (inside.sinceMs >= sinceMs) break;
    }
  }
  const counts = new Map<string, WitnessCount>();
  for (const [fingerprint, count] of most) {
    // First seen after the moment, so all its executions are, even those in the same minute.
    const isYounger = sinceMs !== undefined && count.firstSeenMs >= sinceMs;
    const inside = boundOf(isYounger ? count : least.get(fingerprint));
    counts.set(fingerprint, {
      query: count.query,
      isHousekeeping: count.isHousekeeping,
      most: boundOf(count),
      least: inside,
      doubtful: { calls: count.calls - inside.calls, rows: count.rows - inside.rows },
    });
  }
  return { counts, notObserved: whole.notObserved };
}

interface Counted {
  query: string;
  isHousekeeping: boolean;
  calls: number;
  rows: number;
  firstSeenMs: number;
}

async function databaseReport(
  place: Place,
  window: { database: string; sinceMs: number | undefined },
): Promise<{ reports: StatementsReport[]; sinceMs: number; notObserved: number }> {
  const { database, sinceMs } = window;
  const range = { sinceMs };
  const { pools } = await place.pools(range);
  const own = pools.filter((pool) => pool.database === database);
  const ask = (pool: string | undefined) =>
    place.statements({ range, filter: { pool }, sort: 'calls', limit: 0, minMs: 0, hidden: [], form: 'mergeable' });
  // Pools beyond the maximum are counted under '(other)', which has no database. A single database needs no split by
  // pool.
  const others = pools.some((pool) => pool.database !== database && pool.database !== '' && pool.executions > 0);
  const reports = others ? await Promise.all(own.map((pool) => ask(pool.id))) : [await ask(undefined)];
  const { window: read, observed } = reports[0] ?? (await ask(undefined));
  return { reports, sinceMs: read.sinceMs, notObserved: observed.notObserved + unknownTexts(reports) };
}

function countsOf(reports: readonly StatementsReport[]): Map<string, Counted> {
  const counts = new Map<string, Counted>();
  for (const { statements } of reports) {
    for (const { fingerprint, source, query, calls, rows, firstSeenMs } of statements) {
      const before = counts.get(fingerprint) ?? { query, isHousekeeping: true, calls: 0, rows: 0, firstSeenMs };
      counts.set(fingerprint, {
        query,
        isHousekeeping: before.isHousekeeping && source === 'housekeeping',
        calls: before.calls + calls,
        rows: before.rows + rows,
        firstSeenMs: Math.min(before.firstSeenMs, firstSeenMs),
      });
    }
  }
  return counts;
}

/** Executions whose text is unknown here; the server counts them under their texts. */
function unknownTexts(reports: readonly StatementsReport[]): number {
  let calls = 0;
  for (const { statements } of reports) {
    for (const facts of statements) if (facts.fingerprint === 'x000000000000000') calls += facts.calls;
  }
  return calls;
}

function boundOf(count: Counted | undefined): { calls: number; rows: number } {
  return { calls: count?.calls ?? 0, rows: count?.rows ?? 0 };
}
