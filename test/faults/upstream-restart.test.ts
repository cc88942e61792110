// A real Postgres with TLS that crashes and restarts while clients connect.
// Each crash throws out who is within SSLRequest or the handshake; a client without TLS is told 57P03 by the server.
// Not here: each way to let go of a connection, by a scripted server (test/tls/upstream-leg.test.ts).

import { expect, test } from 'vitest';
import { B, F } from '../kit/frames.js';
import { usePostgres } from '../kit/postgres.js';
import { loggedIn, RawClient } from '../kit/raw-client.js';
import { useRelay } from '../kit/relay.js';
import { until } from '../kit/sidecar.js';
import { tlsWorld } from '../kit/tls.js';

const world = await tlsWorld();
const postgres = usePostgres(world.postgresOptions);
const startRelay = useRelay();

const LOGIN = F.startup({ user: 'postgres', database: 'postgres' });
const CRASHES = 4;
const CLIENTS = 12;

test('100: while the server restarts, clients are told 57P03 through TLS as well, and never 08001', async () => {
  const { port, log } = await startRelay(postgres(), { upstreamTls: 'require' });
  const errors: string[] = [];
  let going = true;
  const connecting = Array.from({ length: CLIENTS }, async () => {
    while (going) errors.push(...(await attempt(port)).errors);
  });
  for (let crash = 0; crash < CRASHES; crash++) {
    const victim = await loggedIn(port, { application_name: 'victim' });
    const [[pid]] = await postgres().query("select pid from pg_stat_activity where application_name = 'victim'");
    process.kill(Number(pid), 'SIGKILL');
    await victim.ended();
    await until('the server is back', async () => (await attempt(port)).isIn);
  }
  going = false;
  await Promise.all(connecting);
  const states = new Set(errors.map((error) => error.split(' ')[1]));
  expect([...states].filter((state) => !['57P01', '57P02', '57P03'].includes(state))).toEqual([]);
  expect(states).toContain('57P03');
  expect(log.filter(({ msg }) => msg === 'the upstream cannot be reached')).toEqual([]);
}, 120_000);

async function attempt(port: number): Promise<{ isIn: boolean; errors: string[] }> {
  const client = new RawClient(port).send(LOGIN);
  await Promise.race([client.ready(1).catch(() => {}), client.ended()]);
  const isIn = client.received.subarray(-6).equals(B.ready());
  const { errors } = client;
  client.socket.destroy();
  return { isIn, errors };
}
