// TLS to the store of a fleet is verified: its authority, its name, its time.
// Invariant: a certificate that is not trusted gets no password. Not here: TLS of relays (test/tls).

import { connect, type Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Authority } from '../../scripts/lib/certificates.mjs';
import { type Clickhouse, startClickhouse, WRITER } from '../../scripts/lib/clickhouse.mjs';
import { parseStoreAddress } from '../../storage/clickhouse/connection/address.js';
import { FleetClient } from '../../storage/clickhouse/connection/client.js';
import { describeWithClickhouse } from '../kit/clickhouse.js';
import { temporaryFile } from '../kit/relay.js';

const env = { PGWITNESS_STORE_USER: WRITER.user, PGWITNESS_STORE_PASSWORD: WRITER.password };

await describeWithClickhouse('TLS to a store', (library) => {
  let clickhouse: Clickhouse;
  const authority = new Authority();
  const caFile = temporaryFile('ca.pem', authority.cert);
  beforeAll(async () => {
    clickhouse = await startClickhouse({ library });
  });
  afterAll(() => clickhouse?.stop());

  /** In front of the engine; `bytes` counts what clients sent inside of TLS. */
  async function proxyWith(issued: { cert: string; key: string }): Promise<{ port: number; bytes: () => number }> {
    let bytes = 0;
    const sockets = new Set<Socket | TLSSocket>();
    const server: Server = createServer(issued, (client) => {
      const engine = connect(clickhouse.nodes[0].port, '127.0.0.1');
      for (const socket of [client, engine]) sockets.add(socket.on('error', () => {}));
      client.on('data', (chunk) => {
        bytes += chunk.length;
      });
      client.pipe(engine).pipe(client);
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return { port: (server.address() as { port: number }).port, bytes: () => bytes };
  }

  const ask = async (port: number, query: string) => {
    const text = `clickhouses://127.0.0.1:${port}/default${query}`;
    const client = new FleetClient(parseStoreAddress(text, { where: '--ship', env }));
    return client.rows('SELECT 1 AS one').finally(() => client.close());
  };

  test('of the authority that is named works', async () => {
    const { port } = await proxyWith(authority.issue(['127.0.0.1']));
    expect(await ask(port, `?ca=${caFile}`)).toEqual([{ one: 1 }]);
  });

  test.each([
    ['of no known authority', () => authority.issue(['127.0.0.1']), () => ''],
    ['of another authority', () => new Authority().issue(['127.0.0.1']), () => `?ca=${caFile}`],
    ['for another name', () => authority.issue(['elsewhere.example']), () => `?ca=${caFile}`],
    ['that has expired', () => authority.issue(['127.0.0.1'], { days: -1 }), () => `?ca=${caFile}`],
  ])('a certificate %s is refused in words, and nothing is sent', async (_name, issue, query) => {
    const { port, bytes } = await proxyWith(issue());
    const refusal = await ask(port, query()).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'denied', hint: expect.stringContaining('?ca=FILE') });
    expect(String(refusal)).not.toContain(WRITER.password);
    expect(bytes()).toBe(0);
  });
});
