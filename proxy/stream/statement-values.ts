// Carries what was measured of one execution: from the tracker into a record, and out of it.
// A new value is a line in each of the functions. Written by hand, because all of it runs once per execution.
// Invariant: takeValues reads what putValues wrote, in its order. Not here: what a value means (facts), measuring it
// (session/execution.ts).

import { putVarint } from './varint.js';

/** Raised with every value that comes or goes: it is a part of SCHEMA_VERSION. */
export const VALUES_VERSION = 1;

const NS_PER_MS = 1e6;

/** As the observer gets them; facts/execution-values.ts says what becomes of them. */
export interface StatementValues {
  requestBytes: number;
  responseBytes: number;
  serviceNs: number;
  waitNs: number;
  /** From the start of the service time; -1 when no DataRow came. */
  firstRowNs: number;
  clientStallNs: number;
}

/** What the tracker measured. Times are ms of the relay's monotonic clock. */
interface Measured {
  readonly requestBytes: number;
  readonly responseBytes: number;
  readonly startMs: number;
  readonly serviceMs: number;
  readonly waitMs: number;
  /** -1 = no row came. */
  readonly firstRowMs: number;
  readonly clientStallMs: number;
}

/** Values that nobody measured yet. */
export function noValues(): StatementValues {
  return { requestBytes: 0, responseBytes: 0, serviceNs: 0, waitNs: 0, firstRowNs: -1, clientStallNs: 0 };
}

/** Fills in what was measured. */
export function fillValues(values: StatementValues, measured: Measured): void {
  values.requestBytes = measured.requestBytes;
  values.responseBytes = measured.responseBytes;
  values.serviceNs = measured.serviceMs * NS_PER_MS;
  values.waitNs = measured.waitMs * NS_PER_MS;
  values.firstRowNs = measured.firstRowMs < 0 ? -1 : (measured.firstRowMs - measured.startMs) * NS_PER_MS;
  values.clientStallNs = measured.clientStallMs * NS_PER_MS;
}

/** Writes the values as varints; fractions of a ns are rounded. Returns where they end. */
export function putValues(b: Buffer, start: number, values: StatementValues): number {
  let at = putVarint(b, start, Math.round(values.serviceNs));
  at = putVarint(b, at, Math.round(values.waitNs));
  at = putVarint(b, at, Math.round(values.firstRowNs) + 1);
  at = putVarint(b, at, Math.round(values.clientStallNs));
  at = putVarint(b, at, values.requestBytes);
  return putVarint(b, at, values.responseBytes);
}

/** Reads the values. Throws RangeError where the record ends too early. */
export function takeValues(values: StatementValues, record: { varint(): number }): void {
  values.serviceNs = record.varint();
  values.waitNs = record.varint();
  values.firstRowNs = record.varint() - 1;
  values.clientStallNs = record.varint();
  values.requestBytes = record.varint();
  values.responseBytes = record.varint();
}
