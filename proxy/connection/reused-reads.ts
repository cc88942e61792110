// Reads connections into buffers that are used again, instead of a new buffer for each read.
//
//   read ─► the shared buffer ──copy──► sink          small reads, of all connections one after another
//              │ a long read
//              ▼
//           a buffer of the connection's own ─► sink   bulk: no copy; while a write holds it, the next gets another
//              │ a short read, which is copied
//              └─► given back
//
// Invariant: a chunk stays unchanged until the sink has written it. Nothing refers to the shared buffer between two
// reads. At most limits.readBuffersMax buffers belong to connections; a connection without one uses the shared buffer.
// Why: Node's own reads cost an allocation each, its trimming, and the garbage collection of both. docs/BENCHMARKS.md
// ("empty relay, buffers reused") has their share of an empty relay's processor time. A socket that we open gets the
// option `onread`. An accepted socket cannot get it, so after some reads its handle moves into a new Socket, at a
// moment when nothing is on its way. Where that is impossible (TLS legs, Windows, a Node without such handles), the
// connection is read as Node reads.
// Not here: what happens to the bytes (forwarding.ts).

import { Socket } from 'node:net';
import { limits } from '../../config/limits.js';
import type { Leg, Reading, ReadSink } from './leg.js';

/** The part of Node's handles that is used. net.Socket and tls.TLSSocket have it alike. */
interface WithHandle {
  _handle: { useUserBuffer?: unknown } | null;
}

const BUFFER_BYTES = limits.readBufferBytes;
const BULK_BYTES_MIN = limits.bulkReadBytesMin;

/** libuv reads and calls back in one step, so one buffer is enough for all connections. */
const shared = Buffer.allocUnsafeSlow(BUFFER_BYTES);
const spare: Buffer[] = [];
let ownBuffers = 0;

/** The leg's stream must be paused. Afterwards it may be used through the returned Reading only. */
export function readInto(sink: ReadSink, leg: Leg): Reading {
  if (leg.reads === undefined) return new OrdinaryReads(sink, leg);
  leg.stream.once('close', leg.reads.close);
  return { leg, early: leg.reads.attach(sink) };
}

/** Reads as Node reads until the connection has lasted for some reads: moving a handle costs as much as many reads. */
class OrdinaryReads implements Reading {
  leg: Leg;
  readonly early = NONE;
  readonly #sink: ReadSink;
  #readsToMove: number;

  constructor(sink: ReadSink, leg: Leg) {
    this.#sink = sink;
    this.leg = leg;
    const isPlain = leg.stream === leg.socket;
    this.#readsToMove = isPlain && READS_CAN_BE_REUSED ? limits.readsBeforeReuse : Number.POSITIVE_INFINITY;
    leg.stream.on('data', this.#read);
  }

  readonly #read = (chunk: Buffer): void => {
    if (!this.#sink.take(chunk)) this.leg.stream.pause();
    // Queue at most one move: libuv may read many times before it runs.
    if (--this.#readsToMove === 0) setImmediate(this.#move);
  };

  readonly #move = (): void => {
    if (!canMove(this.leg)) {
      // Busy now; try again after `readsBeforeReuse` more reads.
      this.#readsToMove = limits.readsBeforeReuse;
      return;
    }
    const { stream } = this.leg;
    const old = stream as unknown as WithHandle;
    const handle = old._handle;
    old._handle = null;
    stream.off('data', this.#read);
    const reads = new ReusedReads();
    const options = { handle, allowHalfOpen: true, pauseOnCreate: true, onread: reads.onread };
    const moved = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
    moved.once('close', reads.close);
    reads.attach(this.#sink);
    this.leg = { stream: moved, socket: moved };
    this.#sink.moved(stream, this.leg);
    // Destroy the old Socket so that net.Server's connection count goes down.
    stream.destroy();
    moved.resume();
  };
}

/** True when nothing is on its way in either direction, and neither direction has ended. */
function canMove({ stream }: Leg): boolean {
  if (stream.destroyed || stream.errored !== null) return false;
  if (stream.writableLength > 0 || stream.writableNeedDrain || stream.writableEnded) return false;
  if (stream.readableLength > 0 || stream.readableEnded || stream.readableFlowing !== true) return false;
  return typeof (stream as unknown as WithHandle)._handle?.useUserBuffer === 'function';
}

/** Windows completes reads later and by itself, so one buffer cannot serve all connections there. */
export const READS_CAN_BE_REUSED = process.platform !== 'win32';

/** The reads of one socket, for the option `onread` of its constructor. `close` must be called when it has closed. */
export class ReusedReads {
  #sink: ReadSink | undefined;
  #early: Buffer[] = [];
  #own: Buffer | undefined;
  /** Own buffers that are still being written. */
  #held: Buffer[] | undefined;

  /** Gives further reads to `sink`. Returns earlier ones: one read at most, after which the socket is paused. */
  attach(sink: ReadSink): readonly Buffer[] {
    this.#sink = sink;
    const early = this.#early;
    this.#early = NONE;
    return early;
  }

  get onread(): { buffer: () => Buffer; callback: (bytes: number) => boolean } {
    return { buffer: this.#nextBuffer, callback: this.#read };
  }

  /** Called by Node after each read. */
  readonly #nextBuffer = (): Buffer => this.#own ?? shared;

  /** Called by Node for each read. The bytes are in the buffer of #nextBuffer. */
  readonly #read = (bytes: number): boolean => {
    const sink = this.#sink;
    const own = this.#own;
    if (own === undefined) {
      const chunk = Buffer.from(shared.subarray(0, bytes));
      if (sink === undefined) {
        this.#early.push(chunk);
        return false;
      }
      const goOn = sink.take(chunk);
      if (bytes >= BULK_BYTES_MIN) this.#own = takeOwn();
      return goOn;
    }
    if (sink === undefined) return false;
    if (bytes < BULK_BYTES_MIN) {
      const chunk = Buffer.from(own.subarray(0, bytes));
      spare.push(own);
      this.#own = undefined;
      if (!sink.writing()) this.#takeBack();
      return sink.take(chunk);
    }
    const goOn = sink.take(bytes === BUFFER_BYTES ? own : own.subarray(0, bytes));
    if (sink.writing()) {
      this.#held ??= [];
      this.#held.push(own);
      this.#own = takeOwn();
    } else this.#takeBack();
    return goOn;
  };

  readonly close = (): void => {
    // A write that never ended may still refer to its buffers, so they are left to the garbage collector.
    ownBuffers -= this.#held?.length ?? 0;
    this.#held = undefined;
    if (this.#own !== undefined) spare.push(this.#own);
    this.#own = undefined;
  };

  #takeBack(): void {
    if (this.#held === undefined) return;
    spare.push(...this.#held);
    this.#held = undefined;
  }
}

const NONE: Buffer[] = [];

function takeOwn(): Buffer | undefined {
  const buffer = spare.pop();
  if (buffer !== undefined) return buffer;
  if (ownBuffers >= limits.readBuffersMax) return undefined;
  ownBuffers++;
  return Buffer.allocUnsafeSlow(BUFFER_BYTES);
}
