// Reads the few fields of message bodies that the tracker needs.
// Bodies are ranges of a larger buffer. Only the result is copied.
// Invariant: never reads outside [start, end) and never throws: a malformed field reads as empty.
// SQL and names are latin1 strings, one character per byte: exact for any client_encoding, and cheap as Map keys.
// Not here: message boundaries (message-scanner.ts).

/** Index of the NUL that ends the string at `at`, or `end` when it is cut off. */
export function stringEnd(bytes: Buffer, { at, end }: { at: number; end: number }): number {
  // Names are short: a loop beats the call into Buffer.indexOf, and most names are empty.
  let i = at;
  while (i < end && bytes[i] !== 0) i++;
  return i;
}

/** The bytes [at, end) as a latin1 string; '' without a call for the common empty name. */
export function latin1(bytes: Buffer, at: number, end: number): string {
  return end <= at ? '' : bytes.toString('latin1', at, end);
}

/** NAMEDATALEN - 1: the server compares statement and portal names up to this (src/backend/utils/hash/dynahash.c). */
const NAME_BYTES = 63;

/** The statement or portal name [at, end), cut as the server cuts it. A longer name costs no more than a short one. */
export function serverName(bytes: Buffer, at: number, end: number): string {
  return latin1(bytes, at, Math.min(end, at + NAME_BYTES));
}

/** Parameters of a Bind whose names end at `from`. Before their number stand that of format codes, and the codes. */
export function parameterCount(bytes: Buffer, from: number, end: number): number {
  if (from + 2 > end) return 0;
  const at = from + 2 + 2 * ((bytes[from] << 8) | bytes[from + 1]);
  return at + 2 > end ? 0 : (bytes[at] << 8) | bytes[at + 1];
}

/** The fields kept of an ErrorResponse. The others are not kept: message, detail and where can hold data. */
export interface ErrorFields {
  sqlstate: string;
  /** FATAL or PANIC: the server closes the connection and sends no ReadyForQuery. */
  fatal: boolean;
}

/**
 * An ErrorResponse body: (field type, string)*, NUL. All fields are optional on the wire; a missing SQLSTATE reads as
 * XX000 (internal_error). Severity is field V, which is never translated. Protocol: "Error and Notice Message Fields".
 */
export function readError(bytes: Buffer, start: number, end: number): ErrorFields {
  let sqlstate = '';
  let severity = '';
  let at = start;
  while (at < end && bytes[at] !== 0) {
    const field = bytes[at];
    const valueEnd = stringEnd(bytes, { at: at + 1, end });
    if (field === FIELD_SQLSTATE) sqlstate = latin1(bytes, at + 1, valueEnd);
    else if (field === FIELD_SEVERITY) severity = latin1(bytes, at + 1, valueEnd);
    at = valueEnd + 1;
  }
  return {
    sqlstate: /^[0-9A-Z]{5}$/.test(sqlstate) ? sqlstate : 'XX000',
    fatal: severity === 'FATAL' || severity === 'PANIC',
  };
}

const FIELD_SQLSTATE = 0x43;
const FIELD_SEVERITY = 0x56;

/** A command tag: "INSERT 0 5" → INSERT, 5; "CREATE TABLE" → CREATE TABLE, 0. Reused: valid until the next call. */
export class CommandTag {
  command = '';
  rows = 0;

  read(bytes: Buffer, start: number, end: number): void {
    let at = start;
    let wordEnd = start;
    // The command is everything before the first number.
    while (at < end && bytes[at] !== 0 && !isDigit(bytes[at])) {
      if (bytes[at] !== SPACE) wordEnd = at + 1;
      at++;
    }
    this.command = commandName(bytes, start, wordEnd);
    let rows = 0;
    for (; at < end && bytes[at] !== 0; at++) {
      if (bytes[at] === SPACE) rows = 0;
      else if (isDigit(bytes[at])) rows = rows * 10 + bytes[at] - DIGIT_0;
    }
    // Endless digits would give Infinity, which the count's encoding cannot hold.
    this.rows = Math.min(rows, Number.MAX_SAFE_INTEGER);
  }
}

const SPACE = 0x20;
const DIGIT_0 = 0x30;

function isDigit(byte: number): boolean {
  return byte >= DIGIT_0 && byte <= 0x39;
}

/** Commands seen, by first byte, last byte, middle byte and length, so that the usual tags cost no new string. */
const seenCommands = new Map<number, string>();
const SEEN_COMMANDS_MAX = 512;

function commandName(bytes: Buffer, start: number, end: number): string {
  if (end <= start) return '';
  const length = end - start;
  const middle = bytes[start + (length >> 1)];
  const key = bytes[start] | (bytes[end - 1] << 8) | (length << 16) | (middle << 24);
  const seen = seenCommands.get(key);
  if (seen !== undefined && sameBytes(bytes, start, seen)) return seen;
  const name = bytes.toString('latin1', start, Math.min(end, start + 64));
  if (seenCommands.size < SEEN_COMMANDS_MAX) seenCommands.set(key, name);
  return name;
}

function sameBytes(bytes: Buffer, start: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}
