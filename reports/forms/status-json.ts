// The JSON form of the status report: /api/v1/status.
// Invariant: times are ISO 8601; what is not known is null. Not here: the numbers (reports/status.ts).

import * as v from 'valibot';
import { packageVersion } from '../../config/version.js';
import type { Window } from '../../facts/answers.js';
import { recordedWindow, type StatusReport } from '../status.js';

export function statusJson(report: StatusReport) {
  const { window, observed } = report;
  return {
    version: packageVersion(),
    window: { since: iso(window.sinceMs), until: iso(window.untilMs) },
    observed: {
      statements: observed.executions,
      executions: observed.executions,
      not_observed: observed.notObserved,
      not_observed_by_reason: Object.fromEntries(observed.notObservedByReason),
      unknown: observed.unknown,
      exact: observed.exact,
    },
    relays: report.relays.map(({ relayId, lastSequence, updatedMs }) => ({
      relay: relayId,
      last_sequence: lastSequence,
      stored_at: iso(updatedMs),
    })),
    sessions_open: report.sessionsOpen,
    statements_known: report.statementsKnown,
    pools_known: report.poolsKnown,
    counters: Object.fromEntries(report.counters),
    schema_version: report.schemaVersion,
    data_directory: report.dataDirectory,
    database_bytes: report.databaseBytes,
    log_bytes: report.logBytes,
    storing: {
      failing: report.unstoredSinceMs !== null,
      stored_until: storedUntil(report),
    },
    first_minute: report.firstMinuteMs === null ? null : iso(report.firstMinuteMs),
    last_minute: report.lastMinuteMs === null ? null : iso(report.lastMinuteMs),
  };
}

/** The end of the last minute that is stored, or the moment since when nothing is. */
function storedUntil({ unstoredSinceMs, relays }: StatusReport): string | null {
  if (unstoredSinceMs !== null) return iso(unstoredSinceMs);
  const lastMs = Math.max(...relays.map(({ updatedMs }) => updatedMs));
  return relays.length === 0 ? null : iso(lastMs);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

const moment = v.nullable(v.pipe(v.string(), v.isoTimestamp()));
const recordedSchema = v.object({ first_minute: moment, last_minute: moment });

/** Of a status, what was recorded. Throws valibot's ValiError on what statusJson did not make. */
export function recordedFromJson(value: unknown): Window | undefined {
  const { first_minute, last_minute } = v.parse(recordedSchema, value);
  const inMs = (text: string | null): number | null => (text === null ? null : Date.parse(text));
  return recordedWindow({ firstMinuteMs: inMs(first_minute), lastMinuteMs: inMs(last_minute) });
}
