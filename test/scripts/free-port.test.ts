// Ports for tests and benches: processes that ask at once are never given the same one.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';

const EACH = 400;
/** Asks for all at once, tells them in one line, and lives on until it is ended. */
const ASKER = `
import { freePort } from ${JSON.stringify(path.join(ROOT, 'scripts', 'lib', 'free-port.mjs'))};
const asked = Array.from({ length: ${EACH} }, () => freePort());
process.on('message', () => {});
process.send(await Promise.all(asked));
`;

const askers: ChildProcess[] = [];
afterAll(() => {
  for (const asker of askers) asker.kill();
});

async function ask(): Promise<number[]> {
  const args = ['--input-type=module', '--eval', ASKER];
  const asker = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  asker.channel?.unref();
  askers.push(asker);
  const [ports] = (await once(asker, 'message')) as [number[]];
  return ports;
}

test('processes that live at once are given ports that all differ', async () => {
  const ports = (await Promise.all([ask(), ask(), ask(), ask()])).flat();
  expect(ports).toHaveLength(4 * EACH);
  expect(new Set(ports).size).toBe(4 * EACH);
});
