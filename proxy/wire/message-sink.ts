// Declares what the message scanner tells: a message, headers alone, or that framing is lost.
// Invariant: a range is on loan; the reader must not keep it beyond the call.
// Not here: walking the messages (message-scanner.ts).

export type FramingLost = 'unknown code' | 'bad length';

export interface MessageSink {
  /**
   * A message ended. Its body was bodyBytes long and starts with bytes[start, end). When the body is longer than that,
   * the last tailBytes of the range are the end of the body, and the part between was not kept.
   */
  message(code: number, bodyBytes: number, range: BodyRange): void;
  /**
   * Headers of `count` messages of one code whose bodies are not kept (DataRow, CopyData, password answers).
   * `bodyBytes` is the length of all bodies together. How many messages come in one call depends on where the stream
   * was cut. The sums over all calls do not.
   */
  headers(code: number, count: number, bodyBytes: number): void;
  /** This is no protocol message, so nothing that follows can be trusted. Called once; the scanner then stops. */
  framingLost(why: FramingLost): void;
}

/** The place of a body in memory. Each scanner reuses one instance: it is valid only during the call. */
export class BodyRange {
  bytes: Buffer = NO_BYTES;
  start = 0;
  end = 0;
  /**
   * How many bytes at the end of the range are the end of a longer body; 0 = the range is a prefix or the whole body.
   */
  tailBytes = 0;
}

export const NO_BYTES = Buffer.alloc(0);
