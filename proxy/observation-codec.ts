// The records inside a batch of the observation stream, written and read.
//
// Invariant: decode(encode(x)) = x for every observation; a damaged frame is a RangeError, never a wrong observation read past its end.
// Numbers are varints (7 bits an octet, low first), texts are length-prefixed octets. Not here: frames (observation-frames.ts), when
// batches are cut and sent (observer-link.ts).

import type {
  CloseReason,
  Completion,
  LossReason,
  Observation,
  RelayStatus,
  SessionOpened,
  SessionReady,
  StatementObservation,
  TransactionStatus,
} from './observation.js';
import { emptyStatement, LOSS_REASONS } from './observation.js';
import { BATCH_HEADER_BYTES, FRAME_HEADER_BYTES, FrameKind } from './observation-frames.js';

const RecordKind = {
  sessionOpened: 1,
  sessionReady: 2,
  statement: 3,
  statementRunning: 4,
  sessionClosed: 5,
  loss: 6,
  relayStatus: 7,
  resyncBegin: 8,
  resyncEnd: 9,
  textDefined: 10,
  textForgotten: 11,
} as const;

const STATUSES: readonly TransactionStatus[] = ['', 'I', 'T', 'E'];
const COPIES = ['', 'in', 'out', 'both'] as const;
const CLOSE_REASONS: readonly CloseReason[] = ['client', 'server', 'relay'];
/** Commands sent as one octet; any other is sent as text. Only ever append. */
const COMMANDS: readonly string[] = (
  ',SELECT,INSERT,UPDATE,DELETE,BEGIN,COMMIT,ROLLBACK,SET,SHOW,SAVEPOINT,RELEASE,FETCH,DECLARE CURSOR,CLOSE CURSOR' +
  ',COPY,MERGE,PREPARE,DEALLOCATE,DEALLOCATE ALL,DISCARD ALL,LISTEN,NOTIFY,UNLISTEN,CREATE TABLE,CREATE INDEX' +
  ',ALTER TABLE,DROP TABLE,TRUNCATE TABLE,START TRANSACTION,EXPLAIN,DO,CALL,RESET,LOCK TABLE,VACUUM,ANALYZE'
).split(',');
const COMMAND_OTHER = 255;
const COMMAND_CODES = new Map(COMMANDS.map((command, code) => [command, code]));

/** In the order they are written, each as f64. */
const RELAY_STATUS_FIELDS = (
  'atMs,sessionsOpen,sessionsTotal,connectErrorsTotal,refusedConnectionsTotal,refusedPerSourceTotal' +
  ',refusedNotLoggedInTotal,clientBytesTotal,serverBytesTotal,sessionsAdrift' +
  ',sessionsOpaque,adriftTotal,opaqueTotal,unmatchedReadyTotal,skippedTotal,functionCallsTotal' +
  ',observerRestartsTotal,queueBytes,loopLagNs,observingPaused,observingPausesTotal,cpuNs,residentBytes'
).split(',') as Array<Exclude<keyof RelayStatus, 'kind'>>;

/** A statement as the relay has it: SQL as latin1 (one character per octet), so that encoding is one copy. */
export interface StatementFields extends Omit<StatementObservation, 'kind' | 'text'> {
  text: string | null;
}

/** Appends records to one growing buffer. */
export class BatchWriter {
  bytes: Buffer;
  length = BATCH_HEADER_BYTES;

  constructor(sizeBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(sizeBytes);
  }

  get empty(): boolean {
    return this.length === BATCH_HEADER_BYTES;
  }

  reset(): void {
    this.length = BATCH_HEADER_BYTES;
  }

  /** The batch as a frame; valid until the next write. */
  seal(sequence: number, executions: number): Buffer {
    this.bytes.writeUInt32LE(this.length - 4, 0);
    this.bytes[4] = FrameKind.batch;
    this.bytes.writeDoubleLE(sequence, FRAME_HEADER_BYTES);
    this.bytes.writeUInt32LE(executions, FRAME_HEADER_BYTES + 8);
    return this.bytes.subarray(0, this.length);
  }

