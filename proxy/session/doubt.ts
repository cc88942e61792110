// Keeps open which Syncs a failed COPY FROM STDIN swallowed, until the replies leave one answer.
//
//   client   Execute(copy)  Sync  d(bad)  Parse Bind Execute  Sync  Query
//   server   … Error  ReadyForQuery: for the first Sync, or the second? The next replies fit one of them only.
//
// Each answer is a place in the client's messages where the server may stand. A reply moves it on, or drops it when it
// does not fit; another COPY that fails splits it.
// Invariant: no place is behind a request that had not come when the reply came.
// Source: src/backend/tcop/postgres.c, PostgresMain; PostgreSQL documentation "Message Flow".
// Not here: reading the replies that were held (copy-in.ts).

import { limits } from '../../config/limits.js';
import { Server } from '../wire/message-codes.js';
import { type RequestKind as Kind, type Outstanding, RequestKind } from './outstanding.js';

/** A message of the server, or headers of several that follow one another. */
export interface HeldReply {
  readonly code: number;
  /** 0 = a message with this body; else so many headers. */
  count: number;
  bodyBytes: number;
  readonly body: Buffer;
  readonly nowMs: number;
  readonly wallMs: number;
  /** Requests that had come, counted from the oldest one. */
  readonly requests: number;
}

/** What is kept of a reply besides its body, at most. */
const REPLY_BYTES = 128;

export class Doubt {
  readonly held: HeldReply[] = [];
  readonly #queue: Outstanding;
  readonly #skipping: boolean;
  #heldBytes = 0;
  #places: Place[] = [];

  /** Of the `syncs` oldest requests it is open how many were swallowed. `skipping`: then it skips to a Sync. */
  constructor(queue: Outstanding, { syncs, skipping }: { syncs: number; skipping: boolean }) {
    this.#queue = queue;
    this.#skipping = skipping;
    for (let swallowed = 0; swallowed <= Math.min(syncs, limits.doubtPlacesMax); swallowed++)
      this.#places.push(placeAt(swallowed, swallowed, skipping));
  }

