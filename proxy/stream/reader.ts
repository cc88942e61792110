// Reads the records of a batch, on the observer's side.
// Invariant: a damaged batch is a RangeError, never an observation read past the batch's end.
// Not here: frames (frames.ts), how records are written (writer.ts).

import type {
  Completion,
  Observation,
  SessionOpened,
  SessionReady,
  StatementObservation,
  StatementRunning,
} from './observation.js';
import { emptyStatement, LOSS_REASONS } from './observation.js';
import { CLOSE_REASONS, COMMAND_OTHER, COMMANDS, COPIES, RecordKind, STATUSES } from './records.js';
import { RELAY_STATUS_FIELDS, type RelayStatus } from './relay-status.js';
import { takeValues } from './statement-values.js';
import { TEXT_READINGS, USUAL_READING } from './text-reading.js';

/** Reads batches. One StatementObservation is reused: it is valid during the callback. */
export class BatchReader {
  #b: Buffer = Buffer.alloc(0);
  #at = 0;
  sequence = 0;
  executions = 0;
  readonly #statement = emptyStatement();
  #lastName = '';

  /** Calls back with each observation of a batch. Throws RangeError when the body is damaged. */
  read(body: Buffer, observation: (observation: Observation) => void): void {
    this.begin(body);
    while (this.#at < body.length) observation(this.#record());
  }

  /** Reads sequence and executions only. Throws RangeError when the body is too short. */
  begin(body: Buffer): void {
    if (body.length < 12) throw new RangeError('a batch has no header');
    this.#b = body;
    this.sequence = body.readDoubleLE(0);
    this.executions = body.readUInt32LE(8);
    this.#at = 12;
  }

  #record(): Observation {
    const kind = this.#byte();
    switch (kind) {
      case RecordKind.statement:
        return this.#readStatement();
      case RecordKind.statementRunning: {
        const sessionId = this.varint();
        const startedAtMs = this.#double();
        return { kind: 'statement-running', sessionId, startedAtMs, ...this.#textFields() };
      }
      case RecordKind.statementLost: {
        const sessionId = this.varint();
        const minute = this.varint();
        const reason = this.#oneOf(LOSS_REASONS);
        return { kind: 'statement-lost', sessionId, minute, reason, ...this.#textFields() };
      }
      case RecordKind.textDefined: {
        const textId = this.varint();
        const reading = this.#oneOf(TEXT_READINGS);
        const textMissingBytes = this.varint();
        return { kind: 'text-defined', textId, reading, textMissingBytes, text: this.#bytes() };
      }
      case RecordKind.textForgotten:
        return { kind: 'text-forgotten', textId: this.varint() };
      case RecordKind.sessionOpened:
        return this.#sessionOpened();
      case RecordKind.sessionReady:
        return this.#sessionReady();
      case RecordKind.sessionClosed:
        return {
          kind: 'session-closed',
          sessionId: this.varint(),
          closedAtMs: this.#double(),
          by: this.#oneOf(CLOSE_REASONS),
        };
      case RecordKind.loss:
        return { kind: 'loss', minute: this.varint(), reason: this.#oneOf(LOSS_REASONS), count: this.varint() };
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
    throw new RangeError(`a record has the unknown kind ${kind}`);
  }

  #textFields(): Pick<StatementRunning, 'text' | 'textMissingBytes' | 'textId' | 'reading'> {
    const textId = this.varint();
    const hasText = this.varint() === 1;
    const reading = this.#oneOf(TEXT_READINGS);
    const textMissingBytes = this.varint();
    const text = this.#bytes();
    return { text: hasText ? text : null, textMissingBytes, textId, reading };
  }

  #readStatement(): StatementObservation {
    const s = this.#statement;
    const flags = this.#byte();
    const statuses = this.#byte();
    s.protocol = flags & 1 ? 'extended' : 'simple';
    s.batched = (flags & 2) !== 0;
    s.copy = COPIES[(flags >> 2) & 3];
    s.transactionBefore = STATUSES[statuses & 3];
    s.transactionAfter = STATUSES[(statuses >> 2) & 3];
    s.sessionId = this.varint();
    s.completedAtMs = this.#double();
    takeValues(s, this);
    s.parameterHash = statuses & 16 ? this.#double() : 0;
    s.parameterCount = statuses & 16 ? this.varint() : 0;
    s.parametersCut = (statuses & 32) !== 0;
    s.dataRows = this.varint();
    s.suspensions = this.varint();
    s.pipelineDepth = this.varint();
    const completions = this.varint();
    s.completions = [];
    for (let i = 0; i < completions; i++) s.completions.push(this.#completion());
    s.sqlstate = '';
    if (flags & 64) {
      this.#need(5);
      s.sqlstate = this.#b.toString('latin1', this.#at, this.#at + 5);
      this.#at += 5;
    }
    s.statementName = this.#name();
    s.textId = flags & 32 ? this.varint() : 0;
    s.reading = flags & 128 ? this.#oneOf(TEXT_READINGS) : TEXT_READINGS[USUAL_READING];
    s.textMissingBytes = flags & 16 ? this.varint() : 0;
    s.text = flags & 16 ? this.#bytes() : null;
    return s;
  }

  #completion(): Completion {
    const code = this.#byte();
    const command = code === COMMAND_OTHER ? this.#bytes().toString('latin1') : COMMANDS[code];
    if (command === undefined) throw new RangeError(`a command has the unknown code ${code}`);
    return { command, rows: this.varint() };
  }

  /** Statement names repeat: reuse the previous string when the bytes are equal. */
  #name(): string {
    const length = this.varint();
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
    const code = this.varint();
    if (code >= values.length) throw new RangeError(`a code is ${code}, and only ${values.length} are known`);
    return values[code];
  }

  #sessionOpened(): SessionOpened {
    const sessionId = this.varint();
    const openedAtMs = this.#double();
    const resumed = this.varint() === 1;
    const protocolVersion = this.#int32();
    const parameters = this.varint();
    const clientAddress = this.#text();
    const startup: Array<readonly [string, string]> = [];
    for (let i = 0; i < parameters; i++) startup.push([this.#text(), this.#text()]);
    return { kind: 'session-opened', sessionId, openedAtMs, resumed, clientAddress, protocolVersion, startup };
  }

  #sessionReady(): SessionReady {
    return {
      kind: 'session-ready',
      sessionId: this.varint(),
      backslashEscapes: this.varint() === 1,
      backendPid: this.#int32(),
      transactionStatus: this.#oneOf(STATUSES),
      transactionSinceMs: this.#double(),
      serverVersion: this.#text(),
      applicationName: this.#text(),
      clientEncoding: this.#text(),
      serverTimeZone: this.#text(),
    };
  }

  #text(): string {
    return this.#bytes().toString('utf8');
  }

  #byte(): number {
    this.#need(1);
    return this.#b[this.#at++];
  }

  /** The next number of the record. Public for statement-values.ts. */
  varint(): number {
    // Most are one byte.
    const first = this.#b[this.#at];
    if (first < 0x80) {
      this.#at++;
      return first;
    }
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
      if (scale > 2 ** 53) throw new RangeError('a number is too long');
    }
  }

  #double(): number {
    this.#need(8);
    const value = this.#b.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  #int32(): number {
    return this.varint() | 0;
  }

  #bytes(): Buffer {
    const length = this.varint();
    this.#need(length);
    this.#at += length;
    return this.#b.subarray(this.#at - length, this.#at);
  }

  #need(bytes: number): void {
    if (this.#at + bytes > this.#b.length) throw new RangeError('a record ends too early');
  }
}
