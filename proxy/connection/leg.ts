// One leg of a connection, client's or upstream's: its sockets, and the contract of reading them.
// Invariant: types alone. Not here: how buffers serve again (reused-reads.ts), opening the upstream leg (upstream.ts).

import type { Socket } from 'node:net';

/** Both are the same object on a plaintext leg. */
export interface Leg {
  /** What is written and read. */
  readonly stream: Socket;
  /** The connection under it. */
  readonly socket: Socket;
  /** The stream was opened to read in this way. */
  readonly reads?: LegReads;
}

/** What a leg needs of the way its socket was opened to read (ReusedReads). */
export interface LegReads {
  /** What was read before, one read at most, after which the socket is paused. */
  attach(sink: ReadSink): readonly Buffer[];
  /** To be called when the socket has closed. */
  readonly close: () => void;
}

export interface ReadSink {
  /**
   * False = no more until the stream is resumed. A chunk shorter than limits.bulkReadBytesMin is the sink's to keep; a longer one lies in a
   * buffer that is used again when the sink has written it.
   */
  take(chunk: Buffer): boolean;
  /** Something that was taken is not written yet. */
  writing(): boolean;
  /** The connection is this leg's from here on: `from` will close, and that is not its end. */
  moved(from: Socket, to: Leg): void;
}

/** How a leg is read. `leg` replaces the one given, and changes when its handle moves. */
export interface Reading {
  readonly leg: Leg;
  /** What it sent already. */
  readonly early: readonly Buffer[];
}
