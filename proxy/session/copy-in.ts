// Finds out which Syncs a COPY FROM STDIN swallowed: it ignores a Sync while it reads data.
// One that succeeds swallowed all up to CopyDone. One that fails swallowed those that it had read, and the wire does
// not say which: replies are then held (doubt.ts) until they leave one answer. They are read as if they came only now,
// each with its own time and the requests that had come by then. When they leave none, or are too many: adrift.
// Invariant: only Syncs directly behind the COPY's request, CopyData aside, can be swallowed. While replies are held,
// requests are queued and none leaves the queue.
// Source: src/backend/commands/copyfromparse.c, CopyGetData.
// Not here: what a reply means (replies.ts).

import { readError } from '../wire/field-reader.js';
import { Server } from '../wire/message-codes.js';
import { BodyRange, type MessageSink } from '../wire/message-sink.js';
import { goAdrift } from './adrift.js';
import type { Doubt, HeldReply } from './doubt.js';
import { RequestKind } from './outstanding.js';
import type { SessionState } from './session-state.js';

/** As a message sink is told of them. */
interface Headers {
  code: number;
  count: number;
  bodyBytes: number;
}
interface Message {
  code: number;
  bodyBytes: number;
  range: BodyRange;
}

/** A COPY FROM STDIN of the head completed: it has read everything up to CopyDone. */
export function copyInEnds(state: SessionState): void {
  const queue = state.outstanding;
  state.copying = false;
  while (queue.size > 1) {
    const { kind } = queue.at(1);
    if (kind !== RequestKind.sync && kind !== RequestKind.copyEnd) return;
    queue.removeSecond();
    if (kind === RequestKind.copyEnd) return;
  }
}

/** An error ends the COPY FROM STDIN of the head, if it runs one. Gives how many Syncs it may have swallowed. */
export function copyInFails(state: SessionState): number {
  if (!state.copying) return 0;
  state.copying = false;
  return state.outstanding.syncsBehind(0, state.outstanding.size - state.later);
}

const NONE = Buffer.alloc(0);

/** Holds what the server says while a doubt is open, and passes it on when there is an answer. */
export class HeldReplies {
  readonly #state: SessionState;
  readonly #sink: MessageSink;

  constructor(state: SessionState, sink: MessageSink) {
    this.#state = state;
    this.#sink = sink;
  }

  headers(doubt: Doubt, headers: Headers): void {
    doubt.take(this.#reply(headers, NONE), true);
    this.#conclude(doubt);
  }

  /** False for a message that says nothing of requests: it is not held. */
  takes(doubt: Doubt, { code, bodyBytes, range }: Message): boolean {
    const state = this.#state;
    switch (code) {
      case Server.authentication:
      case Server.backendKeyData:
      case Server.notice:
      case Server.notification:
      case Server.negotiateProtocolVersion:
      case Server.copyDone:
        return false;
    }
    // A FATAL error comes at any time.
    const isFatal = code === Server.error && readError(range.bytes, range.start, range.end).fatal;
    const body = Buffer.from(range.bytes.subarray(range.start, range.end));
    const reply = this.#reply({ code, count: 0, bodyBytes }, body);
    doubt.take(reply, code !== Server.parameterStatus && !isFatal);
    if (code === Server.readyForQuery) {
      // The status holds whichever request it ends. What finished before the doubt need not wait.
      state.transaction.ready(range.bytes[range.start], state.wallMs);
      state.send(state.transaction.status);
    }
    this.#conclude(doubt);
    return true;
  }

  /** The connection ended: no reply will tell any more. */
  ended(): void {
    const state = this.#state;
    for (let { doubt } = state; doubt !== undefined; doubt = state.doubt) {
      if (state.terminated) doubt.allAnswered();
      if (doubt.answer >= 0) this.#resolve(doubt);
      else if (doubt.isUntouched) return;
      else goAdrift(state);
    }
  }

  #reply(headers: Headers, body: Buffer): HeldReply {
    const { nowMs, wallMs, outstanding, later } = this.#state;
    return { ...headers, body, nowMs, wallMs, requests: outstanding.size - later };
  }

  #conclude(doubt: Doubt): void {
    if (doubt.isLost) goAdrift(this.#state);
    else if (doubt.answer >= 0) this.#resolve(doubt);
  }

  /** Reads what was held. That may raise another doubt, which then holds the rest. */
  #resolve(doubt: Doubt): void {
    const state = this.#state;
    const { nowMs, wallMs, later } = state;
    const requests = state.outstanding.size;
    const range = new BodyRange();
    state.doubt = undefined;
    state.transaction.restore();
    doubt.resolve(
      () => state.shift(),
      () => state.skip(),
    );
    for (const { code, count, bodyBytes, ...reply } of doubt.held) {
      state.nowMs = reply.nowMs;
      state.wallMs = reply.wallMs;
      state.later = requests - reply.requests;
      range.bytes = reply.body;
      range.end = reply.body.length;
      if (count > 0) this.#sink.headers(code, count, bodyBytes);
      else this.#sink.message(code, bodyBytes, range);
    }
    state.nowMs = nowMs;
    state.wallMs = wallMs;
    state.later = later;
  }
}
