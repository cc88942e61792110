// Walks the messages of one direction of one connection.
// Headers are read by arithmetic, bodies only as far as the message table says.
//
//   header (5 bytes)           body
//   ┌──────┬───────────────┬──────────────────────────────────────┐
//   │ code │ length, int32 │ kept head … skipped … kept tail      │
//   └──────┴───────────────┴──────────────────────────────────────┘
//
// Invariant: between two feeds, either a header is partly read (headerHave < 5 and bodyLeft = 0) or bodyLeft bytes of
// the current body are still to come. Wherever a stream is cut, the sink gets the same messages in the same order. A
// body that lies whole in one chunk is handed over in place, without a copy. The sink must not keep the range.
// Not here: what messages mean (session/), the untyped first packet (startup-packet.ts), sockets.

import type { MessageTable } from './message-codes.js';
import { BodyRange, type MessageSink, NO_BYTES } from './message-sink.js';

const HEADER_BYTES = 5;

export class MessageScanner {
  readonly #table: MessageTable;
  readonly #sink: MessageSink;
  readonly #range = new BodyRange();
  #headerHave = 0;
  /** The length word of a header that is cut over chunks, as far as it has come. */
  #lengthSoFar = 0;
  #code = 0;
  #bodyBytes = 0;
  #bodyLeft = 0;
  /** The kept start of the current body; used only when the body is cut over chunks. */
  #kept: Buffer = NO_BYTES;
  #keptHave = 0;
  #tail: Buffer = NO_BYTES;
  #tailHave = 0;
  #stopped = false;

  constructor(table: MessageTable, sink: MessageSink) {
    this.#table = table;
    this.#sink = sink;
  }

  /** True when no message is partly read. */
  get atBoundary(): boolean {
    return this.#headerHave === 0 && this.#bodyLeft === 0;
  }