  statement(s: StatementFields): void {
    this.#room(160 + (s.text === null ? 0 : s.text.length) + s.statementName.length * 3 + s.completions.length * 80);
    const b = this.bytes;
    let at = this.length;
    b[at++] = RecordKind.statement;
    b[at++] =
      (s.protocol === 'extended' ? 1 : 0) |
      (s.batched ? 2 : 0) |
      (COPIES.indexOf(s.copy) << 2) |
      (s.text !== null ? 16 : 0) |
      (s.textId !== 0 ? 32 : 0) |
      (s.sqlstate !== '' ? 64 : 0);
    b[at++] = STATUSES.indexOf(s.transactionBefore) | (STATUSES.indexOf(s.transactionAfter) << 2);
    at = putVarint(b, at, s.sessionId);
    at = b.writeDoubleLE(s.completedAtMs, at);
    at = putVarint(b, at, Math.round(s.serviceNs));
    at = putVarint(b, at, Math.round(s.waitNs));
    at = putVarint(b, at, Math.round(s.firstRowNs) + 1);
    at = putVarint(b, at, Math.round(s.clientStallNs));
    at = putVarint(b, at, s.dataRows);
    at = putVarint(b, at, s.requestBytes);
    at = putVarint(b, at, s.responseBytes);
    at = putVarint(b, at, s.suspensions);
    at = putVarint(b, at, s.pipelineDepth);
    at = putVarint(b, at, s.completions.length);
    for (const completion of s.completions) {
      const code = COMMAND_CODES.get(completion.command);
      b[at++] = code ?? COMMAND_OTHER;
      if (code === undefined) at = putLatin1(b, at, completion.command);
      at = putVarint(b, at, completion.rows);
    }
    if (s.sqlstate !== '') at += b.write(s.sqlstate, at, 5, 'latin1');
    at = putLatin1(b, at, s.statementName);
    if (s.textId !== 0) at = putVarint(b, at, s.textId);
    if (s.text !== null) {
      at = putVarint(b, at, s.textMissingBytes);
      at = putLatin1(b, at, s.text);
    }
    this.length = at;
  }

  running(s: {
    sessionId: number;
    startedAtMs: number;
    text: string | null;
    textMissingBytes: number;
    textId: number;
  }): void {
    this.#room(64 + (s.text?.length ?? 0));
    this.bytes[this.length++] = RecordKind.statementRunning;
    this.#varint(s.sessionId);
    this.#double(s.startedAtMs);
    this.#varint(s.textId);
    this.#varint(s.text === null ? 0 : 1);
    this.#varint(s.textMissingBytes);
    this.length = putLatin1(this.bytes, this.length, s.text ?? '');
  }

  textDefined(textId: number, text: string, missingBytes: number): void {
    this.#room(32 + text.length);
    this.bytes[this.length++] = RecordKind.textDefined;
    this.#varint(textId);
    this.#varint(missingBytes);
    this.length = putLatin1(this.bytes, this.length, text);
  }

  textForgotten(textId: number): void {
    this.#room(16);
    this.bytes[this.length++] = RecordKind.textForgotten;
    this.#varint(textId);
  }

  sessionOpened(s: Omit<SessionOpened, 'kind'>): void {
    this.#json(RecordKind.sessionOpened, s);
  }

  sessionReady(s: Omit<SessionReady, 'kind'>): void {
    this.#json(RecordKind.sessionReady, s);
  }

  sessionClosed(sessionId: number, closedAtMs: number, by: CloseReason): void {
    this.#room(32);
    this.bytes[this.length++] = RecordKind.sessionClosed;
    this.#varint(sessionId);
    this.#double(closedAtMs);
    this.#varint(CLOSE_REASONS.indexOf(by));
  }

  loss(minute: number, reason: LossReason, count: number): void {
    this.#room(32);
    this.bytes[this.length++] = RecordKind.loss;
    this.#varint(minute);
    this.#varint(LOSS_REASONS.indexOf(reason));
    this.#varint(count);
  }

