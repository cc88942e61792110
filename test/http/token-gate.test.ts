// The limit of wrong tokens, of one address and of many.

import { expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { createLog } from '../../config/log.js';
import { TokenGate } from '../../dashboards/http/token-gate.js';
import { HttpCounts } from '../../dashboards/metrics/state/http-counts.js';

const TOKEN = '0123456789abcdef';
const RIGHT = `Bearer ${TOKEN}`;
const WRONG = 'Bearer of bad tidings';

function gateAt(): { gate: TokenGate; counts: HttpCounts; pass(ms: number): void } {
  let nowMs = 1_000;
  const counts = new HttpCounts();
  const gate = new TokenGate({ token: TOKEN, counts, log: createLog({ level: 'silent' }), nowMs: () => nowMs });
  return {
    gate,
    counts,
    pass: (ms) => {
      nowMs += ms;
    },
  };
}

const many = (gate: TokenGate, address: string, count: number) =>
  Array.from({ length: count }, () => gate.read(WRONG, address));

test('so many in a row are read, then one after each interval', () => {
  const { gate, pass } = gateAt();
  const states = many(gate, 'a', limits.wrongTokensMax + 5);
  expect(states.filter((state) => state === 'wrong')).toHaveLength(limits.wrongTokensMax);
  expect(states.slice(limits.wrongTokensMax)).toEqual(Array(5).fill('unread'));
  pass(limits.wrongTokenMs);
  expect(many(gate, 'a', 2)).toEqual(['wrong', 'unread']);
  pass(limits.wrongTokensMax * limits.wrongTokenMs);
  expect(many(gate, 'a', limits.wrongTokensMax + 1).filter((state) => state === 'wrong')).toHaveLength(
    limits.wrongTokensMax,
  );
});

test('the right token is not read either, until the address may try again', () => {
  const { gate, pass } = gateAt();
  many(gate, 'a', limits.wrongTokensMax);
  expect(gate.read(RIGHT, 'a')).toBe('unread');
  expect(gate.read(RIGHT, 'b')).toBe('right');
  pass(limits.wrongTokenMs);
  expect(gate.read(RIGHT, 'a')).toBe('right');
});

test('an address that showed the right token is let in, whatever others send from there', () => {
  const { gate, pass, counts } = gateAt();
  expect(gate.read(RIGHT, 'proxy')).toBe('right');
  expect(many(gate, 'proxy', 1_000).slice(limits.wrongTokensMax)).toEqual(
    Array(1_000 - limits.wrongTokensMax).fill('unread'),
  );
  expect(gate.read(RIGHT, 'proxy')).toBe('right');
  expect(counts.wrongTokens).toBe(1_000);
  pass(limits.tokenTrustedMs);
  many(gate, 'proxy', 1_000);
  expect(gate.read(RIGHT, 'proxy')).toBe('unread');
});

test('an IPv6 client has one limit for all of its /64', () => {
  const { gate } = gateAt();
  const states = Array.from({ length: 20 }, (_, n) => gate.read(WRONG, `2001:db8:0:1:${n}::${n}`));
  expect(states.filter((state) => state === 'wrong')).toHaveLength(limits.wrongTokensMax);
  expect(gate.read(WRONG, '2001:db8:0:2::1')).toBe('wrong');
  expect(gate.read(WRONG, '2001:db8::1:0:0:0:9')).toBe('unread');
  expect(gate.read(WRONG, '::1')).toBe('wrong');
});

test('what is remembered of addresses is bounded', () => {
  const { gate } = gateAt();
  many(gate, 'first', limits.wrongTokensMax);
  for (let n = 1; n < limits.tokenAddressesMax; n++) gate.read(WRONG, `other${n}`);
  expect(gate.read(RIGHT, 'first')).toBe('unread');
  gate.read(WRONG, 'one more');
  expect(gate.read(RIGHT, 'first')).toBe('right');
});

test('a request without a token, or to a server without one, is none', () => {
  const { gate, counts } = gateAt();
  expect(gate.read(undefined, 'a')).toBe('none');
  const open = new TokenGate({ token: '', counts, log: createLog({ level: 'silent' }) });
  expect(open.read(RIGHT, 'a')).toBe('none');
  expect(counts.wrongTokens).toBe(0);
});
