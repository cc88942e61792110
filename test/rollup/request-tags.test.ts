// The ids that join executions to traces and requests: those of their form, and nothing else.

import { describe, expect, test } from 'vitest';
import { nameOf, requestIdsOf } from '../../analyzer/attribution/comments/request-tags.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SECRET = 'hunter2 secret';

describe('a trace id', () => {
  test.each([
    ['traceparent', `00-${TRACE}-00f067aa0ba902b7-01`, TRACE],
    ['trace_id', TRACE, TRACE],
    ['trace_id', TRACE.toUpperCase(), TRACE],
    ['trace_id', 'a3ce929d0e0e4736', 'a3ce929d0e0e4736'],
    ['dd.trace_id', '11803532876627986230', '11803532876627986230'],
  ])('%s %s', (key, value, id) => {
    expect(requestIdsOf([[key, value]]).traceId).toBe(id);
  });

  test.each([
    ['traceparent', SECRET],
    ['traceparent', `00-${'hunter2secret'.padEnd(32, 'x')}-00f067aa0ba902b7-01`],
    ['traceparent', `00-${TRACE.slice(1)}-00f067aa0ba902b7-01`],
    ['traceparent', `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`],
    ['traceparent', `0x-${TRACE}-00f067aa0ba902b7-01`],
    ['traceparent', `00-${TRACE}`],
    ['trace_id', SECRET],
    ['trace_id', 'hunter2secret'],
    ['trace_id', `${TRACE}0`],
    ['dd.trace_id', '1180353287662798623011'],
    ['trace_id', ''],
  ])('%s %s is none', (key, value) => {
    expect(requestIdsOf([[key, value]]).traceId).toBe('');
  });

  test('of a traceparent is its own, whatever traces came before', () => {
    // Alike but for one digit, most of them in front of what they are remembered by.
    const others = Array.from({ length: 32 }, (_, at) => withDigit(TRACE, at));
    const zeros = '0'.repeat(32);
    const last = Array.from({ length: 1_000 }, (_, n) => `${TRACE.slice(0, 24)}${n.toString(16).padStart(8, '0')}`);
    for (const id of [zeros, TRACE, ...others, TRACE, ...last, ...last, TRACE, zeros])
      expect(requestIdsOf([['traceparent', `00-${id}-00f067aa0ba902b7-01`]]).traceId).toBe(id);
  });
});

function withDigit(id: string, at: number): string {
  return `${id.slice(0, at)}${id[at] === 'f' ? '8' : 'f'}${id.slice(at + 1)}`;
}

describe("a request's id", () => {
  test.each(['req-42', '9f8b3c2a-1d4e-4f6a-8b0c-2d4f6a8b0c2d', '1-67891233-abcdef012345678912345678', 'a/b+c=='])(
    '%s',
    (value) => {
      const ids = requestIdsOf([['request_id', value]]);
      expect(ids.requestId).toBe(value);
      expect(nameOf(ids)).toBe(value);
    },
  );

  test.each([SECRET, "it's", 'ann@example.org', 'x'.repeat(129)])('%s is none', (value) => {
    expect(requestIdsOf([['request_id', value]]).requestId).toBe('');
  });
});
