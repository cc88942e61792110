// Defines what the relay tells the observer: the shape of every observation.
// Invariant: every execution the relay saw is either in exactly one `statement` observation or in one `loss` count.
// Units are in the names: Ns is nanoseconds (monotonic clock), Ms is milliseconds since the Unix epoch (wall clock).
// Not here: the bytes of the shapes (writer.ts, reader.ts, frames.ts), the figures of a relay's status
// (relay-status.ts), SQL, attribution, storage.

import { type ParameterSet, UNKNOWN_PARAMETERS } from './parameters.js';
import type { RelayStatus } from './relay-status.js';
import { noValues, type StatementValues, VALUES_VERSION } from './statement-values.js';
import { TEXT_READINGS, type TextReading, USUAL_READING } from './text-reading.js';

export type { RelayStatus } from './relay-status.js';

/** Raised with every change to a shape or to its bytes. Relay and observer refuse to work with another version. */
export const SCHEMA_VERSION = 7 + VALUES_VERSION;

/** Transaction status byte of the last ReadyForQuery; '' before the first one. Protocol: ReadyForQuery. */
export type TransactionStatus = '' | 'I' | 'T' | 'E';

/** A client sent its StartupMessage. Sent again with `resumed` when an observer takes over open sessions. */
export interface SessionOpened {
  kind: 'session-opened';
  /** Unique within one relay process. */
  sessionId: number;
  openedAtMs: number;
  resumed: boolean;
  clientAddress: string;
  /** 196608 for 3.0, 196610 for 3.2. */
  protocolVersion: number;
  /** Startup parameters in the order sent (it tells drivers apart). Values are cut at limits.startupValueBytesMax. */
  startup: ReadonlyArray<readonly [name: string, value: string]>;
}

/** AuthenticationOk and the first ReadyForQuery were seen. Sent again when one of its values changes. */
export interface SessionReady {
  kind: 'session-ready';
  sessionId: number;
  serverVersion: string;
  /** As the server last reported it: SET application_name changes it. */
  applicationName: string;
  clientEncoding: string;
  serverTimeZone: string;
  /** True with standard_conforming_strings = off: a backslash escapes inside '…'. */
  backslashEscapes: boolean;
  backendPid: number;
  transactionStatus: TransactionStatus;
  /** Start of that status. */
  transactionSinceMs: number;
}

/** One completed statement of a Query or Execute. */
export interface Completion {
  /** Command tag without its numbers ("SELECT", "CREATE TABLE"); '' for an empty query. */
  command: string;
  /** The number in the command tag; 0 where it has none. */
  rows: number;
}

/** What tells how many executions a record stands for. */
export interface Completed {
  readonly completions: readonly Completion[];
  readonly sqlstate: string;
}

/**
 * Counts the executions of a record: completions that are not empty, and its error. The unit of every count and loss.
 */
export function executionCount(record: Completed): number {
  let count = record.sqlstate === '' ? 0 : 1;
  for (const completion of record.completions) if (completion.command !== '') count++;
  return count;
}

/** One simple Query, one portal run to its end (with any number of Executes), or a Parse or Bind that failed. */
export interface StatementObservation extends StatementValues, ParameterSet {
  kind: 'statement';
  sessionId: number;
  completedAtMs: number;
  protocol: 'simple' | 'extended';
  /** Name of the prepared statement in the protocol; '' for the unnamed one and for a simple Query. */
  statementName: string;
  /**
   * The SQL as sent. null when `textId` names it, or, with textId 0, when the relay does not have it ("text unknown").
   */
  text: Uint8Array | null;
  /** Bytes left out between head and tail of a very long text; 0 = the text is complete. */
  textMissingBytes: number;
  /** Id of a text that a `text-defined` gave since the last resync-begin; 0 = none. */
  textId: number;
  /** How the server read `text`; of a text by its id the definition says it. */
  reading: TextReading;
  /** In the order of the answers. A portal has exactly one unless it failed. A simple Query may have several. */
  completions: Completion[];
  /** SQLSTATE of the ErrorResponse that ended it; '' = none. The error came after the listed completions. */
  sqlstate: string;
  /** DataRows seen. For a portal that was suspended this is its number of rows. */
  dataRows: number;
  transactionBefore: TransactionStatus;
  /** '' when this was sent before the ReadyForQuery came. */
  transactionAfter: TransactionStatus;
  suspensions: number;
  /** Requests outstanding on the connection when this one arrived. */
  pipelineDepth: number;
  /** It shared its flush point with other executions: serviceNs is an equal share of the group's time. */
  batched: boolean;
  copy: '' | 'in' | 'out' | 'both';
}

