// Makes lines of a recording, whichever kind it is.
// It is the bytes of one connection, or the observation stream of `run --record`.
// Invariant: a file that is neither is a RuntimeError with its place; no literal is in a line.
// Not here: each kind's lines (wire-trace.ts, observation-trace.ts).

import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { RuntimeError, UsageError } from '../../config/values/errors.js';
import { RECORDING_MAGIC } from '../../proxy/stream/frames.js';
import { loadMask } from './masked-text.js';
import { traceObservations } from './observation-trace.js';
import { parseWireRecording } from './wire-recording.js';
import { traceWire } from './wire-trace.js';

export interface TraceOptions {
  readonly line: (line: string) => void;
  /** Leave out the messages of a recording of bytes. */
  readonly trackerOnly: boolean;
  /** Only this session of an observation stream. */
  readonly sessionId?: number;
  /** Resolves when more lines may be written. */
  readonly drained?: () => Promise<void> | void;
}

/**
 * Returns the bytes that were cut off at the end of an observation stream (0 = none). Throws RuntimeError or
 * UsageError.
 */
export async function traceFile(file: string, options: TraceOptions): Promise<number> {
  const { line, trackerOnly, sessionId, drained } = options;
  const mask = await loadMask();
  if (startsWithMagic(file)) return traceObservations(file, { mask, line, sessionId, drained });
  if (sessionId !== undefined)
    throw new UsageError('a recording of bytes has one session', { where: `--session: ${file}`, hint: 'leave it out' });
  const text = reading(file, () => readFileSync(file, 'utf8'));
  if (!text.trimStart().startsWith('{')) throw notARecording(file);
  const written = trackerOnly ? (said: string) => said.startsWith('tracker ') && line(said) : line;
  traceWire(parseWireRecording(text, file), { mask, line: written });
  return 0;
}

function startsWithMagic(file: string): boolean {
  return reading(file, () => {
    const descriptor = openSync(file, 'r');
    try {
      const head = Buffer.alloc(RECORDING_MAGIC.length);
      return readSync(descriptor, head) === head.length && head.equals(RECORDING_MAGIC);
    } finally {
      closeSync(descriptor);
    }
  });
}

function reading<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new RuntimeError(`the recording cannot be read (${code})`, { where: file, hint: HINT, cause: error });
  }
}

const HINT = 'give a file of run --record, or one of the form of test/recordings/simple.json';

function notARecording(file: string): RuntimeError {
  return new RuntimeError('this is no recording', { where: file, hint: HINT });
}
