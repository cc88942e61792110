// Defines the two kinds of failure that end a command, and the line printed for the user.
// Invariant: an error says what was wrong, where, and what to do. Its class alone decides the exit code.
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

/** A fault of the command line or of the configuration: exit code 2. */
export class UsageError extends PlacedError {
  override readonly name = 'UsageError';
}

/** A fault of the surroundings (port in use, no such store, no answer): exit code 3. */
export class RuntimeError extends PlacedError {
  override readonly name = 'RuntimeError';
}

/** Exit codes of every command. `checkFailed`: also a check that could not look at everything. */
export const ExitCode = { ok: 0, checkFailed: 1, usage: 2, runtime: 3 } as const;

/** Exit code of an observer process alone: its data directory cannot be used now, so it is to be started again. */
export const STORE_UNUSABLE = 4;

export function exitCodeOf(error: unknown): number {
  return error instanceof UsageError ? ExitCode.usage : ExitCode.runtime;
}

/**
 * One line: `what: where: what to do`, with control characters made visible. An error without `where` or `hint` gives
 * its message alone.
 */
export function errorLine(error: unknown): string {
  if (!(error instanceof Error)) return visible(String(error));
  const { where, hint } = error as Partial<ErrorPlace>;
  const parts = [error.message, where, hint].filter((part) => typeof part === 'string' && part !== '');
  return visible(parts.join(': '));
}

/** Escapes C0, C1 and bidirectional control characters, so that the text cannot steer a terminal. */
export function visible(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, escaped);
}

/** As `visible`, but tabs and line ends stay. A carriage return alone is no line end. */
export function visibleLines(text: string): string {
  return text.replace(/\r(?!\n)|[^\P{Cc}\t\r\n]|[\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, escaped);
}

function escaped(character: string): string {
  return '\\u' + character.charCodeAt(0).toString(16).padStart(4, '0');
}
