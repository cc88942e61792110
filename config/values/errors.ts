// The two kinds of failure a command may end with, and the line that tells the user of it.
// Invariant: an error says what was wrong, where, and what to do; the exit code follows from its class alone.
// Not here: errors of the wire protocol (proxy/), of the store (storage/store-error.ts).

export interface ErrorPlace {
  /** File with line and column, flag, environment variable, address or path. */
  readonly where?: string;
  /** What the user can do about it. */
  readonly hint?: string;
  readonly cause?: unknown;
}

abstract class PlacedError extends Error {
  readonly where: string;
  readonly hint: string;

  constructor(what: string, place: ErrorPlace = {}) {
    super(what, { cause: place.cause });
    this.where = place.where ?? '';
    this.hint = place.hint ?? '';
  }
}

/** The command line or the configuration is wrong: exit code 2. */
export class UsageError extends PlacedError {
  override readonly name = 'UsageError';
}

/** The command is right but the world is not (port in use, no such store, no answer): exit code 3. */
export class RuntimeError extends PlacedError {
  override readonly name = 'RuntimeError';
}

/** Exit codes of every command. */
export const ExitCode = { ok: 0, checkFailed: 1, usage: 2, runtime: 3 } as const;

/** Exit code of an observer process alone: its data directory cannot be used now, so it is to be started again. */
export const STORE_UNUSABLE = 4;

export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError ? ExitCode.usage : ExitCode.runtime;
}

/**
 * `what: where: what to do`, on one line, control characters made visible.
 * Any error with a string `hint` or `where` is printed with it; others by their message alone.
 */
export function errorLine(error: unknown): string {
  if (!(error instanceof Error)) return visible(String(error));
  const { where, hint } = error as Partial<ErrorPlace>;
  const parts = [error.message, where, hint].filter((part) => typeof part === 'string' && part !== '');
  return visible(parts.join(': '));
}

/** Text with C0, C1 and bidirectional control characters as \u escapes, so that it cannot steer a terminal. */
export function visible(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => '\\u' + character.charCodeAt(0).toString(16).padStart(4, '0'),
  );
}
