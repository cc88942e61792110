// Reads and writes the frames of the observation stream, for the link and for recordings.
//
//   frame:  u32 bytes that follow │ u8 kind │ body             (little endian)
//   hello    relay → observer   JSON Hello
//   welcome  observer → relay   JSON Welcome
//   batch    relay → observer   f64 sequence │ u32 executions │ records (writer.ts)
//   ack      observer → relay   f64 sequence: everything up to it is stored
//   goodbye  relay → observer   nothing: the relay ends the link in order and has nothing left to say; never recorded
//   configure relay → observer  JSON of the options that changed while the observer runs; never recorded
//
// Invariant: frames come out complete and in order wherever the stream was cut; an impossible length is a RangeError.
// Not here: the content of a batch (writer.ts, reader.ts), when frames are sent (link/link.ts).

import { limits } from '../../config/limits.js';
import type { ParameterKey } from './parameters.js';

export interface Hello {
  schemaVersion: number;
  /** Random, one per relay process. */
  relayId: string;
  version: string;
}

export interface Welcome {
  schemaVersion: number;
  /** The last batch of this relay that is stored; 0 = none. */
  lastSequence: number;
  /** The relay hashes parameters with it; left out = it hashes none. Drawn by each observer anew. */
  parameterKey?: ParameterKey;
}

export const FrameKind = { hello: 1, welcome: 2, batch: 3, ack: 4, configure: 5, goodbye: 6 } as const;
export const FRAME_HEADER_BYTES = 5;
export const BATCH_HEADER_BYTES = FRAME_HEADER_BYTES + 12;

/** First bytes of a recording. The frames from relay to observer follow. */
export const RECORDING_MAGIC = Buffer.from('pgwitness-observations-1\n', 'latin1');

/** A frame whose body is JSON: hello, welcome, configure. */
export function controlFrame(kind: number, value: object): Buffer {
  const body = Buffer.from(JSON.stringify(value), 'utf8');
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + body.length);
  frame.writeUInt32LE(1 + body.length, 0);
  frame[4] = kind;
  body.copy(frame, FRAME_HEADER_BYTES);
  return frame;
}

export function ackFrame(sequence: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + 8);
  frame.writeUInt32LE(9, 0);
  frame[4] = FrameKind.ack;
  frame.writeDoubleLE(sequence, FRAME_HEADER_BYTES);
  return frame;
}

/** Cuts a stream of bytes into frames. Throws RangeError on an impossible length. */
export class FrameReader {
  #held: Buffer[] = [];
  #heldBytes = 0;
  #need = 4;

  /** Calls back with the kind and the body of each complete frame. The body is valid during the call. */
  feed(chunk: Buffer, frame: (kind: number, body: Buffer) => void): void {
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    if (this.#heldBytes < this.#need) return;
    const bytes = this.#held.length === 1 ? chunk : Buffer.concat(this.#held, this.#heldBytes);
    let at = 0;
    this.#need = 4;
    while (bytes.length - at >= 4) {
      const frameBytes = bytes.readUInt32LE(at);
      if (frameBytes < 1 || frameBytes > limits.batchBytesMax) throw new RangeError(`a frame of ${frameBytes} bytes`);
      if (bytes.length - at < 4 + frameBytes) {
        this.#need = 4 + frameBytes;
        break;
      }
      frame(bytes[at + 4], bytes.subarray(at + FRAME_HEADER_BYTES, at + 4 + frameBytes));
      at += 4 + frameBytes;
    }
    this.#held = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#heldBytes = bytes.length - at;
  }

  /** Bytes of an unfinished frame. */
  get pendingBytes(): number {
    return this.#heldBytes;
  }
}
