// The messages of the Postgres protocol: one row for each, by direction.
//
// Invariant: a code without a row of its direction does not exist in the protocol, so framing is lost when one comes.
// Password messages ('p') keep nothing, so their bodies cannot reach a log.
// Source: PostgreSQL documentation "Message Formats"; src/include/libpq/protocol.h.
// Not here: walking the messages (message-scanner.ts), what they mean (session/).

/** Body lengths beyond which the peer itself gives up. No sane stream has them. The length word counts 4 more. */
const LARGE = 0x3fffffff - 4; // PQ_LARGE_MESSAGE_LIMIT and MaxAllocSize
const CLIENT_SMALL = 10_000 - 4; // PQ_SMALL_MESSAGE_LIMIT, src/include/libpq/libpq.h
const PASSWORD = 65_535 - 4; // PG_MAX_AUTH_TOKEN_LENGTH, src/include/libpq/auth.h
const SERVER_SMALL = 30_000 - 4; // handleSyncLoss, src/interfaces/libpq/fe-protocol3.c

/** Bytes kept of a body that starts with names. The parameters of a Bind come behind them and are never kept. */
const NAMES = 1024;
/** Bytes kept of a short message that is read whole. */
const WHOLE = 8192;
/** The body tells nothing that is needed, but its end must be reported. */
const END = 1;
/** Nothing is kept and the end of the body is not reported. Runs of such messages are reported in one call. */
const HEADER = 0;

export interface MessageRow {
  /** First byte of the message. */
  readonly letter: string;
  /** As in the protocol's documentation. */
  readonly name: string;
  /** Bytes kept from the start of the body. 'sql': a statement's text, kept as TextKeep says, head and tail. */
  readonly keep: number | 'sql';
  /** The only length the body may have, bytes. */
  readonly exact?: number;
  /** Longest body, bytes. A longer one is damage, not a message. */
  readonly max: number;
}

/**
 * Messages from client to server. None has an exact length: the server answers a Sync or a Flush that has a body with
 * an error, but keeps the session.
 */
const CLIENT_ROWS = {
  bind: { letter: 'B', name: 'Bind', keep: NAMES, max: LARGE },
  close: { letter: 'C', name: 'Close', keep: NAMES, max: CLIENT_SMALL },
  describe: { letter: 'D', name: 'Describe', keep: NAMES, max: CLIENT_SMALL },
  execute: { letter: 'E', name: 'Execute', keep: NAMES, max: CLIENT_SMALL },
  functionCall: { letter: 'F', name: 'FunctionCall', keep: END, max: LARGE },
  flush: { letter: 'H', name: 'Flush', keep: END, max: CLIENT_SMALL },
  parse: { letter: 'P', name: 'Parse', keep: 'sql', max: LARGE },
  query: { letter: 'Q', name: 'Query', keep: 'sql', max: LARGE },
  sync: { letter: 'S', name: 'Sync', keep: END, max: CLIENT_SMALL },
  terminate: { letter: 'X', name: 'Terminate', keep: END, max: CLIENT_SMALL },
  copyDone: { letter: 'c', name: 'CopyDone', keep: END, max: CLIENT_SMALL },
  copyData: { letter: 'd', name: 'CopyData', keep: HEADER, max: LARGE },
  copyFail: { letter: 'f', name: 'CopyFail', keep: END, max: CLIENT_SMALL },
  // PasswordMessage and the answers of SASL and GSS.
  password: { letter: 'p', name: 'PasswordMessage', keep: HEADER, max: PASSWORD },
} as const satisfies Record<string, MessageRow>;

/** Messages from server to client. The large ones are those that handleSyncLoss lets be large. */
const SERVER_ROWS = {
  parseComplete: { letter: '1', name: 'ParseComplete', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  bindComplete: { letter: '2', name: 'BindComplete', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  closeComplete: { letter: '3', name: 'CloseComplete', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  notification: { letter: 'A', name: 'NotificationResponse', keep: END, max: LARGE },
  commandComplete: { letter: 'C', name: 'CommandComplete', keep: WHOLE, max: SERVER_SMALL },
  dataRow: { letter: 'D', name: 'DataRow', keep: HEADER, max: LARGE },
  error: { letter: 'E', name: 'ErrorResponse', keep: WHOLE, max: LARGE },
  copyIn: { letter: 'G', name: 'CopyInResponse', keep: WHOLE, max: SERVER_SMALL },
  copyOut: { letter: 'H', name: 'CopyOutResponse', keep: WHOLE, max: SERVER_SMALL },
  emptyQuery: { letter: 'I', name: 'EmptyQueryResponse', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  backendKeyData: { letter: 'K', name: 'BackendKeyData', keep: WHOLE, max: SERVER_SMALL },
  notice: { letter: 'N', name: 'NoticeResponse', keep: END, max: LARGE },
  authentication: { letter: 'R', name: 'Authentication', keep: WHOLE, max: SERVER_SMALL },
  parameterStatus: { letter: 'S', name: 'ParameterStatus', keep: WHOLE, max: SERVER_SMALL },
  rowDescription: { letter: 'T', name: 'RowDescription', keep: END, max: LARGE },
  functionCallResponse: { letter: 'V', name: 'FunctionCallResponse', keep: END, max: LARGE },
  copyBoth: { letter: 'W', name: 'CopyBothResponse', keep: WHOLE, max: SERVER_SMALL },
  readyForQuery: { letter: 'Z', name: 'ReadyForQuery', keep: WHOLE, exact: 1, max: SERVER_SMALL },
  copyDone: { letter: 'c', name: 'CopyDone', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  copyData: { letter: 'd', name: 'CopyData', keep: HEADER, max: LARGE },
  noData: { letter: 'n', name: 'NoData', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  portalSuspended: { letter: 's', name: 'PortalSuspended', keep: WHOLE, exact: 0, max: SERVER_SMALL },
  parameterDescription: { letter: 't', name: 'ParameterDescription', keep: END, max: LARGE },
  negotiateProtocolVersion: { letter: 'v', name: 'NegotiateProtocolVersion', keep: WHOLE, max: SERVER_SMALL },
} as const satisfies Record<string, MessageRow>;

/** Who sends a message. */
export type Direction = 'client' | 'server';

/** Every message, in the order of its code. */
export const MESSAGES: Readonly<Record<Direction, readonly MessageRow[]>> = {
  client: Object.values(CLIENT_ROWS),
  server: Object.values(SERVER_ROWS),
};

/** Codes a client sends, by message. */
export const Client = codesOf(CLIENT_ROWS);
/** Codes a server sends, by message. */
export const Server = codesOf(SERVER_ROWS);

function codesOf<T extends Record<string, MessageRow>>(rows: T): { readonly [K in keyof T]: number } {
  const codes = {} as { [K in keyof T]: number };
  for (const key of Object.keys(rows) as Array<keyof T>) codes[key] = rows[key].letter.charCodeAt(0);
  return codes;
}

const NAMES_BY_CODE: Readonly<Record<Direction, ReadonlyMap<number, string>>> = {
  client: new Map(MESSAGES.client.map(({ letter, name }) => [letter.charCodeAt(0), name])),
  server: new Map(MESSAGES.server.map(({ letter, name }) => [letter.charCodeAt(0), name])),
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
  for (const { letter, keep, exact, max } of rows) {
    const code = letter.charCodeAt(0);
    table.keepBytes[code] = keep === 'sql' ? text.headBytesMax : keep;
    table.tailBytes[code] = keep === 'sql' ? text.tailBytesMax : 0;
    table.exactBytes[code] = exact ?? -1;
    table.bodyBytesMax[code] = max;
  }
  return table;
}
