// Reads the client's messages of one connection: each becomes an outstanding request.
// Invariant: a request that the server will skip (after an error, up to Sync) is counted and not queued.
// Parse, Bind and Close take effect when the server confirms them (replies.ts), not here.
// Source: PostgreSQL documentation "Message Flow", "Extended Query". Not here: bytes to messages (wire/), replies.

import { latin1, parameterCount, serverName, stringEnd } from '../wire/field-reader.js';
import { Client } from '../wire/message-codes.js';
import type { BodyRange, FramingLost, MessageSink } from '../wire/message-sink.js';
import { goAdrift } from './adrift.js';
import { Execution } from './execution.js';
import { RequestKind } from './outstanding.js';
import type { SessionState } from './session-state.js';
import { textBytes } from './texts.js';

const HEADER_BYTES = 5;
const PORTAL = 0x50; // 'P' in Describe and Close

export class Requests implements MessageSink {
  readonly #state: SessionState;
  readonly #onFramingLost: (why: FramingLost) => void;
  /** The Parse and Bind before the next Execute: when the first arrived (0 = none came), and their bytes. */
  #unitStartMs = 0;
  #unitBytes = 0;

  constructor(state: SessionState, onFramingLost: (why: FramingLost) => void) {
    this.#state = state;
    this.#onFramingLost = onFramingLost;
  }

  framingLost(why: FramingLost): void {
    this.#onFramingLost(why);
  }

  /** CopyData and password answers: only that they passed is known. */
  headers(_code: number, _count: number, _bodyBytes: number): void {}

  message(code: number, bodyBytes: number, range: BodyRange): void {
    const state = this.#state;
    if (state.adrift) {
      this.#adrift(code, bodyBytes, range);
      return;
    }
    const bytes = bodyBytes + HEADER_BYTES;
    switch (code) {
      case Client.query:
        this.#query(bytes, bodyBytes, range);
        break;
      case Client.parse:
        this.#parse(bytes, bodyBytes, range);
        break;
      case Client.bind:
        this.#bind(bytes, bodyBytes, range);
        break;
      case Client.describe:
      case Client.close:
        this.#describeOrClose(code, bytes, range);
        break;
      case Client.execute:
        this.#execute(bytes, range);
        break;
      case Client.sync:
        state.outstanding.push(RequestKind.sync, state.nowMs, bytes);
        state.discarding = false;
        this.#flushPoint();
        break;
      case Client.flush:
        this.#flushPoint();
        break;
      case Client.functionCall:
        if (!state.discarding) {
          state.outstanding.push(RequestKind.functionCall, state.nowMs, bytes);
          state.counters.functionCallsTotal++;
        }
        this.#flushPoint();
        break;
      case Client.copyDone:
      case Client.copyFail:
        // With nothing outstanding it is stray: the server ignores it.
        if (state.outstanding.size > 0) state.outstanding.push(RequestKind.copyEnd, state.nowMs, bytes);
        break;
      case Client.terminate:
        state.terminated = true;
        break;
    }
    if (
      state.outstanding.bytes > state.limits.outstandingBytesMax ||
      state.outstandingTextBytes > state.limits.outstandingTextBytesMax
    )
      goAdrift(state);
  }

