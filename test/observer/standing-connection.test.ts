// A server that does not answer is told of once, and once more when it answers again.

import { expect, onTestFinished, test } from 'vitest';
import type { Log } from '../../config/log.js';
import { StandingConnection } from '../../observer/standing-connection.js';
import { parseDsn } from '../../own-queries/dsn.js';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { usePostgres } from '../kit/postgres.js';

const postgres = usePostgres();

function standing(port: number) {
  const said: string[] = [];
  const log = { warn: (text: string) => said.push(text), info: (text: string) => said.push(text) } as unknown as Log;
  const { host, user, database } = postgres();
  const dsn = `postgres://${user}@${host}:${port}/${database}?sslmode=disable`;
  const address = parseDsn(dsn, { where: '--dsn', env: {} });
  const connect = { timeoutMs: 5_000, statementTimeoutMs: 5_000, graceMs: 1_000, answerBytesMax: 65_536 };
  const server = new StandingConnection({
    address,
    connect: { ...connect, applicationName: 'standing' },
    log,
    words: { lost: 'lost', back: 'back' },
  });
  onTestFinished(() => server.close());
  return { server, said };
}

test('one connection for all questions, and one word for a server that is away', async () => {
  const away = standing(await freePort());
  for (let asked = 0; asked < 2; asked++)
    await away.server.open().catch(({ message }: Error) => away.server.failed(message));
  expect(away.said).toEqual(['lost']);

  const there = standing(postgres().port);
  there.server.answered();
  expect(there.said).toEqual([]);
  const first = await there.server.open();
  expect(await there.server.open()).toBe(first);
  there.server.failed('the connection broke');
  expect(await there.server.open()).not.toBe(first);
  there.server.answered();
  expect(there.said).toEqual(['lost', 'back']);
});
