// Readers of single values as parts of a schema: a text, a duration, a list.
// Invariant: what a reader of values/ refuses is refused with that reader's own words.
// Not here: which keys there are (file-schema.ts, findings-schema.ts).

import * as v from 'valibot';
import type { UsageError } from './errors.js';
import { parseDuration } from './units.js';

export const text = v.pipe(
  v.string('text is needed here'),
  v.nonEmpty('an empty text'),
  v.maxLength(1_000, 'over 1,000 characters'),
);
export const scalar = v.union([v.string(), v.number(), v.boolean()], 'one value is needed here');

export function listOf<Entry extends v.GenericSchema>(entry: Entry) {
  return v.optional(v.pipe(v.array(entry, 'a list is needed here'), v.maxLength(1_000, 'over 1,000 entries')), []);
}

export function saysSomething(map: object): boolean {
  return Object.keys(map).length > 0;
}

export function duration() {
  return v.pipe(scalar, v.transform(String), checked(parseDuration));
}

/** As checked, but keeps the text: it is read again where it is used. */
export function checkedBy(read: (text: string, where: string) => unknown) {
  return checked((text, where) => {
    read(text, where);
    return text;
  });
}

/** Makes a valibot action of a reader of values/, with the reader's own message. */
export function checked<T>(read: (text: string, where: string) => T) {
  return v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
    try {
      return read(dataset.value, '');
    } catch (error) {
      const { message, hint } = error as UsageError;
      addIssue({ message: `${message}; ${hint}` });
      return NEVER;
    }
  });
}
