// Gives what a connection sends to a sink, from buffers that are used again instead of a new one for each read.
//
//   read ─► the shared buffer ──copy──► sink          small reads, of all connections one after another
//              │ a long read
//              ▼
//           a buffer of the connection's own ─► sink   bulk: no copy; while a write still holds it, the next read gets another
//              │ a short read, which is copied
//              └─► given back
//
// Invariant: what the sink was given stays as it is until the sink has written it; nothing refers to the shared buffer between two reads;
// no more than limits.readBuffersMax buffers are connections' own, and without one the shared buffer serves as before.
// Why: Node's own way costs an allocation per read, its trimming, and the garbage collection that keeps step with both. What that is of an
// empty relay's processor time stands in docs/BENCHMARKS.md ("empty relay, buffers reused").
// A socket that we open is told how to read (the option `onread`); an accepted one cannot be, so after some reads its handle moves into a new
// Socket, at a moment when nothing is on its way in it. Where that cannot be (TLS legs, Windows, a Node without such handles), the connection
// is read as Node reads.
// Not here: what becomes of the octets (connection.ts).

import { Socket } from 'node:net';
import { limits } from '../../config/limits.js';
import type { Leg, Reading, ReadSink } from './leg.js';

/** What of Node's handles is used: net.Socket and tls.TLSSocket hand them on in the same way. */
interface WithHandle {
  _handle: { useUserBuffer?: unknown } | null;
}

const BUFFER_BYTES = limits.readBufferBytes;
const BULK_BYTES_MIN = limits.bulkReadBytesMin;

/** libuv reads and calls back in one step: one buffer serves all in turn. */
const shared = Buffer.allocUnsafeSlow(BUFFER_BYTES);
const spare: Buffer[] = [];
let ownBuffers = 0;

/** The leg's stream must be paused and not be used any more but through what is returned. */
export function readInto(sink: ReadSink, leg: Leg): Reading {
  if (leg.reads === undefined) return new OrdinaryReads(sink, leg);
  leg.stream.once('close', leg.reads.close);
  return { leg, early: leg.reads.attach(sink) };
}

/** As Node reads, until the connection has shown that it stays: moving a handle costs as much as many reads. */
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
    // Until it ran there is no other one: libuv may read many times before it does.
    if (--this.#readsToMove === 0) setImmediate(this.#move);
  };

  readonly #move = (): void => {
    if (!canMove(this.leg)) {
      // No moment for it; so many reads later is another one.
      this.#readsToMove = limits.readsBeforeReuse;
      return;
    }
    const { stream } = this.leg;
    const from = stream as unknown as WithHandle;
    const handle = from._handle;
    from._handle = null;
    stream.off('data', this.#read);
    const reads = new ReusedReads();
    const options = { handle, allowHalfOpen: true, pauseOnCreate: true, onread: reads.onread };
    const moved = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0]);
    moved.once('close', reads.close);
    reads.attach(this.#sink);
    this.leg = { stream: moved, socket: moved };
    this.#sink.moved(stream, this.leg);
    // Those who are not ours count it as closed: Node, in its servers.
    stream.destroy();
    moved.resume();
  };
}

/** Nothing is on its way in it, in neither direction, nor has ended. */
function canMove({ stream }: Leg): boolean {
  if (stream.destroyed || stream.errored !== null) return false;
  if (stream.writableLength > 0 || stream.writableNeedDrain || stream.writableEnded) return false;
  if (stream.readableLength > 0 || stream.readableEnded || stream.readableFlowing !== true) return false;
  return typeof (stream as unknown as WithHandle)._handle?.useUserBuffer === 'function';
}

/** Windows finishes reads by itself, later: there one buffer cannot serve all. */
export const READS_CAN_BE_REUSED = process.platform !== 'win32';

/** How one socket reads: for the option `onread` of its constructor. `close` is to be called when it has closed. */
export class ReusedReads {
  #sink: ReadSink | undefined;
  #early: Buffer[] = [];
  #own: Buffer | undefined;
  /** Own buffers that writes have not finished with. */
  #held: Buffer[] | undefined;

  /** What was read before, one read at most, after which the socket is paused. */
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

  /** Called by Node for each read; it is in what #nextBuffer gave. */
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
    // A write that never ended may still refer to what it held: those are left to the collector.
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
