// The one rewrite of a server's message, on bytes.
// What changes, what never does, and that cuts make no difference.

import { describe, expect, test } from 'vitest';
import { LoginFilter } from '../../proxy/wire/login-filter.js';
import { B, message } from '../kit/frames.js';

function offer(...mechanisms: string[]): Buffer {
  const names = mechanisms.map((name) => `${name}\0`).join('');
  return message('R', Buffer.concat([Buffer.from([0, 0, 0, 10]), Buffer.from(`${names}\0`)]));
}

const BOUND = 'SCRAM-SHA-256-PLUS';
const PLAIN = 'SCRAM-SHA-256';
const saslContinue = message('R', Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from('r=nonce,s=salt,i=4096')]));
const refusal = (language: string) =>
  message('E', Buffer.from(`SFATAL\0VFATAL\0C28000\0M${language}\0Fauth-scram.c\0L1\0Rread_client_final_message\0\0`));

/** Feeds the stream in pieces of `step` bytes; gives what was passed on and what was said. */
function filtered(stream: Buffer, { withhold = true, step = stream.length } = {}) {
  const said: string[] = [];
  const filter = new LoginFilter({
    withhold,
    messageBytesMax: 4096,
    events: {
      onWithheld: () => said.push('withheld'),
      onOffered: () => said.push('offered'),
      onBindingRefused: () => said.push('refused'),
    },
  });
  const out: Buffer[] = [];
  for (let at = 0; at < stream.length; at += step) out.push(filter.feed(stream.subarray(at, at + step)));
  out.push(filter.rest());
  return { bytes: Buffer.concat(out), said, done: filter.done };
}

const negotiation = message('v', Buffer.concat([Buffer.from([0, 3, 0, 0, 0, 0, 0, 0])]));

describe.each([1, 2, 3, 5, 7, 1000])('in pieces of %i bytes', (step) => {
  test('the mechanism is taken out, and nothing else', () => {
    const login = (first: Buffer) =>
      Buffer.concat([negotiation, B.notice(), first, saslContinue, B.greeting(), B.dataRow()]);
    const { bytes, said } = filtered(login(offer(BOUND, PLAIN, 'OAUTHBEARER')), { step });
    expect(bytes.toString('hex')).toBe(login(offer(PLAIN, 'OAUTHBEARER')).toString('hex'));
    expect(said).toEqual(['withheld']);
  });

  test('on a TLS leg the offer passes as it is', () => {
    const stream = Buffer.concat([offer(BOUND, PLAIN), saslContinue, B.greeting()]);
    const { bytes, said } = filtered(stream, { step, withhold: false });
    expect(bytes.equals(stream)).toBe(true);
    expect(said).toEqual(['offered']);
  });

  test('a login without SASL passes as it is', () => {
    const stream = Buffer.concat([B.greeting(), B.rowDescription(), B.dataRow('R'.repeat(5000))]);
    expect(filtered(stream, { step }).bytes.equals(stream)).toBe(true);
  });

  test('a refusal of channel binding is told, in whatever language the server speaks', () => {
    const stream = Buffer.concat([
      offer(BOUND, PLAIN),
      saslContinue,
      refusal('SCRAM-Channel-Binding-Prüfung fehlgeschlagen'),
    ]);
    const { bytes, said } = filtered(stream, { step, withhold: false });
    expect(bytes.equals(stream)).toBe(true);
    expect(said).toEqual(['offered', 'refused']);
  });

  test('what is no message of the protocol passes as it is', () => {
    const stream = Buffer.from('EFATAL:  unsupported frontend protocol\n\0and more');
    expect(filtered(stream, { step }).bytes.equals(stream)).toBe(true);
  });

  test('a message too long to be an offer passes as it is', () => {
    const stream = Buffer.concat([offer(BOUND, PLAIN, 'x'.repeat(5000)), B.greeting()]);
    expect(filtered(stream, { step }).bytes.equals(stream)).toBe(true);
  });
});

test('an offer of nothing else is not emptied', () => {
  const stream = offer(BOUND);
  expect(filtered(stream).bytes.equals(stream)).toBe(true);
});

test('after AuthenticationOk nothing is looked at any more', () => {
  const stream = Buffer.concat([B.authOk(), offer(BOUND, PLAIN)]);
  const { bytes, done, said } = filtered(stream);
  expect(bytes.equals(stream)).toBe(true);
  expect(done).toBe(true);
  expect(said).toEqual([]);
});

test('another error of login is not taken for a refusal of channel binding', () => {
  expect(filtered(B.error('28P01', 'FATAL')).said).toEqual([]);
});
