// The contract between the relay and the observer: what one wire event says, nothing about how it was found or what becomes of it.
// Invariant: every execution the relay saw is either in exactly one `statement` observation or in one `loss` count.
// This file holds the shapes; writer.ts, -reader.ts and -frames.ts hold their bytes. Not here: SQL understanding, attribution, storage.
// Units are in the names: Ns nanoseconds (monotonic clock), Ms milliseconds since the Unix epoch (wall clock), Bytes octets.

/** Goes up with every change to a shape or to its bytes; both ends refuse another one. */
export const SCHEMA_VERSION = 3;

/** Transaction status byte of the last ReadyForQuery; '' before the first one. Protocol: ReadyForQuery. */
export type TransactionStatus = '' | 'I' | 'T' | 'E';

/** A connection reached the StartupMessage. Sent again with `resumed` when an observer takes over open sessions. */
export interface SessionOpened {
  kind: 'session-opened';
  /** Unique within one relay process. */
  sessionId: number;
  openedAtMs: number;
  resumed: boolean;
  clientAddress: string;
  /** 196608 for 3.0, 196610 for 3.2. */
  protocolVersion: number;
  /** Startup parameters as sent, in order (the order tells drivers apart); values cut at limits.startupValueBytesMax. */
  startup: ReadonlyArray<readonly [name: string, value: string]>;
}

/** AuthenticationOk and the first ReadyForQuery were seen; sent again when one of its values changes. */
export interface SessionReady {
  kind: 'session-ready';
  sessionId: number;
  serverVersion: string;
  /** As the server reports it now (SET application_name changes it). */
  applicationName: string;
  clientEncoding: string;
  serverTimeZone: string;
  /** standard_conforming_strings = off: a backslash escapes inside '…'. */
  backslashEscapes: boolean;
  backendPid: number;
  transactionStatus: TransactionStatus;
  /** When that status began. */
  transactionSinceMs: number;
}

/** One completed statement of a Query or Execute. */
export interface Completion {
  /** Command tag without its numbers ("SELECT", "CREATE TABLE"); '' for an empty query. */
  command: string;
  /** The number in the command tag; 0 where it has none. */
  rows: number;
}

/** One simple Query, or one portal run to its end (however many Executes it took), or a Parse/Bind that failed. */
export interface StatementObservation {
  kind: 'statement';
  sessionId: number;
  completedAtMs: number;
  protocol: 'simple' | 'extended';
  /** Prepared-statement name of the protocol; '' for the unnamed one and for simple Query. */
  statementName: string;
  /** The SQL as sent; null when `textId` names it, or, with textId 0, when the relay no longer has it ("text unknown"). */
  text: Uint8Array | null;
  /** Octets left out between the kept head and the kept tail of a very long text; 0 = text is whole. */
  textMissingBytes: number;
  /** Names a text that a `text-defined` gave since the last resync-begin; 0 = none. */
  textId: number;
  /** In order. A portal has exactly one unless it failed; a simple Query may have several. */
  completions: Completion[];
  /** SQLSTATE of the ErrorResponse that ended it; '' = none. An error comes after the completions listed. */
  sqlstate: string;
  /** DataRows seen (for a portal that was suspended this is what counts as its rows). */
  dataRows: number;
  requestBytes: number;
  responseBytes: number;
  serviceNs: number;
  waitNs: number;
  /** -1 when no DataRow came. */
  firstRowNs: number;
  clientStallNs: number;
  transactionBefore: TransactionStatus;
  /** '' when the ReadyForQuery had not come when this was sent. */
  transactionAfter: TransactionStatus;
  suspensions: number;
  /** Requests outstanding on the connection when this one arrived. */
  pipelineDepth: number;
  /** Shared its flush point with other executions: serviceNs is an equal share of the group's time. */
  batched: boolean;
  copy: '' | 'in' | 'out' | 'both';
}

/** Sent once for a request that has been in flight for a second. */
export interface StatementRunning {
  kind: 'statement-running';
  sessionId: number;
  startedAtMs: number;
  text: Uint8Array | null;
  textMissingBytes: number;
  textId: number;
}

/** A prepared text that statements will refer to by its id, so that it is sent once and not with every execution. */
export interface TextDefined {
  kind: 'text-defined';
  textId: number;
  text: Uint8Array;
  textMissingBytes: number;
}

/** No statement will refer to this id again. */
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
 * Why something was not observed. `opaque_session` and `loop_late_session` count sessions (once per minute each), every other reason counts
 * executions.
 */
export const LOSS_REASONS = [
  'observer_down', // no observer was connected
  'observer_lost', // sent, but the observer died before it stored them
  'queue_full', // the observer did not keep up
  'adrift', // tracking of the session was lost until it resynchronised
  'opaque', // outstanding when framing of the session was lost
  'opaque_session', // a session whose framing is lost was open in this minute
  'connection_closed', // in flight when the connection ended
  'observe_off', // observation was switched off while the session was open
  'loop_late', // in flight when observing was paused, because the relay's event loop was late
  'loop_late_session', // a session was open in this minute while observing was paused
] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

/** Cumulative within one relay process, so that sending it again changes nothing. */
export interface Loss {
  kind: 'loss';
  /** Minutes since the Unix epoch. */
  minute: number;
  reason: LossReason;
  count: number;
}

/** The relay's own health, once a second. Counters are cumulative within one relay process. */
export interface RelayStatus {
  kind: 'relay-status';
  atMs: number;
  sessionsOpen: number;
  sessionsTotal: number;
  connectErrorsTotal: number;
  /** Refused clients, by what there was too much of. */
  refusedConnectionsTotal: number;
  refusedPerSourceTotal: number;
  refusedNotLoggedInTotal: number;
  clientBytesTotal: number;
  serverBytesTotal: number;
  sessionsAdrift: number;
  sessionsOpaque: number;
  adriftTotal: number;
  opaqueTotal: number;
  unmatchedReadyTotal: number;
  skippedTotal: number;
  functionCallsTotal: number;
  observerRestartsTotal: number;
  queueBytes: number;
  loopLagNs: number;
  /** 1 while observing is paused, because the loop was late. */
  observingPaused: number;
  observingPausesTotal: number;
  cpuNs: number;
  residentBytes: number;
}

/** All open sessions follow; what is not announced again before `resync-end` is closed. Ids of texts begin anew. */
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
  | RelayStatus
  | ResyncBegin
  | ResyncEnd;

/** A statement of which nothing is known: what is filled in piece by piece starts from it. */
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
    completions: [],
    sqlstate: '',
    dataRows: 0,
    requestBytes: 0,
    responseBytes: 0,
    serviceNs: 0,
    waitNs: 0,
    firstRowNs: -1,
    clientStallNs: 0,
    transactionBefore: '',
    transactionAfter: '',
    suspensions: 0,
    pipelineDepth: 0,
    batched: false,
    copy: '',
  };
}
