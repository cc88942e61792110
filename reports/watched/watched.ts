// The completeness of a window: what was lost in it, and for which time nobody can vouch.
// Invariant: bounds are to the minute, not to the buckets of counts: a loss before the window is none of it.
// Not here: judging it (reports/check/doubts.ts), what was counted (reports/statements.ts).

import { MINUTE_MS, minuteOf } from '../../config/values/minute.js';
import type { Window } from '../../facts/answers.js';
import type { GapReason } from '../../facts/flush.js';
import { addAll } from '../../facts/sums.js';
import { lossesIn } from '../../storage/reading/observed.js';
import type { LostStatement } from '../../storage/reading/other-rows.js';
import type { TimeBounds } from '../../storage/reading/span.js';
import type { StoreReader } from '../../storage/reading/stored-facts.js';
import { type BypassedReport, bypassedIn, mergeBypassed } from './bypassed.js';
import { minutesOf, type Unwatched, unwatchedIn } from './unwatched.js';

export interface Gap extends Window {
  readonly reason: GapReason;
}

export interface WatchedReport {
  /** From the first to the last minute with anything in it; null while there is none. */
  readonly recorded: Window | null;
  /** Executions that were lost, all reasons together. */
  readonly notObserved: number;
  /** By reason; some count sessions (docs/LIMITS.md). */
  readonly losses: ReadonlyMap<string, number>;
  /** Of the losses, those that say only that something could not be read. */
  readonly unreadable: ReadonlyMap<string, number>;
  /** Of the losses, those whose text was known. */
  readonly lostStatements: readonly LostStatement[];
  readonly gaps: readonly Gap[];
  /** Stretches in which no observer ran, from the start that was asked for, or the first record, to now. */
  readonly unwatched: readonly Unwatched[];
  /** Samples of connections past pgwitness; null = none was taken. */
  readonly bypassed: BypassedReport | null;
  /** The last flush that had a relay, of which everything can be read; null while there was none. */
  readonly storedUntilMs: number | null;
  /** When it was asked, by the clock of where it is stored. */
  readonly askedMs: number;
  /** Since when the store takes nothing; null while it does. */
  readonly unstoredSinceMs: number | null;
}

/** Throws StoreError. */
export function reportWatched(reader: StoreReader, bounds: TimeBounds = {}): WatchedReport {
  return reader.read((stored) => {
    const askedMs = Date.now();
    const since = bounds.sinceMs === undefined ? 0 : minuteOf(bounds.sinceMs);
    const until = bounds.untilMs === undefined ? Number.MAX_SAFE_INTEGER : Math.ceil(bounds.untilMs / MINUTE_MS);
    const partly = since * MINUTE_MS < (bounds.sinceMs ?? 0) ? since : undefined;
    const { firstMinute, lastMinute } = stored.foldState();
    const { notObserved, byReason, unreadable } = lossesIn(stored, { since, until });
    const first = bounds.sinceMs === undefined ? (firstMinute ?? 0) : since;
    const end = Math.min(until, minuteOf(askedMs));
    const instances = stored.instanceRuns({ since: first, until: end });
    return {
      recorded:
        firstMinute === null || lastMinute === null
          ? null
          : { sinceMs: firstMinute * MINUTE_MS, untilMs: (lastMinute + 1) * MINUTE_MS },
      notObserved,
      losses: byReason,
      unreadable,
      lostStatements: stored.lostStatementsIn({ since, until, partly }),
      gaps: stored.gapsIn({ since, until }).map(({ fromMinute, untilMinute, reason }) => ({
        reason,
        sinceMs: Math.max(fromMinute, since) * MINUTE_MS,
        untilMs: Math.min(untilMinute + 1, until) * MINUTE_MS,
      })),
      unwatched: firstMinute === null ? [] : unwatchedIn(instances, first, end),
      bypassed: bypassedIn(stored, {
        since,
        until: Math.min(until, minuteOf(askedMs) + 1),
        minutes: Math.max(end - first, minutesOf(instances, first, end)),
      }),
      storedUntilMs: stored.lastFlushMs(),
      askedMs,
      unstoredSinceMs: reader.unstoredSinceMs ?? null,
    };
  });
}

/** The time before a place's first record, where others have records of it already. */
function lateOf({ recorded, unwatched }: WatchedReport, reports: readonly WatchedReport[]): Window[] {
  if (recorded === null || unwatched.some(({ sinceMs }) => sinceMs < recorded.sinceMs)) return [];
  const sinceMs = Math.min(...reports.map((report) => report.recorded?.sinceMs ?? recorded.sinceMs));
  return sinceMs < recorded.sinceMs ? [{ sinceMs, untilMs: recorded.sinceMs }] : [];
}

/** Each by its own clock, so moments of two places say nothing of each other. */
function stalestOf(reports: readonly WatchedReport[]): WatchedReport {
  const silentMs = ({ askedMs, storedUntilMs }: WatchedReport): number =>
    storedUntilMs === null ? Number.NEGATIVE_INFINITY : askedMs - storedUntilMs;
  return reports.reduce((stalest, report) => (silentMs(report) > silentMs(stalest) ? report : stalest));
}

/** At least one. Each place must vouch for the whole window, so the shortest record counts. */
export function mergeWatched(reports: readonly WatchedReport[]): WatchedReport {
  const losses = new Map<string, number>();
  const unreadable = new Map<string, number>();
  for (const report of reports) {
    addAll(losses, report.losses);
    addAll(unreadable, report.unreadable);
  }
  const recorded = reports.map((report) => report.recorded);
  const stalest = stalestOf(reports);
  const unstored = reports.flatMap(({ unstoredSinceMs }) => unstoredSinceMs ?? []);
  return {
    recorded: recorded.some((window) => window === null)
      ? null
      : {
          sinceMs: Math.max(...recorded.map((window) => window!.sinceMs)),
          untilMs: Math.max(...recorded.map((window) => window!.untilMs)),
        },
    notObserved: reports.reduce((sum, report) => sum + report.notObserved, 0),
    losses,
    unreadable,
    lostStatements: reports.flatMap(({ lostStatements }) => lostStatements),
    gaps: reports.flatMap(({ gaps }) => gaps),
    unwatched: reports.flatMap((report) => [...lateOf(report, reports), ...report.unwatched]),
    bypassed: mergeBypassed(reports.map(({ bypassed }) => bypassed)),
    storedUntilMs: stalest.storedUntilMs,
    askedMs: stalest.askedMs,
    unstoredSinceMs: unstored.length === 0 ? null : Math.min(...unstored),
  };
}
