// The messages of the Postgres protocol: one row for each, by direction.
//
// Invariant: a code without a row of its direction does not exist in the protocol, so framing is lost when one comes.
// Password messages ('p') keep nothing, so their bodies cannot reach a log.
// Source: PostgreSQL documentation "Message Formats"; src/include/libpq/protocol.h.
// Not here: walking the messages (message-scanner.ts), what they mean (session/).

// The codes are literals, not made from the rows: V8 then compiles a switch over them to comparisons with numbers.
// Made in a loop they slow down the tracker, which bench/tracker.mjs shows.

/** Codes a client sends, by message. */
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
  password: 0x70, // p
} as const;

/** Codes a server sends, by message. */
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

/** Body lengths beyond which the peer itself gives up. No sane stream has them. The length word counts 4 more. */
const LARGE = 0x3fffffff - 4; // PQ_LARGE_MESSAGE_LIMIT and MaxAllocSize
const CLIENT_SMALL = 10_000 - 4; // PQ_SMALL_MESSAGE_LIMIT, src/include/libpq/libpq.h
const PASSWORD = 65_535 - 4; // PG_MAX_AUTH_TOKEN_LENGTH, src/include/libpq/auth.h
const SERVER_SMALL = 30_000 - 4; // handleSyncLoss, src/interfaces/libpq/fe-protocol3.c

/** Bytes kept of a body that starts with names. The parameters of a Bind come behind them: hashed, never copied. */
const NAMES = 1024;
/** Bytes kept of a short message that is read whole. */
const WHOLE = 8192;
/** The body tells nothing that is needed, but its end must be reported. */
const END = 1;
/** Nothing is kept and the end of the body is not reported. Runs of such messages are reported in one call. */
const HEADER = 0;

export interface MessageRow {
  /** First byte of the message. */
  readonly code: number;
  /** As in the protocol's documentation. */
  readonly name: string;
  /** Bytes kept from the start of the body. 'sql': a statement's text, kept as TextKeep says, head and tail. */
  readonly keep: number | 'sql';
  /** The only length the body may have, bytes. */
  readonly exact?: number;
  /** Longest body, bytes. A longer one is damage, not a message. */
  readonly max: number;
}

/** A message that has a code but no row does not compile, and the other way round. */
type RowsOf<Codes> = { readonly [Key in keyof Codes]: Omit<MessageRow, 'code'> };

/**
 * Messages from client to server. None has an exact length: the server answers a Sync or a Flush that has a body with
 * an error, but keeps the session.
 */
const CLIENT_ROWS: RowsOf<typeof Client> = {
  bind: { name: 'Bind', keep: NAMES, max: LARGE },
  close: { name: 'Close', keep: NAMES, max: CLIENT_SMALL },
  describe: { name: 'Describe', keep: NAMES, max: CLIENT_SMALL },
  execute: { name: 'Execute', keep: NAMES, max: CLIENT_SMALL },
  functionCall: { name: 'FunctionCall', keep: END, max: LARGE },
  flush: { name: 'Flush', keep: END, max: CLIENT_SMALL },
  parse: { name: 'Parse', keep: 'sql', max: LARGE },
  query: { name: 'Query', keep: 'sql', max: LARGE },
  sync: { name: 'Sync', keep: END, max: CLIENT_SMALL },
  terminate: { name: 'Terminate', keep: END, max: CLIENT_SMALL },
  copyDone: { name: 'CopyDone', keep: END, max: CLIENT_SMALL },
  copyData: { name: 'CopyData', keep: HEADER, max: LARGE },
  copyFail: { name: 'CopyFail', keep: END, max: CLIENT_SMALL },
  // PasswordMessage and the answers of SASL and GSS.
  password: { name: 'PasswordMessage', keep: HEADER, max: PASSWORD },
};

