// Makes label values that are safe to export, and bounds their number.
// Invariant: a LabelSet gives at most its maximum of distinct values plus "other", and always the same label for a
// name.
// Not here: escaping for the exposition format (../exposition-format.ts).

import { limits } from '../../../config/limits.js';

/** The value of a label beyond its maximum of values. */
export const OTHER = 'other';

/** Values of the `command` label; any other command is "other". */
export const COMMANDS = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'COPY',
  'FETCH',
  'DECLARE',
  'CLOSE',
  'CALL',
  'DO',
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT',
  'RELEASE',
  'SET',
  'RESET',
  'SHOW',
  'DISCARD',
  'DEALLOCATE',
  'PREPARE',
  'EXPLAIN',
  'CREATE',
  'ALTER',
  'DROP',
  'TRUNCATE',
  'LOCK',
  'LISTEN',
  'NOTIFY',
  'VACUUM',
  'ANALYZE',
  'REFRESH',
] as const;

export class LabelSet {
  readonly #max: number;
  readonly #labels = new Map<string, string>();

  constructor(max: number) {
    this.#max = max;
  }

  /** The label for a name; "other" once the set is full. First come, first kept, so that no series ends. */
  of(name: string): string {
    const known = this.#labels.get(name);
    if (known !== undefined) return known;
    if (this.#labels.size >= this.#max) return OTHER;
    const label = cleanLabel(name);
    this.#labels.set(name, label);
    return label;
  }
}

/** Without control characters, at most labelBytesMax bytes of UTF-8, never empty. */
export function cleanLabel(value: string): string {
  const clean = value.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '');
  const bytes = Buffer.from(clean);
  if (bytes.length <= limits.labelBytesMax) return clean === '' ? '(empty)' : clean;
  let end = limits.labelBytesMax;
  // Do not cut a character: continuation bytes of UTF-8 are 10xxxxxx.
  while (end > 0 && (bytes[end] & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

const COMMAND_LABELS: ReadonlyMap<string, string> = new Map(COMMANDS.map((command) => [command, command]));

/** "CREATE TABLE" → "CREATE"; a command that is not in the closed list → "other". */
export function commandLabel(command: string): string {
  const whole = COMMAND_LABELS.get(command);
  if (whole !== undefined) return whole;
  const space = command.indexOf(' ');
  return (space > 0 && COMMAND_LABELS.get(command.slice(0, space))) || OTHER;
}