  #query(bytes: number, bodyBytes: number, range: BodyRange): void {
    const state = this.#state;
    this.#flushPoint();
    if (state.discarding) {
      state.counters.skippedTotal++;
      return;
    }
    const execution = this.#arrive(true, state.nowMs);
    execution.requestBytes = bytes;
    const end = textEnd(range);
    const text = latin1(range.bytes, range.start, end);
    const missingBytes = bodyBytes - (range.end - range.start);
    const reading = state.readings.now;
    execution.prepared = { name: '', text, missingBytes, shared: undefined, reading, readIn: 0 };
    state.outstandingTextBytes += text.length;
    state.outstanding.push(RequestKind.query, state.nowMs, bytes).execution = execution;
    this.#flushPoint();
  }

  #parse(bytes: number, bodyBytes: number, range: BodyRange): void {
    const state = this.#state;
    this.#unit(bytes);
    if (state.discarding) return;
    const request = state.outstanding.push(RequestKind.parse, state.nowMs, bytes);
    request.prepared = preparedOf(state, bodyBytes, range);
    state.outstandingTextBytes += textBytes(request.prepared);
  }

  #bind(bytes: number, bodyBytes: number, range: BodyRange): void {
    const state = this.#state;
    this.#unit(bytes);
    if (state.discarding) return;
    const { bytes: body, start, end } = range;
    const portalEnd = stringEnd(body, { at: start, end });
    const request = state.outstanding.push(RequestKind.bind, state.nowMs, bytes);
    request.portalName = serverName(body, start, portalEnd);
    const namesEnd = stringEnd(body, { at: portalEnd + 1, end });
    request.statementName = serverName(body, portalEnd + 1, namesEnd);
    const { parameters } = state.events;
    if (!parameters?.isKeyed || namesEnd >= end) return;
    request.parameterHash = parameters.of(body, namesEnd + 1, end);
    request.parameterCount = parameterCount(body, namesEnd + 1, end);
    request.parametersCut = bodyBytes > end - start;
  }

  #describeOrClose(code: number, bytes: number, range: BodyRange): void {
    const state = this.#state;
    if (state.discarding) return;
    const kind = code === Client.describe ? RequestKind.describe : RequestKind.close;
    const request = state.outstanding.push(kind, state.nowMs, bytes);
    const { bytes: body, start, end } = range;
    request.ofPortal = end > start && body[start] === PORTAL;
    const name = serverName(body, start + 1, stringEnd(body, { at: start + 1, end }));
    if (request.ofPortal) request.portalName = name;
    else request.statementName = name;
  }

  #execute(bytes: number, range: BodyRange): void {
    const state = this.#state;
    if (state.discarding) {
      state.counters.skippedTotal++;
      return;
    }
    // A Parse that was flushed apart is answered apart, so #unitStartMs no longer holds it.
    const execution = this.#arrive(false, this.#unitStartMs > 0 ? this.#unitStartMs : state.nowMs);
    execution.requestBytes = this.#unitBytes + bytes;
    this.#unitStartMs = 0;
    this.#unitBytes = 0;
    const request = state.outstanding.push(RequestKind.execute, state.nowMs, bytes);
    request.portalName = serverName(
      range.bytes,
      range.start,
      stringEnd(range.bytes, { at: range.start, end: range.end }),
    );
    request.execution = execution;
  }

  #arrive(simple: boolean, startMs: number): Execution {
    const state = this.#state;
    state.flushGroupSize++;
    return new Execution(simple, {
      arrivedMs: state.nowMs,
      startMs,
      flushGroup: state.flushGroup,
      pipelineDepth: state.executionsOutstanding++,
    });
  }

  #unit(bytes: number): void {
    if (this.#unitStartMs === 0) this.#unitStartMs = this.#state.nowMs;
    this.#unitBytes += bytes;
  }

  #flushPoint(): void {
    const state = this.#state;
    this.#unitStartMs = 0;
    this.#unitBytes = 0;
    if (state.flushGroupSize === 0) return;
    state.flushGroup++;
    state.flushGroupSize = 0;
  }

  /** A message while the session is adrift: counts executions as lost, keeps names, and counts what the server owes. */
  #adrift(code: number, bodyBytes: number, range: BodyRange): void {
    const state = this.#state;
    switch (code) {
      case Client.query:
      case Client.execute:
        state.events.lost('adrift', 1);
        if (code === Client.execute) state.unsynced++;
        break;
      case Client.parse:
        state.names.define(preparedOf(state, bodyBytes, range), state.readings.inDoubt);
        state.unsynced++;
        break;
      case Client.bind:
      case Client.describe:
      case Client.close:
        state.unsynced++;
        break;
    }
    if (code === Client.query || code === Client.sync || code === Client.functionCall) {
      state.readyOwed++;
      state.unsynced = 0;
    }
  }
}

/** Where the SQL of a Query body ends: at the NUL, unless the end of a long text was not kept. */
function textEnd(range: BodyRange): number {
  return range.end > range.start && range.bytes[range.end - 1] === 0 ? range.end - 1 : range.end;
}

/** A Parse body: statement name, SQL, parameter type OIDs (4 bytes each). */
function preparedOf(state: SessionState, bodyBytes: number, range: BodyRange) {
  const { bytes, start, end } = range;
  const nameEnd = stringEnd(bytes, { at: start, end });
  const found = bytes.indexOf(0, nameEnd + 1);
  const sqlEnd = found < 0 || found >= end ? end : found;
  const sql = latin1(bytes, nameEnd + 1, sqlEnd);
  const missingBytes = bodyBytes - (end - start);
  return state.names.prepare(serverName(bytes, start, nameEnd), sql, { missingBytes, reading: state.readings.now });
}
