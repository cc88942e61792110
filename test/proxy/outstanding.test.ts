// The queue of outstanding requests beside a plain array, under random pushes, shifts and removals.

import { describe, expect, test } from 'vitest';
import { Execution } from '../../proxy/session/execution.js';
import { Outstanding, Request, RequestKind } from '../../proxy/session/outstanding.js';
import { type PreparedText, TextTable } from '../../proxy/session/texts.js';
import { Random } from '../../scripts/lib/fuzz/random.mjs';

describe('the queue of outstanding requests', () => {
  test.each([1, 2, 3])('is what a plain array would be, seed %i', (seed) => {
    const random = new Random(seed);
    const queue = new Outstanding();
    const array: number[] = [];
    let next = 0;
    for (let step = 0; step < 20_000; step++) {
      // Long waves, so that it grows over many capacities and empties again.
      const grows = (step >> 9) % 2 === 0;
      const draw = random.below(10);
      if (draw < (grows ? 7 : 3)) {
        const request = queue.push(RequestKind.close, next, 5);
        request.statementName = `s${next}`;
        array.push(next++);
      } else if (draw === 9 && array.length > 1) {
        queue.removeSecond();
        array.splice(1, 1);
      } else if (array.length > 0) {
        queue.shift();
        array.shift();
      }
      queue.invariants();
      expect(queue.size).toBe(array.length);
      if (array.length === 0) continue;
      const at = random.below(array.length);
      expect([queue.head.arrivedMs, queue.at(at).statementName]).toEqual([array[0], `s${array[at]}`]);
    }
    expect(next).toBeGreaterThan(5_000);
  });

  test('a slot that keeps what it held is found', () => {
    const queue = new Outstanding();
    const request = queue.push(RequestKind.describe, 0, 5);
    queue.shift();
    request.portalName = 'kept';
    queue.push(RequestKind.sync, 0, 5);
    queue.push(RequestKind.sync, 0, 5);
    expect(() => queue.shift()).not.toThrow();
    expect(() => queue.invariants()).not.toThrow();
    request.portalName = 'kept';
    expect(() => queue.invariants()).toThrow('keeps a request');
  });

  test.each([1, 2, 3])('gives back from far what was put into it, seed %i', (seed) => {
    const random = new Random(seed);
    const queue = new Outstanding();
    const array: Request[] = [];
    let mostFar = 0;
    for (let step = 0; step < 60_000; step++) {
      // Waves far beyond what is near.
      const grows = (step >> 13) % 2 === 0;
      if (random.below(10) < (grows ? 8 : 2)) {
        const filled = randomRequest(random, step);
        Object.assign(queue.push(filled.kind, filled.arrivedMs, filled.bytes), filled);
        array.push(filled);
      } else if (random.oneIn(10) && array.length > 1) {
        queue.removeSecond();
        array.splice(1, 1);
      } else if (array.length > 0) {
        expect({ ...queue.head }).toEqual(array[0]);
        queue.shift();
        array.shift();
      }
      if (random.oneIn(100)) queue.invariants();
      expect(queue.size).toBe(array.length);
      mostFar = Math.max(mostFar, queue.size - queue.near);
    }
    expect(mostFar).toBeGreaterThan(2_000);
    while (queue.size > 0) queue.shift();
    queue.invariants();
    expect(queue.bytes).toBe(0);
  });
});

const texts = new TextTable(1 << 20);

/** As requests.ts fills it. */
function randomRequest(random: Random, step: number): Request {
  const kind = random.pick(Object.values(RequestKind));
  const arrivedMs = random.oneIn(3) ? step / 8 : Math.floor(step / 100);
  const name = random.oneIn(5) ? 'n'.repeat(random.between(1, 63)) : '';
  const request: Request = { ...new Request(), kind, arrivedMs, bytes: random.below(random.oneIn(5) ? 1 << 30 : 300) };
  if (kind === RequestKind.bind && random.oneIn(2)) {
    request.parameterHash = random.next() * 4096;
    request.parameterCount = random.below(300);
    request.parametersCut = random.oneIn(2);
  }
  if (kind === RequestKind.bind || kind === RequestKind.close) request.statementName = name;
  if (kind === RequestKind.bind || kind === RequestKind.execute) request.portalName = name;
  if (kind === RequestKind.describe) request.ofPortal = random.oneIn(2);
  if (kind === RequestKind.parse) request.prepared = statement(random, name);
  if (kind !== RequestKind.query && kind !== RequestKind.execute) return request;
  request.execution = new Execution(kind === RequestKind.query, {
    arrivedMs,
    startMs: arrivedMs - random.below(2),
    flushGroup: Math.floor(step / 50),
    pipelineDepth: random.below(100_000),
  });
  request.execution.requestBytes = random.below(100_000);
  if (kind === RequestKind.query) request.execution.prepared = statement(random, '');
  return request;
}

function statement(random: Random, name: string): PreparedText {
  const text = `sélect ${'x'.repeat(random.below(random.oneIn(50) ? 200_000 : 400))}`;
  const facts = { missingBytes: random.oneIn(9) ? 1e9 : 0, reading: random.below(9) };
  const shared = name === '' ? undefined : texts.acquire(text, facts);
  return { name, text: shared === undefined ? text : '', ...facts, shared, readIn: 0 };
}
