// Finds the request of the application that an execution belongs to, by the tags of its comments.
// Invariant: a trace id is 16 or 32 hexadecimal digits or a decimal number, and a request's id one word of letters,
// digits and plain signs; what a tag holds else is no id. Ids are in lower case.
// Not here: reading tags from comments (attribution/comments/), telling requests apart (work/).

import { IDLE_REQUESTS_KEY, REQUEST_KEYS, TRACE_KEYS, TRACEPARENT_KEY } from '../../config/values/tag-keys.js';

export type TagPairs = readonly (readonly [key: string, value: string])[];

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
  return firstOf(pairs, { keys: REQUEST_KEYS, form: REQUEST_ID });
}

/** What names the request: its trace id, else its own id; '' = neither. */
export function requestOf(pairs: TagPairs): string {
  if (pairs.length === 0) return '';
  return traceIdOf(pairs) || requestIdOf(pairs);
}

export interface RequestIds {
  /** The application's own id; '' = none. */
  readonly requestId: string;
  readonly traceId: string;
  /** Requests that sent nothing since the last that did, as the application counts them. */
  readonly idleRequests: number;
}

const NO_IDS: RequestIds = { requestId: '', traceId: '', idleRequests: 0 };

/** What its tags say of the request. Hot path: comments repeat within a request. */
export function requestIdsOf(pairs: TagPairs): RequestIds {
  if (pairs.length === 0) return NO_IDS;
  if (pairs !== idsPairs) {
    idsPairs = pairs;
    ids = { requestId: requestIdOf(pairs), traceId: traceIdOf(pairs), idleRequests: idleRequestsOf(pairs) };
  }
  return ids;
}

let idsPairs: TagPairs = [];
let ids = NO_IDS;

function idleRequestsOf(pairs: TagPairs): number {
  for (const [key, value] of pairs) if (key === IDLE_REQUESTS_KEY && IDLE_REQUESTS.test(value)) return Number(value);
  return 0;
}

const IDLE_REQUESTS = /^\d{1,6}$/;

function findTraceId(pairs: TagPairs): string {
  for (const [key, value] of pairs) if (key === TRACEPARENT_KEY) return ofTraceparent(value);
  return firstOf(pairs, { keys: TRACE_KEYS, form: TRACE_ID }).toLowerCase();
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

/** 64 or 128 bits; Datadog writes 64 bits as a decimal number. */
const TRACE_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32}|\d{1,20})$/i;
const REQUEST_ID = /^[\w.:=+/~-]{1,128}$/;

/** Of the first tag with one of these keys; '' if it has another form. */
function firstOf(pairs: TagPairs, { keys, form }: { keys: readonly string[]; form: RegExp }): string {
  for (const [key, value] of pairs) if (keys.includes(key)) return form.test(value) ? value : '';
  return '';
}