  /** Checks what must hold between two feeds. Throws an Error that names what does not; tests call it. */
  invariants(): void {
    if (this.#range.bytes !== NO_BYTES) throw new Error('a chunk is kept after its feed');
    if (this.#stopped) return;
    if (this.#headerHave < 0 || this.#headerHave >= HEADER_BYTES) throw new Error(`${this.#headerHave} header bytes`);
    if (this.#bodyLeft < 0) throw new Error(`${this.#bodyLeft} bytes of the body are left`);
    if (this.#headerHave > 0 && this.#bodyLeft > 0) throw new Error('a header begins within a body');
    const keep = Math.max(0, this.#table.keepBytes[this.#code]);
    if (this.#bodyLeft > 0 && keep > 0 && this.#keptHave > keep) throw new Error(`${this.#keptHave} bytes are kept`);
    if (this.#tailHave > this.#table.tailBytes[this.#code]) throw new Error(`${this.#tailHave} bytes of tail are kept`);
  }

  /** Ignores all further feeds. */
  stop(): void {
    this.#stopped = true;
    this.#kept = NO_BYTES;
    this.#tail = NO_BYTES;
  }

  feed(chunk: Buffer, from = 0): void {
    let at = from;
    const length = chunk.length;
    while (at < length && !this.#stopped) {
      if (this.#bodyLeft > 0) {
        at = this.#body(chunk, at);
        continue;
      }
      if (this.#headerHave > 0 || length - at < HEADER_BYTES) {
        const byte = chunk[at++];
        if (this.#headerHave++ === 0) {
          this.#code = byte;
          this.#lengthSoFar = 0;
          continue;
        }
        this.#lengthSoFar = (this.#lengthSoFar << 8) | byte;
        if (this.#headerHave < HEADER_BYTES) continue;
        this.#headerHave = 0;
        at = this.#begin(this.#code, this.#lengthSoFar - 4, { chunk, bodyAt: at });
        continue;
      }
      // The common case, without a copy: header and body lie in this chunk, and the kept part of the body is one piece.
      const code = chunk[at];
      const bodyBytes = ((chunk[at + 1] << 24) | (chunk[at + 2] << 16) | (chunk[at + 3] << 8) | chunk[at + 4]) - 4;
      const keep = this.#table.keepBytes[code];
      const isOnePiece = bodyBytes <= keep || this.#table.tailBytes[code] === 0;
      if (keep > 0 && isOnePiece && bodyBytes >= 0 && bodyBytes <= length - at - HEADER_BYTES) {
        if (!this.#allowed(code, bodyBytes)) break;
        const range = this.#range;
        range.bytes = chunk;
        range.start = at + HEADER_BYTES;
        range.end = range.start + Math.min(bodyBytes, keep);
        range.tailBytes = 0;
        at = range.start + bodyBytes;
        this.#sink.message(code, bodyBytes, range);
        continue;
      }
      if (keep === 0 && this.#table.exactBytes[code] < 0) {
        const next = this.#run(chunk, at);
        if (next > at) {
          at = next;
          continue;
        }
      }
      at = this.#begin(code, bodyBytes, { chunk, bodyAt: at + HEADER_BYTES });
    }
    // Release the chunk: an idle session must not keep one alive.
    this.#range.bytes = NO_BYTES;
  }

  /**
   * Bulk: messages of one code in a row whose bodies are not kept. The sink is called once for all of them, because one
   * call for each is most of what a large result costs here. Returns where to read on, or `from` when the first header
   * is damaged.
   */
  #run(chunk: Buffer, from: number): number {
    const code = chunk[from];
    const bodyBytesMax = this.#table.bodyBytesMax[code];
    const last = chunk.length - HEADER_BYTES;
    let at = from;
    let count = 0;
    while (at <= last && chunk[at] === code) {
      const bodyBytes = ((chunk[at + 1] << 24) | (chunk[at + 2] << 16) | (chunk[at + 3] << 8) | chunk[at + 4]) - 4;
      if (bodyBytes < 0 || bodyBytes > bodyBytesMax) break;
      count++;
      at += HEADER_BYTES + bodyBytes;
    }
    if (count === 0) return from;
    this.#sink.headers(code, count, at - from - count * HEADER_BYTES);
    if (at <= chunk.length) return at;
    this.#code = code;
    this.#bodyLeft = at - chunk.length;
    return chunk.length;
  }

  /** Checks a complete header and starts its body, which may end at once. Returns where to read on. */
  #begin(code: number, bodyBytes: number, { chunk, bodyAt }: { chunk: Buffer; bodyAt: number }): number {
    if (!this.#allowed(code, bodyBytes)) return chunk.length;
    this.#code = code;
    this.#bodyBytes = bodyBytes;
    if (this.#table.keepBytes[code] === 0) {
      this.#sink.headers(code, 1, bodyBytes);
      const here = Math.min(bodyBytes, chunk.length - bodyAt);
      this.#bodyLeft = bodyBytes - here;
      return bodyAt + here;
    }
    this.#bodyLeft = bodyBytes;
    this.#keptHave = 0;
    this.#tailHave = 0;
    if (bodyBytes === 0) this.#finish();
    return bodyAt;
  }

  #allowed(code: number, bodyBytes: number): boolean {
    const keep = this.#table.keepBytes[code];
    const exact = this.#table.exactBytes[code];
    if (
      keep >= 0 &&
      bodyBytes >= 0 &&
      bodyBytes <= this.#table.bodyBytesMax[code] &&
      (exact < 0 || exact === bodyBytes)
    )
      return true;
    this.stop();
    this.#sink.framingLost(keep < 0 ? 'unknown code' : 'bad length');
    return false;
  }

  /** Takes the chunk's part of the current body. Returns where to read on. */
  #body(chunk: Buffer, at: number): number {
    const take = Math.min(this.#bodyLeft, chunk.length - at);
    const keep = this.#table.keepBytes[this.#code];
    if (keep > 0) this.#keep(chunk.subarray(at, at + take), keep);
    this.#bodyLeft -= take;
    if (this.#bodyLeft === 0 && keep > 0) this.#finish();
    return at + take;
  }

  #keep(part: Buffer, keep: number): void {
    const room = Math.min(keep, this.#bodyBytes) - this.#keptHave;
    const take = Math.min(room, part.length);
    if (take > 0) {
      if (this.#kept.length < this.#keptHave + take) {
        // Double, but never beyond what is kept, so that a length on the wire alone allocates nothing.
        const size = Math.min(Math.max(512, (this.#keptHave + take) * 2), keep);
        const grown = Buffer.allocUnsafeSlow(size);
        this.#kept.copy(grown, 0, 0, this.#keptHave);
        this.#kept = grown;
      }
      part.copy(this.#kept, this.#keptHave, 0, take);
      this.#keptHave += take;
    }
    const tailBytes = this.#table.tailBytes[this.#code];
    if (tailBytes > 0 && take < part.length) this.#keepTail(part.subarray(take), tailBytes);
  }

  #keepTail(part: Buffer, tailBytes: number): void {
    if (this.#tail.length === 0) this.#tail = Buffer.allocUnsafeSlow(tailBytes);
    if (part.length >= tailBytes) {
      part.copy(this.#tail, 0, part.length - tailBytes);
      this.#tailHave = tailBytes;
      return;
    }
    const stay = Math.min(this.#tailHave, tailBytes - part.length);
    this.#tail.copyWithin(0, this.#tailHave - stay, this.#tailHave);
    part.copy(this.#tail, stay);
    this.#tailHave = stay + part.length;
  }

  #finish(): void {
    const range = this.#range;
    range.start = 0;
    range.tailBytes = 0;
    range.bytes = this.#kept;
    range.end = this.#keptHave;
    if (this.#tailHave > 0) {
      range.bytes = Buffer.concat([this.#kept.subarray(0, this.#keptHave), this.#tail.subarray(0, this.#tailHave)]);
      range.end = range.bytes.length;
      range.tailBytes = this.#tailHave;
    }
    this.#sink.message(this.#code, this.#bodyBytes, range);
    // Release a large buffer: an idle session must not hold one as large as its longest text.
    if (this.#kept.length > HEADER_ROOM_BYTES) this.#kept = NO_BYTES;
    this.#tail = NO_BYTES;
    this.#tailHave = 0;
  }
}

const HEADER_ROOM_BYTES = 1024;
