// Writes a recording of bytes as lines: each message, then what the tracker made of it.
//
//   client  Query                     13  "select ?"
//   server  DataRow x3                33
//   tracker simple "select ?" [SELECT 3] rows=3 I>I
//
// The number is the bytes of the messages, headers included. Messages of one name that follow one another and say
// nothing more are one line.
// Invariant: the tracker gets the bytes as they are recorded, cut at the ends of messages too; wherever the recording
// is cut, the lines are the same.
// Not here: the form of a recording (wire-recording.ts), the part of a body that is shown (message-detail.ts).

import type { Execution } from '../../proxy/session/execution.js';
import { Session } from '../../proxy/session/session.js';
import { type SessionEvents, type SessionState, TrackerCounters } from '../../proxy/session/session-state.js';
import { TextTable } from '../../proxy/session/texts.js';
import type { LossReason } from '../../proxy/stream/observation.js';
import { TEXT_READINGS, USUAL_READING, unsure } from '../../proxy/stream/text-reading.js';
import {
  Client,
  clientTable,
  type Direction,
  type MessageTable,
  messageName,
  serverTable,
} from '../../proxy/wire/message-codes.js';
import { executionLine, trackedText } from './execution-line.js';
import type { Mask } from './masked-text.js';
import { messageDetail } from './message-detail.js';
import type { WireRecording } from './wire-recording.js';

const HEADER_BYTES = 5;
const NAME_COLUMNS = 22;
const BYTES_COLUMNS = 6;

/** One direction: the bytes of the message that has begun, and whether its framing is lost. */
interface Way {
  readonly table: MessageTable;
  begun: Buffer;
  lost: boolean;
}

/** Writes the lines of a recording, without line ends. Never throws for what the bytes are. */
export function traceWire(recording: WireRecording, options: { mask: Mask; line: (line: string) => void }): void {
  const trace = new WireTrace(recording, options);
  for (const { from, bytes } of recording.events) trace.came(from, bytes);
  trace.end();
}

class WireTrace implements SessionEvents {
  readonly #mask: Mask;
  readonly #line: (line: string) => void;
  readonly #session: Session;
  readonly #counters = new TrackerCounters();
  readonly #ways: Readonly<Record<Direction, Way>>;
  /** What the tracker said while it was fed the bytes of the present message. */
  #said: string[] = [];
  /** Messages of one name that are not written yet. */
  #run = { from: 'client' as Direction, name: '', count: 0, bytes: 0 };
  #wasAdrift = false;
  #wasOpaque = false;

