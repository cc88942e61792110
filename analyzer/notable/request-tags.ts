// Finds the request of the application that an execution belongs to, by the tags of its comments.
// Invariant: a trace id is 32 hexadecimal digits or what a tag holds as such; a text too long for an id is cut.
// Not here: reading tags from comments (attribution/comments/), counting requests (sessions/requests.ts).

import { REQUEST_KEYS, TRACE_KEYS, TRACEPARENT_KEY } from '../../config/values/tag-keys.js';

export type TagPairs = readonly (readonly [key: string, value: string])[];

const ID_CHARS_MAX = 128;

/** The trace id in these tags; '' = none. */
export function traceIdOf(pairs: TagPairs): string {
  if (pairs !== lastPairs) {
    lastPairs = pairs;
    lastTraceId = findTraceId(pairs);
  }
  return lastTraceId;
}

/** Each execution asks more than once. */
let lastPairs: TagPairs = [];
let lastTraceId = '';

/** The application's own id of its request; '' = none. */
export function requestIdOf(pairs: TagPairs): string {
  return firstOf(pairs, REQUEST_KEYS);
}

/** What names the request: its trace id, else its own id; '' = neither. */
export function requestOf(pairs: TagPairs): string {
  if (pairs.length === 0) return '';
  return traceIdOf(pairs) || requestIdOf(pairs);
}

function findTraceId(pairs: TagPairs): string {
  for (const [key, value] of pairs) if (key === TRACEPARENT_KEY) return ofTraceparent(value);
  return firstOf(pairs, TRACE_KEYS);
}

const DASH = 0x2d;
const ID_START = 3;
const ID_END = 35;

/** Hot path where requests are traced: two loops instead of a regular expression. */
function ofTraceparent(value: string): string {
  if (value.charCodeAt(2) !== DASH || value.charCodeAt(ID_END) !== DASH) return '';
  if (!isHex(value, 0, 2) || !isHex(value, ID_START, ID_END)) return '';
  return value.slice(ID_START, ID_END);
}

function isHex(value: string, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = value.charCodeAt(at);
    if (!((code >= 48 && code <= 57) || (code >= 97 && code <= 102))) return false;
  }
  return true;
}

function firstOf(pairs: TagPairs, keys: readonly string[]): string {
  for (const [key, value] of pairs) if (keys.includes(key)) return value.slice(0, ID_CHARS_MAX);
  return '';
}
