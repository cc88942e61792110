// The JSON form of the status report: /api/v1/status.
// Invariant: times are ISO 8601; what is not known is null. Not here: the numbers (reports/status.ts).

import * as v from 'valibot';
import { packageVersion } from '../../config/version.js';
import type { Window } from '../../facts/answers.js';
import type { StoredShipping } from '../../facts/fleet/shipping-status.js';
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
    shipping: report.shipping === undefined ? null : shippingJson(report.shipping),
    first_minute: report.firstMinuteMs === null ? null : iso(report.firstMinuteMs),
    last_minute: report.lastMinuteMs === null ? null : iso(report.lastMinuteMs),
  };
}

export function shippingJson(shipping: StoredShipping) {
  const isoOrNull = (ms: number | null): string | null => (ms === null ? null : iso(ms));
  return {
    to: shipping.place,
    failing_since: isoOrNull(shipping.failingSinceMs),
    error: shipping.error,
    sent_at: isoOrNull(shipping.sentMs),
    waiting_since: isoOrNull(shipping.waitingSinceMs),
    waiting_rows: shipping.waitingRows,
    dropped_rows: shipping.droppedRows,
    expired_rows: shipping.expiredRows,
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
  return recordedWindow({ firstMinuteMs: msOf(first_minute), lastMinuteMs: msOf(last_minute) });
}

const shippingSchema = v.object({
  to: v.string(),
  failing_since: moment,
  error: v.nullable(v.string()),
  sent_at: moment,
  waiting_since: moment,
  waiting_rows: v.number(),
  dropped_rows: v.number(),
  expired_rows: v.number(),
});
/** A sidecar of an earlier version says nothing of it. */
const shippedSchema = v.object({ shipping: v.optional(v.nullable(shippingSchema)) });

/** Of a status, how it is shipped; undefined where it is not. Throws ValiError on what statusJson did not make. */
export function shippingFromJson(value: unknown): StoredShipping | undefined {
  const { shipping } = v.parse(shippedSchema, value);
  if (shipping === undefined || shipping === null) return undefined;
  return {
    place: shipping.to,
    failingSinceMs: msOf(shipping.failing_since),
    error: shipping.error,
    sentMs: msOf(shipping.sent_at),
    waitingSinceMs: msOf(shipping.waiting_since),
    waitingRows: shipping.waiting_rows,
    droppedRows: shipping.dropped_rows,
    expiredRows: shipping.expired_rows,
  };
}

function msOf(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
