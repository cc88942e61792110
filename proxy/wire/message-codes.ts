// The messages of the Postgres protocol, per direction, and how much of each body the walker keeps.
// Invariant: a code that is not in its direction's table does not exist in the protocol: framing is lost.
// Password-class messages ('p') have no keep: their bodies can reach no log, by construction.
// Source: PostgreSQL documentation "Message Formats"; src/include/libpq/protocol.h.

/** Keep nothing and say nothing when the body ends; only the header is reported. */
const HEADER_ONLY = 0;
/** Names in Bind, Describe, Execute and Close stand first; what follows (parameters) is never kept. */
const NAMES_BYTES = 1024;
const CONTROL_BYTES = 8192;

/** Codes a client sends. */
export const Client = {
  bind: 0x42, // B
  close: 0x43, // C
  describe: 0x44, // D
  execute: 0x45, // E
  functionCall: 0x46, // F
  flush: 0x48, // H
  parse: 0x50, // P
  query: 0x51, // Q
  sync: 0x53, // S
  terminate: 0x58, // X
  copyDone: 0x63, // c
  copyData: 0x64, // d
  copyFail: 0x66, // f
  password: 0x70, // p: PasswordMessage, SASL and GSS answers
} as const;

/** Codes a server sends. */
export const Server = {
  parseComplete: 0x31, // 1
  bindComplete: 0x32, // 2
  closeComplete: 0x33, // 3
  notification: 0x41, // A
  commandComplete: 0x43, // C
  dataRow: 0x44, // D
  error: 0x45, // E
  copyIn: 0x47, // G
  copyOut: 0x48, // H
  emptyQuery: 0x49, // I
  backendKeyData: 0x4b, // K
  notice: 0x4e, // N
  authentication: 0x52, // R
  parameterStatus: 0x53, // S
  rowDescription: 0x54, // T
  functionCallResponse: 0x56, // V
  copyBoth: 0x57, // W
  readyForQuery: 0x5a, // Z
  copyDone: 0x63, // c
  copyData: 0x64, // d
  noData: 0x6e, // n
  portalSuspended: 0x73, // s
  parameterDescription: 0x74, // t
  negotiateProtocolVersion: 0x76, // v
} as const;

/** Body lengths beyond which the peer itself gives up, so that no sane stream has them (the length word counts 4 more). */
const LARGE_BYTES = 0x3fffffff - 4; // PQ_LARGE_MESSAGE_LIMIT and MaxAllocSize
const CLIENT_SMALL_BYTES = 10_000 - 4; // PQ_SMALL_MESSAGE_LIMIT, src/include/libpq/libpq.h
const PASSWORD_BYTES = 65_535 - 4; // PG_MAX_AUTH_TOKEN_LENGTH, src/include/libpq/auth.h
const SERVER_SMALL_BYTES = 30_000 - 4; // handleSyncLoss, src/interfaces/libpq/fe-protocol3.c

/** What the walker does with each code of one direction. */
export interface MessageTable {
  /** Per code: -1 not in the protocol, 0 header only, n keep the first n body octets. */
  readonly keepBytes: Int32Array;
  /** Per code: octets kept from the end of a body that is longer than keepBytes. */
  readonly tailBytes: Int32Array;
  /** Per code: the only body length the protocol allows, or -1 for any. */
  readonly exactBytes: Int32Array;
  /** Per code: the longest body; a longer one is not a message but damage. */
  readonly bodyBytesMax: Int32Array;
}

/** Limits of one direction: how much SQL text is kept. */
export interface TextKeep {
  headBytesMax: number;
  tailBytesMax: number;
}

export function clientTable(text: TextKeep): MessageTable {
  const table = emptyTable();
  for (const code of [Client.query, Client.parse]) {
    table.keepBytes[code] = text.headBytesMax;
    table.tailBytes[code] = text.tailBytesMax;
  }
  for (const code of [Client.bind, Client.describe, Client.execute, Client.close]) table.keepBytes[code] = NAMES_BYTES;
  for (const code of [Client.functionCall, Client.flush, Client.copyFail]) table.keepBytes[code] = 1;
  for (const code of [Client.sync, Client.terminate, Client.copyDone]) table.keepBytes[code] = 1;
  for (const code of [Client.copyData, Client.password]) table.keepBytes[code] = HEADER_ONLY;
  for (const code of [
    Client.close,
    Client.describe,
    Client.execute,
    Client.flush,
    Client.sync,
    Client.terminate,
    Client.copyDone,
    Client.copyFail,
  ])
    table.bodyBytesMax[code] = CLIENT_SMALL_BYTES;
  table.bodyBytesMax[Client.password] = PASSWORD_BYTES;
  // The server answers a Sync or Flush with a body with an error but keeps the session, so their length is not exact.
  return table;
}

export function serverTable(): MessageTable {
  const table = emptyTable();
  for (const code of Object.values(Server)) {
    table.keepBytes[code] = CONTROL_BYTES;
    table.bodyBytesMax[code] = SERVER_SMALL_BYTES;
  }
  for (const code of [Server.dataRow, Server.copyData]) table.keepBytes[code] = HEADER_ONLY;
  for (const code of [Server.rowDescription, Server.parameterDescription]) table.keepBytes[code] = 1;
  for (const code of [Server.notification, Server.notice, Server.functionCallResponse]) table.keepBytes[code] = 1;
  for (const code of [
    Server.dataRow,
    Server.copyData,
    Server.rowDescription,
    Server.parameterDescription,
    Server.error,
    Server.notice,
    Server.notification,
    Server.functionCallResponse,
  ])
    table.bodyBytesMax[code] = LARGE_BYTES;
  for (const code of [
    Server.parseComplete,
    Server.bindComplete,
    Server.closeComplete,
    Server.emptyQuery,
    Server.noData,
    Server.portalSuspended,
    Server.copyDone,
  ])
    table.exactBytes[code] = 0;
  table.exactBytes[Server.readyForQuery] = 1;
  return table;
}

function emptyTable(): MessageTable {
  return {
    keepBytes: new Int32Array(256).fill(-1),
    tailBytes: new Int32Array(256),
    exactBytes: new Int32Array(256).fill(-1),
    bodyBytesMax: new Int32Array(256).fill(LARGE_BYTES),
  };
}
