// Finds the request of the application that an execution belongs to, by the tags of its comments.
// Invariant: a trace id is 16 or 32 hexadecimal digits or a decimal number, and a request's id one word of letters,
// digits and plain signs; what a tag holds else is no id. Ids are in lower case.
// Not here: reading tags from comments (sql-comment.ts), telling requests apart (analyzer/work/).

import { IDLE_REQUESTS_KEY, REQUEST_KEYS, TRACE_KEYS, TRACEPARENT_KEY } from '../../../config/values/tag-keys.js';
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

/** Of two tags with one meaning the first counts. */
export function requestIdsOf(pairs: TagPairs): RequestIds {
  let traceparent: string | undefined;
  let trace: string | undefined;
  let request: string | undefined;
  let idle: string | undefined;
  for (const [key, value] of pairs) {
    switch (MEANINGS.get(key)) {
      case undefined:
        break;
      case 'traceparent':
        traceparent ??= value;
        break;
      case 'trace':
        trace ??= value;
        break;
      case 'request':
        request ??= value;
        break;
      case 'idle':
        idle ??= value;
        break;
    }
  }
  if ((traceparent ?? trace ?? request ?? idle) === undefined) return NO_REQUEST;
  return {
    requestId: request !== undefined && REQUEST_ID.test(request) ? request : '',
    traceId: traceparent !== undefined ? traceIdOf(traceparent) : trace !== undefined ? ofTraceTag(trace) : '',
    idleRequests: idle !== undefined && IDLE_REQUESTS.test(idle) ? Number(idle) : 0,
  };
}

const MEANINGS = new Map<string, 'traceparent' | 'trace' | 'request' | 'idle'>([
  [TRACEPARENT_KEY, 'traceparent'],
  ...TRACE_KEYS.map((key) => [key, 'trace'] as const),
  ...REQUEST_KEYS.map((key) => [key, 'request'] as const),
  [IDLE_REQUESTS_KEY, 'idle'],
]);

const IDLE_REQUESTS = /^\d{1,6}$/;
const REQUEST_ID = /^[\w.:=+/~-]{1,128}$/;
/** 64 or 128 bits; Datadog writes 64 bits as a decimal number. */
const TRACE_ID = /^(?:[0-9a-f]{16}|[0-9a-f]{32}|\d{1,20})$/i;

function ofTraceTag(value: string): string {
  return TRACE_ID.test(value) ? value.toLowerCase() : '';
}