  relayStatus(status: Omit<RelayStatus, 'kind'>): void {
    this.#room(1 + RELAY_STATUS_FIELDS.length * 8);
    this.bytes[this.length++] = RecordKind.relayStatus;
    for (const field of RELAY_STATUS_FIELDS) this.#double(status[field]);
  }

  resyncBegin(): void {
    this.#room(1);
    this.bytes[this.length++] = RecordKind.resyncBegin;
  }

  resyncEnd(): void {
    this.#room(1);
    this.bytes[this.length++] = RecordKind.resyncEnd;
  }

  #json(kind: number, value: object): void {
    const text = Buffer.from(JSON.stringify(value), 'utf8');
    this.#room(16 + text.length);
    this.bytes[this.length++] = kind;
    this.#varint(text.length);
    this.length += text.copy(this.bytes, this.length);
  }

  #varint(value: number): void {
    this.length = putVarint(this.bytes, this.length, value);
  }

  #double(value: number): void {
    this.length = this.bytes.writeDoubleLE(value, this.length);
  }

  #room(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + bytes));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }
}

function putVarint(b: Buffer, at: number, value: number): number {
  let rest = value;
  // Beyond 31 bits the bit operators no longer hold, so the high part is cut by division.
  while (rest > 0x7fffffff) {
    b[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 128) {
    b[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  b[at++] = rest;
  return at;
}

function putLatin1(b: Buffer, at: number, text: string): number {
  const start = putVarint(b, at, text.length);
  return text.length === 0 ? start : start + b.write(text, start, text.length, 'latin1');
}

/** Reads the records of a batch. One StatementObservation is reused: it is valid during the call. */
export class BatchReader {
  #b: Buffer = Buffer.alloc(0);
  #at = 0;
  sequence = 0;
  executions = 0;
  readonly #statement = emptyStatement();
  #lastName = '';

  /** Throws RangeError when the body is damaged. */
  read(body: Buffer, observation: (observation: Observation) => void): void {
    this.begin(body);
    while (this.#at < body.length) observation(this.#record());
  }

  /** Reads sequence and executions only. */
  begin(body: Buffer): void {
    if (body.length < 12) throw new RangeError('a batch without its header');
    this.#b = body;
    this.sequence = body.readDoubleLE(0);
    this.executions = body.readUInt32LE(8);
    this.#at = 12;
  }

  #record(): Observation {
    const kind = this.#octet();
    switch (kind) {
      case RecordKind.statement:
        return this.#readStatement();
      case RecordKind.statementRunning: {
        const sessionId = this.#varint();
        const startedAtMs = this.#double();
        const textId = this.#varint();
        const hasText = this.#varint() === 1;
        const textMissingBytes = this.#varint();
        const text = this.#octets();
        return {
          kind: 'statement-running',
          sessionId,
          startedAtMs,
          text: hasText ? text : null,
          textMissingBytes,
          textId,
        };
      }
      case RecordKind.textDefined: {
        const textId = this.#varint();
        const textMissingBytes = this.#varint();
        return { kind: 'text-defined', textId, textMissingBytes, text: this.#octets() };
      }
      case RecordKind.textForgotten:
        return { kind: 'text-forgotten', textId: this.#varint() };
      case RecordKind.sessionOpened:
        return { kind: 'session-opened', ...this.#session<SessionOpened>() };
      case RecordKind.sessionReady:
        return { kind: 'session-ready', ...this.#session<SessionReady>() };
      case RecordKind.sessionClosed:
        return {
          kind: 'session-closed',
          sessionId: this.#varint(),
          closedAtMs: this.#double(),
          by: this.#oneOf(CLOSE_REASONS),
        };
      case RecordKind.loss:
        return { kind: 'loss', minute: this.#varint(), reason: this.#oneOf(LOSS_REASONS), count: this.#varint() };
      case RecordKind.relayStatus: {
        const status = { kind: 'relay-status' } as RelayStatus;
        for (const field of RELAY_STATUS_FIELDS) status[field] = this.#double();
        return status;
      }
      case RecordKind.resyncBegin:
        return { kind: 'resync-begin' };
      case RecordKind.resyncEnd:
        return { kind: 'resync-end' };
    }
    throw new RangeError(`a record of unknown kind ${kind}`);
  }

  #readStatement(): StatementObservation {
    const s = this.#statement;
    const flags = this.#octet();
    const statuses = this.#octet();
    s.protocol = flags & 1 ? 'extended' : 'simple';
    s.batched = (flags & 2) !== 0;
    s.copy = COPIES[(flags >> 2) & 3];
    s.transactionBefore = STATUSES[statuses & 3];
    s.transactionAfter = STATUSES[(statuses >> 2) & 3];
    s.sessionId = this.#varint();
    s.completedAtMs = this.#double();
    s.serviceNs = this.#varint();
    s.waitNs = this.#varint();
    s.firstRowNs = this.#varint() - 1;
    s.clientStallNs = this.#varint();
    s.dataRows = this.#varint();
    s.requestBytes = this.#varint();
    s.responseBytes = this.#varint();
    s.suspensions = this.#varint();
    s.pipelineDepth = this.#varint();
    const completions = this.#varint();
    s.completions = [];
    for (let i = 0; i < completions; i++) s.completions.push(this.#completion());
    s.sqlstate = '';
    if (flags & 64) {
      this.#need(5);
      s.sqlstate = this.#b.toString('latin1', this.#at, this.#at + 5);
      this.#at += 5;
    }
    s.statementName = this.#name();
    s.textId = flags & 32 ? this.#varint() : 0;
    s.textMissingBytes = flags & 16 ? this.#varint() : 0;
    s.text = flags & 16 ? this.#octets() : null;
    return s;
  }

  #completion(): Completion {
    const code = this.#octet();
    const command = code === COMMAND_OTHER ? this.#octets().toString('latin1') : COMMANDS[code];
    if (command === undefined) throw new RangeError(`a command of unknown code ${code}`);
    return { command, rows: this.#varint() };
  }

  /** Of few that come again and again: the last one is given again. */
  #name(): string {
    const length = this.#varint();
    if (length === 0) return '';
    this.#need(length);
    const from = this.#at;
    this.#at += length;
    const last = this.#lastName;
    if (last.length === length) {
      let same = 0;
      while (same < length && this.#b[from + same] === last.charCodeAt(same)) same++;
      if (same === length) return last;
    }
    this.#lastName = this.#b.toString('latin1', from, this.#at);
    return this.#lastName;
  }

  #oneOf<T>(values: readonly T[]): T {
    const code = this.#varint();
    if (code >= values.length) throw new RangeError(`a code of ${code} where ${values.length} are known`);
    return values[code];
  }

  /** The JSON of a session record. */
  #session<T extends { sessionId: number }>(): Omit<T, 'kind'> {
    const text = this.#octets().toString('utf8');
    let value: T | null = null;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new RangeError('a session record that is not JSON', { cause: error });
    }
    if (typeof value?.sessionId !== 'number') throw new RangeError('a session record without its sessionId');
    return value;
  }

  #octet(): number {
    this.#need(1);
    return this.#b[this.#at++];
  }

  #varint(): number {
    // Most are one octet.
    const first = this.#b[this.#at];
    if (first < 0x80) {
      this.#at++;
      return first;
    }
    let value = 0;
    let scale = 1;
    for (;;) {
      const octet = this.#octet();
      value += (octet & 0x7f) * scale;
      if (octet < 0x80) return value;
      scale *= 128;
      if (scale > 2 ** 53) throw new RangeError('a number that is too long');
    }
  }

  #double(): number {
    this.#need(8);
    const value = this.#b.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  #octets(): Buffer {
    const length = this.#varint();
    this.#need(length);
    this.#at += length;
    return this.#b.subarray(this.#at - length, this.#at);
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#b.length) throw new RangeError('a record that ends too early');
  }
}
