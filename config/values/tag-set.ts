// Reads a tag set: the tags of an execution that its counts are kept by, as one text.
// Invariant: '' has none, and '(other)', what is beyond the cap, none that can be told. Not here: making one
// (analyzer/attribution/comments/tag-set.ts), which tags are kept (tag-keys.ts).

import { CALLER_KEY } from './tag-keys.js';

/** The tags by key. @param tagSet canonical JSON object of texts, '' or '(other)'. */
export function tagsIn(tagSet: string): Record<string, string> {
  return tagSet.startsWith('{') ? (JSON.parse(tagSet) as Record<string, string>) : {};
}

/** File and line that sent it; '' where no tag says it. */
export function callerIn(tagSet: string): string {
  return tagsIn(tagSet)[CALLER_KEY] ?? '';
}
