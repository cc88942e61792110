// Writes the log: JSON lines on stderr. The only user of pino.
// Invariant: a line is one JSON object, so that no value can forge a line or steer a terminal. A repeated message
// cannot flood the log. SQL text is never logged.
// Not here: which events are logged.

import { pino } from 'pino';
import { limits } from './limits.js';
import type { LogLevel } from './values/option-readers.js';

export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines all carry these fields; it shares the repeat limit. */
  child(fields: LogFields): Log;
  /** Holds from now on. A child keeps the level that it was made with. */
  setLevel(level: LogLevel): void;
}

export interface LogOptions {
  readonly level?: LogLevel;
  /** The process that logs: "relay", "observer". */
  readonly name?: string;
  /** Gets the lines instead of stderr. */
  readonly destination?: { write(line: string): void };
  /** Monotonic clock in ms. */
  readonly now?: () => number;
}

type Level = 'debug' | 'info' | 'warn' | 'error';

export function createLog(options: LogOptions = {}): Log {
  // Asynchronous and bounded: a blocked reader of stderr must not block the process that logs.
  const destination =
    options.destination ?? pino.destination({ fd: 2, sync: false, maxLength: limits.logQueueBytesMax });
  const sink = pino(
    {
      level: options.level ?? 'info',
      base: options.name === undefined ? null : { name: options.name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return new LimitedLog(sink, new RepeatLimit(options.now ?? (() => performance.now())));
}

class LimitedLog implements Log {
  readonly #sink: pino.Logger;
  readonly #repeats: RepeatLimit;

  constructor(sink: pino.Logger, repeats: RepeatLimit) {
    this.#sink = sink;
    this.#repeats = repeats;
  }

  debug(message: string, fields?: LogFields): void {
    this.#write('debug', message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.#write('info', message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.#write('warn', message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.#write('error', message, fields);
  }
  child(fields: LogFields): Log {
    return new LimitedLog(this.#sink.child(shortened(fields)), this.#repeats);
  }

  setLevel(level: LogLevel): void {
    this.#sink.level = level;
  }

  #write(level: Level, message: string, fields: LogFields = {}): void {
    if (!this.#sink.isLevelEnabled(level)) return;
    const left = this.#repeats.take(message);
    if (left === undefined) return;
    this.#sink[level](left > 0 ? { ...shortened(fields), leftOut: left } : shortened(fields), message);
  }
}

/** Limits how often one message is written. Messages are constants of the program; variable parts are fields. */
class RepeatLimit {
  readonly #now: () => number;
  readonly #windows = new Map<string, { sinceMs: number; written: number; leftOut: number }>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Returns undefined when the line must be left out; else how many lines were left out before. */
  take(message: string): number | undefined {
    const nowMs = this.#now();
    const window = this.#windows.get(message);
    if (window === undefined || nowMs - window.sinceMs >= limits.logRepeatWindowMs) {
      // Bounded, even when a caller puts variable text into the message.
      if (this.#windows.size >= 1_000) this.#windows.clear();
      this.#windows.set(message, { sinceMs: nowMs, written: 1, leftOut: 0 });
      return window?.leftOut ?? 0;
    }
    if (window.written >= limits.logRepeatsMax) {
      window.leftOut++;
      return undefined;
    }
    window.written++;
    return 0;
  }
}

/** Cuts strings and reduces errors to name, message and code: a stack may hold what must not be logged. */
function shortened(fields: LogFields): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') out[name] = cut(value);
    else if (value instanceof Error) {
      const { code } = value as NodeJS.ErrnoException;
      out[name] = { name: value.name, message: cut(value.message), ...(code === undefined ? {} : { code }) };
    } else out[name] = value;
  }
  return out;
}

function cut(text: string): string {
  return text.length <= limits.logValueCharsMax ? text : text.slice(0, limits.logValueCharsMax) + '…';
}