/**
 * Sent once for a request that has been in flight for limits.runningAfterMs, again after a resync, and once when it is
 * so no more: answered, suspended, or not followed any longer.
 */
export interface StatementRunning {
  kind: 'statement-running';
  sessionId: number;
  /** 0 = none has been in flight for so long any more. */
  startedAtMs: number;
  text: Uint8Array | null;
  textMissingBytes: number;
  textId: number;
  reading: TextReading;
}

/** A prepared text that executions refer to by its id, so that it is not sent with each of them. */
export interface TextDefined {
  kind: 'text-defined';
  textId: number;
  text: Uint8Array;
  textMissingBytes: number;
  reading: TextReading;
}

/** No observation refers to this id any more. */
export interface TextForgotten {
  kind: 'text-forgotten';
  textId: number;
}

export type CloseReason = 'client' | 'server' | 'relay';

export interface SessionClosed {
  kind: 'session-closed';
  sessionId: number;
  closedAtMs: number;
  by: CloseReason;
}

/**
 * Reasons why something was not observed. `opaque_session` and `loop_late_session` count sessions, once per minute
 * each. Every other reason counts executions.
 */
export const LOSS_REASONS = [
  'observer_down', // no observer was connected
  'observer_lost', // sent, but the observer ended before it stored them
  'queue_full', // the observer was too slow
  'adrift', // the session's tracking was lost until it resynchronised
  'opaque', // outstanding when the session's framing was lost
  'opaque_session', // a session whose framing was lost before was open in this minute
  'connection_closed', // in flight when the connection closed
  'observe_off', // observation was switched off while the session was open
  'loop_late', // in flight when observing was paused, because the relay's event loop was late
  'loop_late_session', // a session was open in this minute while observing was paused
  'cut_off', // a portal fetched in part, whose transaction was rolled back or whose connection ended
] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

/** The count is cumulative within one relay process, so sending it again changes nothing. */
export interface Loss {
  kind: 'loss';
  /** Minutes since the Unix epoch. */
  minute: number;
  reason: LossReason;
  count: number;
}

/** The text of an execution that the `loss` of its minute and reason counts. */
export interface StatementLost {
  kind: 'statement-lost';
  sessionId: number;
  /** Minutes since the Unix epoch. */
  minute: number;
  reason: LossReason;
  text: Uint8Array | null;
  textMissingBytes: number;
  textId: number;
  reading: TextReading;
}

/** All open sessions follow. A session not announced before `resync-end` is closed. Earlier text ids are void. */
export interface ResyncBegin {
  kind: 'resync-begin';
}
export interface ResyncEnd {
  kind: 'resync-end';
}

export type Observation =
  | SessionOpened
  | SessionReady
  | StatementObservation
  | StatementRunning
  | TextDefined
  | TextForgotten
  | SessionClosed
  | Loss
  | StatementLost
  | RelayStatus
  | ResyncBegin
  | ResyncEnd;

/** A statement observation with every field at its start value, to be filled in. */
export function emptyStatement(): StatementObservation {
  return {
    kind: 'statement',
    sessionId: 0,
    completedAtMs: 0,
    protocol: 'simple',
    statementName: '',
    text: null,
    textMissingBytes: 0,
    textId: 0,
    reading: TEXT_READINGS[USUAL_READING],
    completions: [],
    sqlstate: '',
    dataRows: 0,
    ...noValues(),
    ...UNKNOWN_PARAMETERS,
    transactionBefore: '',
    transactionAfter: '',
    suspensions: 0,
    pipelineDepth: 0,
    batched: false,
    copy: '',
  };
}
