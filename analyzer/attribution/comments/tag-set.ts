// Makes the canonical tag sets of a statement and of its request: tags that are dimensions.
// Invariant: equal sets give equal text, whatever the order of the tags. Not here: which keys are dimensions
// (config/values/tag-keys.ts), caps on the number of sets (analyzer/rollup/), reading comments (sql-comment.ts).

import { CALLER_KEY, VERSION_KEY } from '../../../config/values/tag-keys.js';
import type { CommentTags } from './sql-comment.js';
import { keptTagValue } from './tag-values.js';

const VALUE_CHARS_MAX = 200;

/** Canonical JSON object of the dimensions among the tags, keys sorted; '' where there is none. */
export function tagSetOf(tags: CommentTags, keys: ReadonlySet<string>): string {
  if (tags.pairs.length === 0) return '';
  const kept = tags.pairs
    .filter(([key]) => keys.has(key))
    .map(
      ([key, value]) => [key, (key === VERSION_KEY ? value : keptTagValue(value)).slice(0, VALUE_CHARS_MAX)] as const,
    );
  if (kept.length === 0) return '';
  kept.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return JSON.stringify(Object.fromEntries(kept));
}

/** The dimensions of the request that a statement is of: all but the code that sent it. */
export function withoutCaller(tagSet: string): string {
  if (tagSet === '') return '';
  const tags = JSON.parse(tagSet) as Record<string, string>;
  if (!(CALLER_KEY in tags)) return tagSet;
  delete tags[CALLER_KEY];
  return Object.keys(tags).length === 0 ? '' : JSON.stringify(tags);
}

/** A tag set with tags of the user's rules added; theirs win. */
export function withTags(tagSet: string, tags: Readonly<Record<string, string>>): string {
  const added = Object.entries(tags);
  if (added.length === 0) return tagSet;
  const all = { ...(tagSet === '' ? {} : (JSON.parse(tagSet) as Record<string, string>)), ...tags };
  return JSON.stringify(Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))));
}
