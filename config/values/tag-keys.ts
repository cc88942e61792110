// Names the comment tags that have a meaning of their own, and reads the key of any.
// Invariant: each list exists once; the configuration may replace the first two.
// Not here: reading tags from comments (analyzer/attribution/comments/).

/** Tags that become dimensions of the counts. */
export const DIMENSION_KEYS: readonly string[] = [
  'action',
  'app',
  'app_name',
  'app_version',
  'application',
  'cache',
  'caller',
  'command',
  'controller',
  'flag',
  'job',
  'route',
];

/** The tag of W3C Trace Context: version-trace-parent-flags. */
export const TRACEPARENT_KEY = 'traceparent';

/** Tags that differ with each request and are never dimensions. */
export const CONTEXT_KEYS: readonly string[] = [TRACEPARENT_KEY, 'tracestate', 'request_id'];

/** Tags that hold a trace id and nothing else. */
export const TRACE_KEYS: readonly string[] = ['trace_id', 'dd.trace_id'];

/** Tags that hold the application's own id of a request, or of a job. */
export const REQUEST_KEYS: readonly string[] = ['request_id', 'x_request_id', 'requestid', 'job_id', 'task_id'];

/** The tag that holds how many requests sent nothing since the last one that sent something. */
export const IDLE_REQUESTS_KEY = 'idle_requests';

/** The dimension that says where in a request a statement was made; the others are of the whole request. */
export const CALLER_KEY = 'caller';

/** The tag that names the running version of the application. */
export const VERSION_KEY = 'app_version';

/** Before the key of a tag that has the name of something else. */
const TAG = 'tag:';

/** The key of a tag, which may be written as tag:KEY. */
export function tagKey(written: string): string {
  return written.startsWith(TAG) ? written.slice(TAG.length) : written;
}

/** Of what was written to group by. */
export function hasKey(written: string): boolean {
  return /^[\w.:-]{1,64}$/.test(tagKey(written));
}
