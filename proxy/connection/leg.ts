// Declares a leg of a connection (client's or upstream's): sockets, and how they are read.
// Invariant: these are types alone.
// Not here: reusing buffers (reused-reads.ts), opening the upstream leg (upstream.ts).

import type { Socket } from 'node:net';

/** On a plaintext leg `stream` and `socket` are the same object. */
export interface Leg {
  /** Bytes are written to it and read from it. */
  readonly stream: Socket;
  /** The TCP or Unix socket under it. */
  readonly socket: Socket;
  /** Set when the stream was opened to be read by ReusedReads. */
  readonly reads?: LegReads;
}

/** The part of ReusedReads that a leg needs. */
export interface LegReads {
  /** Gives further reads to `sink`. Returns earlier ones: one read at most, after which the socket is paused. */
  attach(sink: ReadSink): readonly Buffer[];
  /** To be called when the socket has closed. */
  readonly close: () => void;
}

export interface ReadSink {
  /**
   * Returns false to get no more until the stream is resumed. The sink may keep a chunk shorter than
   * limits.bulkReadBytesMin. A longer one lies in a buffer that is used again as soon as the sink has written it.
   */
  take(chunk: Buffer): boolean;
  /** True while a chunk that was taken is not written yet. */
  writing(): boolean;
  /** The connection moved to a new leg. The old socket will close, which is not the connection's end. */
  moved(oldSocket: Socket, leg: Leg): void;
}

/** A leg that is being read. `leg` replaces the given one, and changes when its handle moves. */
export interface Reading {
  readonly leg: Leg;
  /** Chunks that the peer sent before. */
  readonly early: readonly Buffer[];
}
