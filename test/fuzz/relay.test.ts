// Fuzzed streams through a real listener, with a scripted server behind it.
// Every byte arrives, in order, both ways, whatever it means.

import { expect, test } from 'vitest';
import { makeCase } from '../../scripts/lib/fuzz/cases.mjs';
import { recordings } from '../../scripts/lib/fuzz/messages.mjs';
import { Random } from '../../scripts/lib/fuzz/random.mjs';
import { F } from '../kit/frames.js';
import { loggedIn } from '../kit/raw-client.js';
import { useRelayed } from '../kit/relayed.js';
import { useScriptedServer } from '../kit/scripted-server.js';

const SEED = 11;
const CASES = 300;
const startServer = useScriptedServer();
const startRelayed = useRelayed();

interface Part {
  from: 'client' | 'server';
  bytes: Buffer;
}

const joined = (parts: readonly Part[], from: Part['from']) =>
  Buffer.concat(parts.filter((part) => part.from === from).map(({ bytes }) => bytes));

test(`${CASES} cases of seed ${SEED}, and every recording byte by byte`, async () => {
  const server = await startServer();
  const relayed = await startRelayed(server);
  const startup = F.startup({ user: 'postgres', database: 'postgres' });
  const pass = async (name: string, parts: readonly Part[]) => {
    const client = await loggedIn(relayed.port);
    const { last } = server;
    const greetingBytes = client.received.length;
    for (const { from, bytes } of parts) {
      if (from === 'client') client.send(bytes);
      else last.send(bytes);
      if (bytes.length < 3) await new Promise((resolve) => setImmediate(resolve));
    }
    const [sent, answered] = [joined(parts, 'client'), joined(parts, 'server')];
    await last.until((received) => received.length >= startup.length + sent.length);
    await client.until((received) => received.length >= greetingBytes + answered.length);
    client.end();
    await client.ended();
    expect(last.received.subarray(startup.length).equals(sent), name).toBe(true);
    expect(client.received.subarray(greetingBytes).equals(answered), name).toBe(true);
  };
  for (let index = 0; index < CASES; index++) {
    const { kind, parts } = makeCase(Random.ofCase(SEED, index));
    if (kind === 'conversation' || kind === 'damaged') await pass(`case ${index}`, parts);
  }
  for (const [index, parts] of recordings().entries()) {
    const bytewise = parts.flatMap(({ from, bytes }) =>
      Array.from(bytes, (byte) => ({ from, bytes: Buffer.from([byte]) })),
    );
    await pass(`recording ${index}`, bytewise);
  }
  await relayed.settled();
  // It was looked at as well as passed on.
  expect(relayed.statements.length).toBeGreaterThan(100);
  expect(relayed.counters.opaqueTotal).toBeGreaterThan(0);
});