  /** Holds a reply. `says`: false when it may come at any time, and so tells nothing. */
  take(reply: HeldReply, says: boolean): void {
    const last = this.held.at(-1);
    if (reply.count > 0 && last?.code === reply.code && last.count > 0) {
      last.count += reply.count;
      last.bodyBytes += reply.bodyBytes;
      return;
    }
    this.#heldBytes += REPLY_BYTES + reply.body.length;
    this.held.push(reply);
    if (!says) return;
    const found: Place[] = [];
    for (const place of this.#places)
      advance(place, reply.code, { queue: this.#queue, end: Math.min(reply.requests, this.#queue.near), found });
    // What cannot be told apart any more is followed once.
    this.#places = [...new Map(found.map((place) => [Object.values(place).join(), place])).values()];
  }

  /** How many Syncs were swallowed; -1 = that is still open. */
  get answer(): number {
    const { swallowed } = this.#places[0];
    return this.#places.every((place) => place.swallowed === swallowed) ? swallowed : -1;
  }

  /** Nothing fits, or too much does. */
  get isLost(): boolean {
    const { length } = this.#places;
    // Far requests are packed: they cannot be looked at.
    if (this.#queue.near < this.#queue.size) return true;
    return length === 0 || length > limits.doubtPlacesMax || this.#heldBytes > limits.doubtBytesMax;
  }

  /** The server may have answered everything. */
  get mayBeIdle(): boolean {
    return this.#places.some((place) => isAtEnd(place, this.#queue));
  }

  /** The first request that the server may not have answered. */
  get oldestOpen(): number {
    return Math.min(...this.#places.map(({ at }) => at));
  }

  /** No reply came that an execution could own. */
  get isUntouched(): boolean {
    return this.held.every(({ code }) => code === Server.readyForQuery || code === Server.error);
  }

  /** The client said goodbye and the server left, so it had answered everything. */
  allAnswered(): void {
    const places = this.#places.filter((place) => isAtEnd(place, this.#queue));
    if (places.length > 0) this.#places = places;
  }

  /** Calls for each request that the server swallowed, then for each that it skipped before the Sync it answered. */
  resolve(swallowed: () => void, skipped: () => void): void {
    for (let left = this.answer; left > 0; left--) swallowed();
    if (!this.#skipping) return;
    while (this.#queue.size > 0 && this.#queue.head.kind !== RequestKind.sync) skipped();
  }
}

/** One possibility. */
interface Place {
  /** Syncs that the COPY in doubt swallowed. */
  readonly swallowed: number;
  /** Index of the outstanding request that the server answers next. */
  readonly at: number;
  /** After an error it skips to the next Sync. */
  readonly skipping: boolean;
  /** It answers the Query or Execute at `at`, and is in a COPY FROM STDIN of it. */
  readonly copying: boolean;
  /** The Query or FunctionCall at `at` has an answer: ReadyForQuery may end it. */
  readonly answered: boolean;
  /** The request behind the one at `at`: COPYs of one Query take Syncs and CopyDone with them. */
  readonly next: number;
  /** Syncs behind a Query whose COPY failed. */
  readonly doubtful: number;
  /** Something ran since the last ReadyForQuery, which may fail at commit, in Sync. */
  readonly ran: boolean;
}

function placeAt(swallowed: number, at: number, skipping: boolean): Place {
  return { swallowed, at, skipping, copying: false, answered: false, next: at + 1, doubtful: 0, ran: false };
}

/** Adds to `found` where the server may stand after a reply. `end`: requests at this index and behind came later. */
function advance(place: Place, code: number, { queue, end, found }: Step): void {
  if (place.skipping) {
    if (code !== Server.readyForQuery) return;
    let sync = place.at;
    while (sync < end && queue.at(sync).kind !== RequestKind.sync) sync++;
    if (sync < end) found.push(placeAt(place.swallowed, sync + 1, false));
    return;
  }
  const at = current(place, queue, end);
  if (at >= end) return;
  const here: Place = at === place.at ? place : { ...placeAt(place.swallowed, at, false), ran: place.ran };
  const { kind } = queue.at(at);
  if (code === Server.readyForQuery) ready(here, kind, found);
  else if (code === Server.error) failed(here, kind, { queue, end, found });
  else if (kind === RequestKind.query || kind === RequestKind.execute)
    executing(here, { kind, code, queue, end, found });
  else if (kind === RequestKind.functionCall) {
    if (code === Server.functionCallResponse) found.push({ ...here, answered: true });
  } else if (kind === RequestKind.describe && code === Server.parameterDescription) found.push(here);
  else if (ANSWERS[kind].includes(code)) found.push(behind(here));
}

/** True when the server may have answered everything. */
function isAtEnd(place: Place, queue: Outstanding): boolean {
  return !place.skipping && current(place, queue, queue.size) >= queue.size;
}

interface Step {
  queue: Outstanding;
  end: number;
  found: Place[];
}

/** What ends a request that is none of the above. */
const ANSWERS: Record<Kind, readonly number[]> = {
  [RequestKind.parse]: [Server.parseComplete],
  [RequestKind.bind]: [Server.bindComplete],
  [RequestKind.close]: [Server.closeComplete],
  [RequestKind.describe]: [Server.rowDescription, Server.noData],
  [RequestKind.query]: [],
  [RequestKind.execute]: [],
  [RequestKind.functionCall]: [],
  [RequestKind.sync]: [],
  [RequestKind.copyEnd]: [],
};

/** CopyDone and CopyFail outside of a COPY are ignored. */
function current({ at }: Place, queue: Outstanding, end: number): number {
  let index = at;
  while (index < end && queue.at(index).kind === RequestKind.copyEnd) index++;
  return index;
}

function behind(place: Place): Place {
  return { ...placeAt(place.swallowed, place.next, false), ran: place.ran };
}

function ready(place: Place, kind: Kind, found: Place[]): void {
  if (kind !== RequestKind.sync && !place.answered) return;
  for (let more = 0; more <= place.doubtful; more++) found.push(placeAt(place.swallowed, place.next + more, false));
}

function failed(place: Place, kind: Kind, { queue, end, found }: Step): void {
  const doubtful = place.copying ? queue.syncsBehind(place.next - 1, end) : 0;
  if (kind === RequestKind.query || kind === RequestKind.functionCall)
    found.push({ ...place, answered: true, copying: false, doubtful });
  else if (kind === RequestKind.sync) {
    if (place.ran) found.push({ ...place, ran: false });
  } else for (let more = 0; more <= doubtful; more++) found.push(placeAt(place.swallowed, place.next + more, true));
}

/** A reply for a Query or an Execute. */
function executing(place: Place, { kind, code, queue, end, found }: Step & { kind: Kind; code: number }): void {
  switch (code) {
    case Server.dataRow:
    case Server.copyData:
    case Server.copyOut:
    case Server.copyBoth:
      found.push(place);
      return;
    case Server.copyIn:
      found.push({ ...place, copying: true });
      return;
    case Server.rowDescription:
      if (kind === RequestKind.query) found.push(place);
      return;
    case Server.portalSuspended:
      if (kind === RequestKind.execute) found.push({ ...behind(place), ran: true });
      return;
    case Server.commandComplete:
    case Server.emptyQuery: {
      let { next } = place;
      if (place.copying) {
        next += queue.syncsBehind(next - 1, end);
        if (next < end && queue.at(next).kind === RequestKind.copyEnd) next++;
      }
      const done = { ...place, copying: false, next, ran: true };
      found.push(kind === RequestKind.query ? { ...done, answered: true } : behind(done));
    }
  }
}
