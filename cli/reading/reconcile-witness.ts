// What was witnessed of one database since a moment, as bounds per fingerprint.
// Invariant: `most` holds every execution that may lie in the window, `least` only those that must. Not here: comparing (postgres/reconcile.ts).

import type { StatementsReport } from '../../facts/answers.js';
import type { WitnessCount } from '../../postgres/reconcile.js';
import type { Place } from './place.js';

/** Steps from a moment to the next bucket that begins after it: minutes, where only hours are kept hours, else days. */
const STEPS_MS = [60_000, 3_600_000, 86_400_000] as const;

/** `sinceMs` undefined = everything ever counted. */
export async function witnessedCounts(
  place: Place,
  what: { database: string; sinceMs: number | undefined },
): Promise<{ counts: Map<string, WitnessCount>; notObserved: number }> {
  const { database, sinceMs } = what;
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
    // First seen after the moment: all of it is, whatever minute it was.
    const isYounger = sinceMs !== undefined && count.firstSeenMs >= sinceMs;
    counts.set(fingerprint, {
      query: count.query,
      most: boundOf(count),
      least: boundOf(isYounger ? count : least.get(fingerprint)),
    });
  }
  return { counts, notObserved: whole.notObserved };
}

interface Counted {
  query: string;
  calls: number;
  rows: number;
  firstSeenMs: number;
}

async function databaseReport(
  place: Place,
  what: { database: string; sinceMs: number | undefined },
): Promise<{ reports: StatementsReport[]; sinceMs: number; notObserved: number }> {
  const range = { sinceMs: what.sinceMs };
  const { pools } = await place.pools(range);
  const own = pools.filter((pool) => pool.database === what.database);
  const ask = (pool: string | undefined) =>
    place.statements({ range, filter: { pool }, sort: 'calls', limit: 0, minMs: 0, hidden: [], form: 'mergeable' });
  // Counts of pools beyond the cap stand under '(other)', which has no database: alone, a database is asked for whole.
  const others = pools.some((pool) => pool.database !== what.database && pool.database !== '' && pool.executions > 0);
  const reports = others ? await Promise.all(own.map((pool) => ask(pool.id))) : [await ask(undefined)];
  const { window, observed } = reports[0] ?? (await ask(undefined));
  return { reports, sinceMs: window.sinceMs, notObserved: observed.notObserved + unknownTexts(reports) };
}

function countsOf(reports: readonly StatementsReport[]): Map<string, Counted> {
  const counts = new Map<string, Counted>();
  for (const { statements } of reports) {
    for (const { fingerprint, query, calls, rows, firstSeenMs } of statements) {
      const before = counts.get(fingerprint) ?? { query, calls: 0, rows: 0, firstSeenMs };
      counts.set(fingerprint, {
        query,
        calls: before.calls + calls,
        rows: before.rows + rows,
        firstSeenMs: Math.min(before.firstSeenMs, firstSeenMs),
      });
    }
  }
  return counts;
}

/** Executions counted under "text unknown": the server has them under their own texts. */
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
