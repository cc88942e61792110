// Label values that are safe to export and bounded in number.
// Invariant: a LabelSet never gives more than its maximum of distinct values plus "other", and a value once given is given again.
// Not here: escaping for the exposition format, which exposition.ts does.

import { limits } from '../../config/limits.js';
import { COMMANDS, OTHER } from './catalogue.js';

export class LabelSet {
  readonly #max: number;
  readonly #labels = new Map<string, string>();

  constructor(max: number) {
    this.#max = max;
  }

  /** The label for a name; "other" once the set is full. First come, first kept: a series that exists does not end. */
  of(name: string): string {
    const known = this.#labels.get(name);
    if (known !== undefined) return known;
    if (this.#labels.size >= this.#max) return OTHER;
    const label = cleanLabel(name);
    this.#labels.set(name, label);
    return label;
  }
}

/** Without control characters, at most labelBytesMax octets of UTF-8, never empty. */
export function cleanLabel(value: string): string {
  const clean = value.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, '');
  const bytes = Buffer.from(clean);
  if (bytes.length <= limits.labelBytesMax) return clean === '' ? '(empty)' : clean;
  let end = limits.labelBytesMax;
  // Not inside a character: continuation octets of UTF-8 are 10xxxxxx.
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