  constructor({ limits }: WireRecording, { mask, line }: { mask: Mask; line: (line: string) => void }) {
    this.#mask = mask;
    this.#line = line;
    const client = clientTable({ headBytesMax: limits.textHeadBytesMax, tailBytesMax: limits.textTailBytesMax });
    const server = serverTable();
    this.#ways = {
      client: { table: client, begun: Buffer.alloc(0), lost: false },
      server: { table: server, begun: Buffer.alloc(0), lost: false },
    };
    this.#session = new Session(1, {
      events: this,
      counters: this.#counters,
      limits,
      texts: new TextTable(limits.internedTextBytesMax),
      clientTable: client,
      serverTable: server,
    });
  }

  came(from: Direction, bytes: Buffer): void {
    const way = this.#ways[from];
    let rest = bytes;
    while (rest.length > 0) {
      const take = way.lost ? rest.length : Math.min(rest.length, missingBytes(way));
      const piece = rest.subarray(0, take);
      rest = rest.subarray(take);
      way.begun = Buffer.concat([way.begun, piece]);
      if (from === 'client') this.#session.client(piece, 0, 0);
      else this.#session.server(piece, 0, 0);
      if (!way.lost && isBroken(way)) this.#framingLost(from, way);
      else if (!way.lost && missingBytes(way) === 0) this.#message(from, way);
    }
  }

  end(): void {
    for (const from of ['client', 'server'] as const) {
      const { begun, lost } = this.#ways[from];
      if (begun.length > 0) this.#write(`${from.padEnd(7)} ${lost ? 'not read' : 'cut off'}: ${begun.length} bytes`);
    }
    this.#session.close(0, 0);
    this.#flushSaid();
    const { adriftTotal, opaqueTotal, unmatchedReadyTotal, skippedTotal, sessionErrorsTotal } = this.#counters;
    this.#write(
      `tracker end adrift=${adriftTotal} opaque=${opaqueTotal} unmatched=${unmatchedReadyTotal} skipped=${skippedTotal} ` +
        `session-errors=${sessionErrorsTotal}`,
    );
  }

  statement(_: SessionState, execution: Execution): void {
    const { prepared, simple, sqlstate } = execution;
    const tracked = trackedText(prepared);
    const text =
      tracked === null
        ? null
        : this.#mask({
            bytes: Buffer.from(tracked, 'latin1'),
            missingBytes: prepared?.shared?.missingBytes ?? prepared?.missingBytes ?? 0,
            reading: TEXT_READINGS[prepared?.reading ?? USUAL_READING],
            isRefused: sqlstate === '22021',
          });
    const name = utf8(prepared?.name ?? '');
    this.#said.push(executionLine(execution, { protocol: simple ? 'simple' : 'extended', name, text }));
  }

  ready({ serverVersion, applicationName }: SessionState): void {
    this.#said.push(`ready ${serverVersion} ${utf8(applicationName)}`.trimEnd());
  }

  lost(reason: LossReason, executions: number): void {
    this.#said.push(`lost ${executions} ${reason}`);
  }

  /** A message is whole. */
  #message(from: Direction, way: Way): void {
    const { begun } = way;
    way.begun = Buffer.alloc(0);
    const detail = messageDetail(from, begun[0], {
      body: begun.subarray(HEADER_BYTES),
      masked: (sql) => this.#masked(sql, begun[0]),
    });
    const name = messageName(from, begun[0]) ?? '';
    const run = this.#run;
    if (run.from !== from || run.name !== name || detail !== '') this.#flushRun();
    this.#run = { from, name, count: this.#run.count + 1, bytes: this.#run.bytes + begun.length };
    if (detail !== '') this.#flushRun(detail);
    this.#flushSaid();
  }

  /** SQL of a message that the tracker was just given, before the server read it. */
  #masked(bytes: Buffer, code: number): string {
    const { readings, executionsOutstanding } = this.#session.state;
    const ahead = executionsOutstanding - (code === Client.query ? 1 : 0);
    const reading = TEXT_READINGS[ahead > 0 ? unsure(readings.now) : readings.now];
    return this.#mask({ bytes, missingBytes: 0, reading, isRefused: reading.clientEncoding === 'UTF8' });
  }

  #framingLost(from: Direction, way: Way): void {
    way.lost = true;
    const { begun } = way;
    way.begun = Buffer.alloc(0);
    const code = `0x${begun[0].toString(16).padStart(2, '0')}`;
    this.#write(
      `${from.padEnd(7)} no message: code ${code}, length ${begun.readInt32BE(1)}; nothing behind it is read`,
    );
    this.#flushSaid();
  }

  /** What the tracker said, and when it lost or found its way. */
  #flushSaid(): void {
    const { opaque, state } = this.#session;
    if (state.adrift !== this.#wasAdrift) this.#said.push(state.adrift ? 'adrift' : 'found again');
    if (opaque && !this.#wasOpaque) this.#said.push('opaque');
    this.#wasAdrift = state.adrift;
    this.#wasOpaque = opaque;
    for (const said of this.#said) this.#write(`tracker ${said}`);
    this.#said = [];
  }

  #write(line: string): void {
    this.#flushRun();
    this.#line(line);
  }

  #flushRun(detail = ''): void {
    const { from, name, count, bytes } = this.#run;
    if (count === 0) return;
    this.#run = { from, name: '', count: 0, bytes: 0 };
    const column = (count === 1 ? name : `${name} x${count}`).padEnd(NAME_COLUMNS);
    this.#line(`${from.padEnd(7)} ${column} ${String(bytes).padStart(BYTES_COLUMNS)}  ${detail}`.trimEnd());
  }
}

/** Bytes to come until the header, then the message, is whole. */
function missingBytes({ begun }: Way): number {
  if (begun.length < HEADER_BYTES) return HEADER_BYTES - begun.length;
  return 1 + begun.readInt32BE(1) - begun.length;
}

/** True when a whole header is that of no message of its direction: the same bounds as the tracker's. */
function isBroken({ begun, table }: Way): boolean {
  if (begun.length < HEADER_BYTES) return false;
  const code = begun[0];
  const bodyBytes = begun.readInt32BE(1) - 4;
  if (table.keepBytes[code] < 0 || bodyBytes < 0 || bodyBytes > table.bodyBytesMax[code]) return true;
  return table.exactBytes[code] >= 0 && table.exactBytes[code] !== bodyBytes;
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
