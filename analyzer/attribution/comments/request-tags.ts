// Finds the request of the application that an execution belongs to, by the tags of its comments.
// Invariant: a trace id is 16 or 32 hexadecimal digits or a decimal number, and a request's id one word of letters,
// digits and plain signs; what a tag holds else is no id. Ids are in lower case.
// Not here: reading tags from comments (sql-comment.ts), telling requests apart (analyzer/work/).

import {
  CONTEXT_KEYS,
  IDLE_REQUESTS_KEY,
  REQUEST_KEYS,
  TRACE_KEYS,
  TRACEPARENT_KEY,
} from '../../../config/values/tag-keys.js';
import { traceIdOf } from './traceparent.js';

export type TagPairs = readonly (readonly [key: string, value: string])[];

export interface RequestIds {
  /** The application's own id; '' = none. */
  readonly requestId: string;
  readonly traceId: string;
  /** Requests that sent nothing since the last that did, as the application counts them. */
  readonly idleRequests: number;
}

export const NO_REQUEST: RequestIds = Object.freeze({ requestId: '', traceId: '', idleRequests: 0 });

/** What names the request: its trace id, else its own id; '' = neither. */
export function nameOf({ traceId, requestId }: RequestIds): string {
  return traceId || requestId;
}

/** Where the tags of a request are among the pairs of a comment; -1 = there is none. */
export interface RequestPlaces {
  readonly traceparent: number;
  readonly trace: number;
  readonly request: number;
  readonly idle: number;
}

/** Of two tags with one meaning the first counts. undefined = none names a request. */
export function requestPlacesOf(pairs: TagPairs): RequestPlaces | undefined {
  let found: { -readonly [Name in keyof RequestPlaces]: number } | undefined;
  for (let place = 0; place < pairs.length; place++) {
    const meaning = MEANINGS.get(pairs[place][0]);
    if (meaning === undefined) continue;
    found ??= { traceparent: -1, trace: -1, request: -1, idle: -1 };
    if (found[meaning] < 0) found[meaning] = place;
  }
  return found;
}

/** Of pairs that have their tags at these places. */
export function requestIdsAt(pairs: TagPairs, { traceparent, trace, request, idle }: RequestPlaces): RequestIds {
  return {
    requestId: request >= 0 ? requestIdOf(pairs[request][1]) : '',
    traceId: traceparent >= 0 ? traceIdOf(pairs[traceparent][1]) : trace >= 0 ? ofTraceTag(pairs[trace][1]) : '',
    idleRequests: idle >= 0 ? idleRequestsOf(pairs[idle][1]) : 0,
  };
}

export function requestIdsOf(pairs: TagPairs): RequestIds {
  const places = requestPlacesOf(pairs);
  return places === undefined ? NO_REQUEST : requestIdsAt(pairs, places);
}

const MEANINGS = new Map<string, keyof RequestPlaces>([
  [TRACEPARENT_KEY, 'traceparent'],
  ...TRACE_KEYS.map((key) => [key, 'trace'] as const),
  ...REQUEST_KEYS.map((key) => [key, 'request'] as const),
  [IDLE_REQUESTS_KEY, 'idle'],
]);

/** Keys whose values differ with each request. */
export const REQUEST_VALUE_KEYS: readonly string[] = [...new Set([...CONTEXT_KEYS, ...MEANINGS.keys()])];

const IDLE_REQUESTS = /^\d{1,6}$/;
const REQUEST_ID = /^[\w.:=+/~-]{1,128}$/;
/** 64 or 128 bits; Datadog writes 64 bits as a decimal number. */
const TRACE_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32}|\d{1,20})$/i;

function requestIdOf(value: string): string {
  return REQUEST_ID.test(value) ? value : '';
}

function idleRequestsOf(value: string): number {
  return IDLE_REQUESTS.test(value) ? Number(value) : 0;
}

function ofTraceTag(value: string): string {
  return TRACE_ID.test(value) ? value.toLowerCase() : '';
}
