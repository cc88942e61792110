// Writes and reads recordings of the observation stream: the frames that relays sent.
// Only the owner can read the file, because it holds SQL text. Invariant: it is the magic and then whole frames; a run
// that was cut off leaves at most one torn frame at the end, which reading leaves out and reports. Not here: what
// frames hold (proxy/stream/records.ts), feeding them back (replay.ts).

import { closeSync, createReadStream, openSync, readSync, writeSync } from 'node:fs';
import { RuntimeError } from '../config/values/errors.js';
import { FRAME_HEADER_BYTES, FrameKind, FrameReader, type Hello, RECORDING_MAGIC } from '../proxy/stream/frames.js';
import { SCHEMA_VERSION } from '../proxy/stream/observation.js';

/** The recorder's state of one link. */
export interface RecordedRelay {
  hello?: Buffer;
}

export class Recorder {
  readonly #fd: number;
  #last: RecordedRelay | undefined;
  #failed = false;
  readonly #onFailed: (error: Error) => void;

  /** Makes the file; throws RuntimeError when there is one already or it cannot be made. */
  constructor(file: string, onFailed: (error: Error) => void) {
    this.#onFailed = onFailed;
    try {
      this.#fd = openSync(file, 'wx', 0o600);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      const why = code === 'EEXIST' ? 'the recording exists already' : `the recording cannot be written (${code})`;
      throw new RuntimeError(why, { where: `--record ${file}`, hint: 'name a new file', cause: error });
    }
    writeSync(this.#fd, RECORDING_MAGIC);
  }

  /** Writes a frame of one relay, and before it its hello where the last frame was another relay's. */
  frame(source: RecordedRelay, { kind, body }: { kind: number; body: Buffer }): void {
    if (kind === FrameKind.hello) source.hello = Buffer.from(body);
    else if (source !== this.#last && source.hello !== undefined) this.#write(FrameKind.hello, source.hello);
    this.#last = source;
    this.#write(kind, body);
  }

  #write(kind: number, body: Buffer): void {
    if (this.#failed) return;
    const header = Buffer.alloc(FRAME_HEADER_BYTES);
    header.writeUInt32LE(body.length + 1, 0);
    header[4] = kind;
    try {
      writeSync(this.#fd, Buffer.concat([header, body]));
    } catch (error) {
      // A full disk ends the recording, not the observing.
      this.#failed = true;
      this.#onFailed(error as Error);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Looks at the beginning alone. Throws RuntimeError for what cannot be a recording. */
export function requireRecording(file: string): void {
  const head = Buffer.alloc(RECORDING_MAGIC.length);
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    readSync(fd, head);
  } catch (error) {
    throw unreadable(file, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
  if (!head.equals(RECORDING_MAGIC)) throw notARecording(file);
}

/**
 * Reads a recording; `frame` gets each whole frame, `onRead` the number of bytes read. Returns the bytes of a torn last
 * frame (0 = none). Throws RuntimeError.
 */
export async function readRecording(
  file: string,
  frame: (kind: number, body: Buffer) => void,
  onRead?: (bytes: number) => void | Promise<void>,
): Promise<number> {
  const frames = new FrameReader();
  let head: Buffer | undefined = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      let rest = chunk;
      if (head !== undefined) {
        head = Buffer.concat([head, chunk]);
        if (head.length < RECORDING_MAGIC.length) continue;
        if (!head.subarray(0, RECORDING_MAGIC.length).equals(RECORDING_MAGIC)) throw notARecording(file);
        rest = head.subarray(RECORDING_MAGIC.length);
        head = undefined;
      }
      frames.feed(rest, frame);
      await onRead?.(chunk.length);
    }
  } catch (error) {
    if (error instanceof RangeError)
      throw new RuntimeError(`the recording is damaged: ${error.message}`, { where: file });
    if (error instanceof RuntimeError) throw error;
    throw unreadable(file, error);
  }
  if (head !== undefined) throw notARecording(file);
  return frames.pendingBytes;
}

/** Who recorded what follows. Throws RuntimeError when it is damaged or of another release. */
export function readHello(body: Buffer, file: string): Hello {
  let hello: Hello;
  try {
    hello = JSON.parse(body.toString('utf8')) as Hello;
  } catch (error) {
    throw new RuntimeError('the recording is damaged: a hello is no JSON', { where: file, cause: error });
  }
  if (hello.schemaVersion !== SCHEMA_VERSION) {
    throw new RuntimeError(`the recording has schema ${hello.schemaVersion}, this release reads ${SCHEMA_VERSION}`, {
      where: file,
      hint: 'read it with the release that recorded it',
    });
  }
  return hello;
}

function unreadable(file: string, error: unknown): RuntimeError {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  return new RuntimeError(`the recording cannot be read (${code})`, {
    where: file,
    hint: 'name a file that run --record wrote',
    cause: error,
  });
}

function notARecording(file: string): RuntimeError {
  return new RuntimeError('this is no recording', { where: file, hint: 'name a file that run --record wrote' });
}
