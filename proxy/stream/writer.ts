// Writes the records of a batch, on the relay's side.
//
// Numbers are varints (varint.ts), moments f64, texts bytes behind their length.
// Invariant: reader.ts reads exactly what was written, for every observation.
// Not here: frames (frames.ts), when batches are cut and sent (link/link.ts).

import { BATCH_HEADER_BYTES, FRAME_HEADER_BYTES, FrameKind } from './frames.js';
import type { CloseReason, LossReason, SessionOpened, SessionReady, StatementObservation } from './observation.js';
import { LOSS_REASONS } from './observation.js';
import { CLOSE_REASONS, COMMAND_CODES, COMMAND_OTHER, COPIES, RecordKind, STATUSES } from './records.js';
import { RELAY_STATUS_FIELDS, type RelayFigures } from './relay-status.js';
import { putValues } from './statement-values.js';
import { USUAL_READING } from './text-reading.js';
import { putLatin1, putVarint } from './varint.js';

/** A statement as the relay has it: SQL as latin1 (one character per byte), so that encoding is one copy. */
/** The text of a statement, or the number of one that was told before. */
export interface TextFields {
  readonly text: string | null;
  readonly textMissingBytes: number;
  readonly textId: number;
  /** As in text-reading.ts. */
  readonly reading: number;
}

export interface StatementFields extends Omit<StatementObservation, 'kind' | 'text' | 'reading'> {
  text: string | null;
  /** By its number (text-reading.ts). */
  reading: number;
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

  /** The batch as a frame. Valid until the next write. */
  seal(sequence: number, executions: number): Buffer {
    this.bytes.writeUInt32LE(this.length - 4, 0);
    this.bytes[4] = FrameKind.batch;
    this.bytes.writeDoubleLE(sequence, FRAME_HEADER_BYTES);
    this.bytes.writeUInt32LE(executions, FRAME_HEADER_BYTES + 8);
    return this.bytes.subarray(0, this.length);
  }

  statement(s: StatementFields): void {
    this.#room(180 + (s.text === null ? 0 : s.text.length) + s.statementName.length * 3 + s.completions.length * 80);
    const b = this.bytes;
    let at = this.length;
    b[at++] = RecordKind.statement;
    b[at++] =
      (s.protocol === 'extended' ? 1 : 0) |
      (s.batched ? 2 : 0) |
      (COPIES.indexOf(s.copy) << 2) |
      (s.text !== null ? 16 : 0) |
      (s.textId !== 0 ? 32 : 0) |
      (s.sqlstate !== '' ? 64 : 0) |
      (s.text !== null && s.reading !== USUAL_READING ? 128 : 0);
    b[at++] =
      STATUSES.indexOf(s.transactionBefore) |
      (STATUSES.indexOf(s.transactionAfter) << 2) |
      (s.parameterHash !== 0 ? 16 : 0) |
      (s.parametersCut ? 32 : 0);
    at = putVarint(b, at, s.sessionId);
    at = b.writeDoubleLE(s.completedAtMs, at);
    at = putValues(b, at, s);
    if (s.parameterHash !== 0) {
      at = b.writeDoubleLE(s.parameterHash, at);
      at = putVarint(b, at, s.parameterCount);
    }
    at = putVarint(b, at, s.dataRows);
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
      if (s.reading !== USUAL_READING) b[at++] = s.reading;
      at = putVarint(b, at, s.textMissingBytes);
      at = putLatin1(b, at, s.text);
    }
    this.length = at;
  }

  running(s: { sessionId: number; startedAtMs: number } & TextFields): void {
    this.#room(64 + (s.text?.length ?? 0));
    this.bytes[this.length++] = RecordKind.statementRunning;
    this.#varint(s.sessionId);
    this.#double(s.startedAtMs);
    this.#textFields(s);
  }

  lostStatement(s: { sessionId: number; minute: number; reason: LossReason } & TextFields): void {
    this.#room(64 + (s.text?.length ?? 0));
    this.bytes[this.length++] = RecordKind.statementLost;
    this.#varint(s.sessionId);
    this.#varint(s.minute);
    this.#varint(LOSS_REASONS.indexOf(s.reason));
    this.#textFields(s);
  }

  textDefined(
    textId: number,
    text: string,
    { missingBytes, reading }: { missingBytes: number; reading: number },
  ): void {
    this.#room(32 + text.length);
    this.bytes[this.length++] = RecordKind.textDefined;
    this.#varint(textId);
    this.#varint(reading);
    this.#varint(missingBytes);
    this.length = putLatin1(this.bytes, this.length, text);
  }

  textForgotten(textId: number): void {
    this.#room(16);
    this.bytes[this.length++] = RecordKind.textForgotten;
    this.#varint(textId);
  }

  sessionOpened(s: Omit<SessionOpened, 'kind'>): void {
    this.#room(64);
    this.bytes[this.length++] = RecordKind.sessionOpened;
    this.#varint(s.sessionId);
    this.#double(s.openedAtMs);
    this.#varint(s.resumed ? 1 : 0);
    this.#int32(s.protocolVersion);
    this.#varint(s.startup.length);
    this.#text(s.clientAddress);
    for (const [name, value] of s.startup) {
      this.#text(name);
      this.#text(value);
    }
  }

  sessionReady(s: Omit<SessionReady, 'kind'>): void {
    this.#room(64);
    this.bytes[this.length++] = RecordKind.sessionReady;
    this.#varint(s.sessionId);
    this.#varint(s.backslashEscapes ? 1 : 0);
    this.#int32(s.backendPid);
    this.#varint(STATUSES.indexOf(s.transactionStatus));
    this.#double(s.transactionSinceMs);
    this.#text(s.serverVersion);
    this.#text(s.applicationName);
    this.#text(s.clientEncoding);
    this.#text(s.serverTimeZone);
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

  relayStatus(status: RelayFigures): void {
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

  /** There is room for the text. */
  #textFields(s: TextFields): void {
    this.#varint(s.textId);
    this.#varint(s.text === null ? 0 : 1);
    this.#varint(s.reading);
    this.#varint(s.textMissingBytes);
    this.length = putLatin1(this.bytes, this.length, s.text ?? '');
  }

  /** Text other than SQL, as UTF-8. */
  #text(text: string): void {
    const length = Buffer.byteLength(text);
    this.#room(8 + length);
    this.#varint(length);
    this.length += this.bytes.write(text, this.length, length);
  }

  #varint(value: number): void {
    this.length = putVarint(this.bytes, this.length, value);
  }

  /** A 32-bit number of a peer: it may have any value, negative ones included. */
  #int32(value: number): void {
    this.#varint(value >>> 0);
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