/** Messages from server to client. The large ones are those that handleSyncLoss lets be large. */
const SERVER_ROWS: RowsOf<typeof Server> = {
  parseComplete: { name: 'ParseComplete', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  bindComplete: { name: 'BindComplete', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  closeComplete: { name: 'CloseComplete', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  notification: { name: 'NotificationResponse', keep: END, max: LARGE },
  commandComplete: { name: 'CommandComplete', keep: WHOLE, max: SERVER_SMALL },
  dataRow: { name: 'DataRow', keep: HEADER, max: LARGE },
  error: { name: 'ErrorResponse', keep: WHOLE, max: LARGE },
  copyIn: { name: 'CopyInResponse', keep: WHOLE, max: SERVER_SMALL },
  copyOut: { name: 'CopyOutResponse', keep: WHOLE, max: SERVER_SMALL },
  emptyQuery: { name: 'EmptyQueryResponse', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  backendKeyData: { name: 'BackendKeyData', keep: WHOLE, max: SERVER_SMALL },
  notice: { name: 'NoticeResponse', keep: END, max: LARGE },
  authentication: { name: 'Authentication', keep: WHOLE, max: SERVER_SMALL },
  parameterStatus: { name: 'ParameterStatus', keep: WHOLE, max: SERVER_SMALL },
  rowDescription: { name: 'RowDescription', keep: END, max: LARGE },
  functionCallResponse: { name: 'FunctionCallResponse', keep: END, max: LARGE },
  copyBoth: { name: 'CopyBothResponse', keep: WHOLE, max: SERVER_SMALL },
  readyForQuery: { name: 'ReadyForQuery', keep: WHOLE, exact: 1, max: SERVER_SMALL },
  copyDone: { name: 'CopyDone', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  copyData: { name: 'CopyData', keep: HEADER, max: LARGE },
  noData: { name: 'NoData', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  portalSuspended: { name: 'PortalSuspended', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  parameterDescription: { name: 'ParameterDescription', keep: END, max: LARGE },
  negotiateProtocolVersion: { name: 'NegotiateProtocolVersion', keep: WHOLE, max: SERVER_SMALL },
};

/** Who sends a message. */
export type Direction = 'client' | 'server';

/** Every message. */
export const MESSAGES: Readonly<Record<Direction, readonly MessageRow[]>> = {
  client: rowsOf(Client, CLIENT_ROWS),
  server: rowsOf(Server, SERVER_ROWS),
};

function rowsOf<Codes extends Readonly<Record<string, number>>>(codes: Codes, rows: RowsOf<Codes>): MessageRow[] {
  return Object.entries(codes).map(([key, code]) => ({ code, ...rows[key as keyof Codes] }));
}

const NAMES_BY_CODE: Readonly<Record<Direction, ReadonlyMap<number, string>>> = {
  client: new Map(MESSAGES.client.map(({ code, name }) => [code, name])),
  server: new Map(MESSAGES.server.map(({ code, name }) => [code, name])),
};

/** The message's name in the protocol's documentation; undefined for a code that the direction does not have. */
export function messageName(direction: Direction, code: number): string | undefined {
  return NAMES_BY_CODE[direction].get(code);
}

/** What the scanner does with each code of one direction. Plain arrays, because it asks for every message. */
export interface MessageTable {
  /** Per code: -1 not in the protocol, 0 header only, n keep the first n bytes of the body. */
  readonly keepBytes: Int32Array;
  /** Per code: bytes kept from the end of a body that is longer than keepBytes. */
  readonly tailBytes: Int32Array;
  /** Per code: the only body length the protocol allows, or -1 for any. */
  readonly exactBytes: Int32Array;
  /** Per code: the longest body; a longer one is damage, not a message. */
  readonly bodyBytesMax: Int32Array;
}

/** How much of a statement's text is kept. */
export interface TextKeep {
  headBytesMax: number;
  tailBytesMax: number;
}

export function clientTable(text: TextKeep): MessageTable {
  return tableOf(MESSAGES.client, text);
}

export function serverTable(): MessageTable {
  return tableOf(MESSAGES.server, { headBytesMax: 0, tailBytesMax: 0 });
}

function tableOf(rows: readonly MessageRow[], text: TextKeep): MessageTable {
  const table: MessageTable = {
    keepBytes: new Int32Array(256).fill(-1),
    tailBytes: new Int32Array(256),
    exactBytes: new Int32Array(256).fill(-1),
    bodyBytesMax: new Int32Array(256),
  };
  for (const { code, keep, exact, max } of rows) {
    table.keepBytes[code] = keep === 'sql' ? text.headBytesMax : keep;
    table.tailBytes[code] = keep === 'sql' ? text.tailBytesMax : 0;
    table.exactBytes[code] = exact ?? -1;
    table.bodyBytesMax[code] = max;
  }
  return table;
}
