// TLS between the client and pgwitness: beginning it, refusals, a session over it.

import { once } from 'node:events';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { F } from '../kit/frames.js';
import { untilRunning, usePostgres } from '../kit/postgres.js';
import { halfOpenClient, RawClient } from '../kit/raw-client.js';
import { useRelay } from '../kit/relay.js';
import { bareServer } from '../kit/scripted-server.js';
import { until } from '../kit/sidecar.js';
import { filesOf, tlsWorld } from '../kit/tls.js';

const world = await tlsWorld();
const postgres = usePostgres();
const startRelay = useRelay();
const OWN = { tlsCert: world.own.cert, tlsKey: world.own.key };
const SSL_REQUEST = F.sslRequest();
const GSSENC_REQUEST = F.gssencRequest();
const STARTUP = F.startup({ user: 'postgres', database: 'postgres' });
const READY = Buffer.from('5a0000000549', 'hex');

/** SSLRequest, S, handshake. */
async function encrypted(port: number, options: object = {}): Promise<{ client: RawClient; tls: TLSSocket }> {
  const plain = await halfOpenClient(port);
  plain.send(SSL_REQUEST);
  expect((await plain.take(1)).toString()).toBe('S');
  return handshake(plain, options);
}

async function handshake(plain: RawClient, options: object): Promise<{ client: RawClient; tls: TLSSocket }> {
  const tls = connectTls({ socket: plain.handOver(), rejectUnauthorized: false, ...options });
  const client = new RawClient(tls);
  await once(tls, 'secureConnect');
  return { client, tls };
}

test('without a certificate the answer is N, and the client may go on in plaintext', async () => {
  const { port } = await startRelay(postgres());
  const client = await halfOpenClient(port);
  client.send(SSL_REQUEST);
  expect((await client.take(1)).toString()).toBe('N');
  client.send(STARTUP);
  await client.until(READY);
});

test('with a certificate the session is encrypted, and the certificate is the one given', async () => {
  const { port } = await startRelay(postgres(), OWN);
  const { client, tls } = await encrypted(port, {
    ca: world.authority.cert,
    rejectUnauthorized: true,
    servername: 'localhost',
  });
  expect(tls.authorized).toBe(true);
  client.send(STARTUP);
  await client.until(READY);
  client.forget();
  client.send(F.query("select 'over TLS'"));
  expect((await client.until(READY)).includes('over TLS')).toBe(true);
});

test('SSLRequest and StartupMessage may come in any pieces', async () => {
  const { port } = await startRelay(postgres(), OWN);
  const plain = await halfOpenClient(port);
  plain.send(SSL_REQUEST.subarray(0, 4));
  await new Promise((resolve) => setTimeout(resolve, 20));
  plain.send(SSL_REQUEST.subarray(4));
  expect((await plain.take(1)).toString()).toBe('S');
  const { client } = await handshake(plain, {});
  for (const byte of STARTUP) client.send(Buffer.from([byte]));
  await client.until(READY);
});

test('GSSENCRequest is answered N, and SSLRequest may follow', async () => {
  const { port } = await startRelay(postgres(), OWN);
  const plain = await halfOpenClient(port);
  plain.send(GSSENC_REQUEST);
  expect((await plain.take(1)).toString()).toBe('N');
  plain.send(SSL_REQUEST);
  expect((await plain.take(1)).toString()).toBe('S');
});

test('a client may still log in without TLS', async () => {
  const { port } = await startRelay(postgres(), OWN);
  const client = await halfOpenClient(port);
  client.send(STARTUP);
  await client.until(READY);
});

test('bytes behind SSLRequest close the connection without a word', async () => {
  const { port } = await startRelay(postgres(), OWN);
  const client = await halfOpenClient(port);
  client.send(SSL_REQUEST, STARTUP);
  expect(await client.closed()).toHaveLength(0);
});

test('requests are answered once each, however often they are sent', async () => {
  const { port } = await startRelay(postgres());
  const client = await halfOpenClient(port);
  for (const request of [SSL_REQUEST, GSSENC_REQUEST]) {
    client.send(request);
    expect((await client.take(1)).toString()).toBe('N');
  }
  client.send(SSL_REQUEST);
  expect(await client.closed()).toHaveLength(0);
});

test.each([
  ['SSLRequest', SSL_REQUEST],
  ['GSSENCRequest', GSSENC_REQUEST],
])('%s inside TLS closes the connection', async (_, request) => {
  const { port } = await startRelay(postgres(), OWN);
  const { client } = await encrypted(port);
  client.send(request);
  expect(await client.closed()).toHaveLength(0);
});

describe('direct TLS', () => {
  test('with the protocol named it is a session', async () => {
    const { port } = await startRelay(postgres(), OWN);
    const { client, tls } = await handshake(await halfOpenClient(port), { ALPNProtocols: ['postgresql'] });
    expect(tls.alpnProtocol).toBe('postgresql');
    client.send(STARTUP);
    await client.until(READY);
  });

  test('without the protocol named it is closed after the handshake', async () => {
    const { port } = await startRelay(postgres(), OWN);
    const { client } = await handshake(await halfOpenClient(port), {});
    client.send(STARTUP);
    expect(await client.closed()).toHaveLength(0);
  });

  test('for another protocol it is an alert', async () => {
    const { port } = await startRelay(postgres(), OWN);
    const plain = await halfOpenClient(port);
    const tls = connectTls({ socket: plain.socket, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    const [error] = await once(tls, 'error');
    expect(error.code).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
  });

  test('without a certificate it is closed without a word', async () => {
    const { port } = await startRelay(postgres());
    const client = await halfOpenClient(port);
    client.send(Buffer.from('160301', 'hex'));
    expect(await client.closed()).toHaveLength(0);
  });

  test('after a refused request it is no longer possible', async () => {
    const { port } = await startRelay(postgres());
    const client = await halfOpenClient(port);
    client.send(GSSENC_REQUEST);
    await client.take(1);
    client.send(Buffer.from('160301', 'hex'));
    expect(await client.closed()).toHaveLength(0);
  });
});

/** Stands between client and relay: what the relay sends is kept, and bytes can be slipped in towards it. */
async function between(port: number, { byteByByte = false } = {}) {
  let towardsRelay: RawClient | undefined;
  const { port: entrance } = await bareServer((peer) => {
    const relay = new RawClient(port);
    towardsRelay = relay;
    relay.socket.pipe(peer.socket);
    if (!byteByByte) peer.socket.pipe(relay.socket);
    else peer.socket.on('data', (chunk) => void relay.sendSlowly(chunk));
  });
  return {
    entrance,
    seen: () => towardsRelay?.received ?? Buffer.alloc(0),
    slipIn: (bytes: Buffer) => towardsRelay?.send(bytes),
    reset: () => towardsRelay?.reset(),
  };
}

test.each([
  ['after SSLRequest', false],
  ['at once', true],
])('a ClientHello that comes byte by byte, %s', async (_, direct) => {
  const { port } = await startRelay(postgres(), OWN);
  const { entrance } = await between(port, { byteByByte: true });
  const { client } = direct
    ? await handshake(await halfOpenClient(entrance), { ALPNProtocols: ['postgresql'] })
    : await encrypted(entrance);
  client.send(STARTUP);
  await client.until(READY);
});

test('records are at most 8 KiB, so that asynchronous libpq clients do not hang', async () => {
  const { port } = await startRelay(postgres(), OWN);
  const { entrance, seen } = await between(port);
  const { client } = await encrypted(entrance);
  client.send(STARTUP);
  await client.until(READY);
  client.forget();
  client.send(F.query("select repeat('x', 200000)"));
  await client.until(READY);
  const stream = seen().subarray(1); // behind the answer to SSLRequest
  const records: number[] = [];
  for (let at = 0; at < stream.length; at += 5 + stream.readUInt16BE(at + 3)) records.push(stream.readUInt16BE(at + 3));
  expect(records.length).toBeGreaterThan(24);
  // TLS 1.3 adds its content type and a tag of 16 bytes.
  expect(Math.max(...records)).toBeLessThanOrEqual(8192 + 17);
});

test('a fault in the encrypted stream ends the session, at both ends', async () => {
  const { port } = await startRelay(postgres(), OWN);
  const { entrance, slipIn } = await between(port);
  const { client } = await encrypted(entrance);
  client.send(STARTUP);
  await client.until(READY);
  const sessions = async () =>
    (await postgres().query("select count(*) from pg_stat_activity where backend_type = 'client backend'"))[0][0];
  expect(await sessions()).toBe('2');
  slipIn(Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32, 'x')]));
  await client.closed();
  while ((await sessions()) !== '1') await new Promise((resolve) => setTimeout(resolve, 20));
});

test('a handshake that stands still does not keep anybody else from connecting', async () => {
  const { port } = await startRelay(postgres(), OWN);
  const stalled = await halfOpenClient(port);
  stalled.send(SSL_REQUEST);
  await stalled.take(1);
  stalled.send(Buffer.from('16', 'hex'));
  const { client } = await encrypted(port);
  client.send(STARTUP);
  await client.until(READY);
});

test('a reset by the server reaches the client as a reset', async () => {
  const stub = await bareServer(async (peer) => {
    await peer.take(STARTUP.length);
    peer.socket.resetAndDestroy();
  });
  const { port } = await startRelay(stub, OWN);
  const { client } = await encrypted(port);
  client.send(STARTUP);
  await client.closed();
  await until('the client sees the reset', () => client.error === 'ECONNRESET');
});

test('a reset by the client reaches the server as a reset', async () => {
  let told = '';
  const stub = await bareServer(async (peer) => {
    await peer.take(STARTUP.length);
    await peer.closed();
    told = peer.error;
  });
  const { port } = await startRelay(stub, OWN);
  const { entrance, reset } = await between(port);
  const { client } = await encrypted(entrance);
  client.send(STARTUP);
  await new Promise((resolve) => setTimeout(resolve, 100));
  reset();
  await until('the server sees the reset', () => told === 'ECONNRESET');
});

test('a client that leaves before or in the handshake leaves nothing behind', async () => {
  const relay = await startRelay(postgres(), OWN);
  const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
  const before = sockets();
  for (let i = 0; i < 5; i++) {
    const client = await halfOpenClient(relay.port);
    client.send(SSL_REQUEST);
    await client.take(1);
    client.socket.destroy();
    const { tls } = await encrypted(relay.port);
    tls.destroy();
  }
  await until('no socket is left', () => sockets() <= before);
});

test('a failed handshake is told in the log, with the reason', async () => {
  const relay = await startRelay(postgres(), OWN);
  const client = await halfOpenClient(relay.port);
  client.send(SSL_REQUEST);
  await client.take(1);
  client.send(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  await client.closed();
  await until('it is told', () => relay.log.some(({ msg }) => msg === 'a client did not complete its TLS handshake'));
});

test('a cancel request over TLS stops the query', async () => {
  const { port } = await startRelay(postgres(), OWN);
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  await client.connect();
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const slow = client.query('select pg_sleep(30)');
  const told = expect(slow).rejects.toMatchObject({ code: '57014' });
  const { client: cancel } = await encrypted(port);
  await untilRunning(postgres(), 'pg_sleep');
  cancel.send(F.cancelRequest(processID, secretKey));
  expect(await cancel.closed()).toHaveLength(0);
  await told;
  await client.end();
});

test('a half-closed client still gets its answer', async () => {
  const { port } = await startRelay(postgres(), OWN);
  const { client, tls } = await encrypted(port, { allowHalfOpen: true });
  client.send(STARTUP);
  await client.until(READY);
  client.forget();
  tls.end(F.query("select 'the answer'"));
  const answer = await client.closed();
  expect(answer.includes('the answer')).toBe(true);
  expect(answer.subarray(-6)).toEqual(READY);
});

test('a large result and a slow reader: every byte arrives, in order', async () => {
  const { port } = await startRelay(postgres(), OWN);
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    ssl: { rejectUnauthorized: false },
  });
  await client.connect();
  const { rows } = await client.query('select i, repeat(md5(i::text), 300) as t from generate_series(1, 3000) i');
  expect(rows).toHaveLength(3000);
  expect(rows.every(({ i }, index) => i === index + 1)).toBe(true);
  await client.end();
});

test('new sessions get a new certificate after SIGHUP, old ones go on', async () => {
  const relay = await startRelay(postgres(), OWN);
  const { client: before, tls: beforeTls } = await encrypted(relay.port);
  before.send(STARTUP);
  await before.until(READY);
  const renewed = filesOf(world.authority.issue(['renewed.example']));
  relay.reload({ tlsCert: renewed.cert, tlsKey: renewed.key });
  const { tls: after } = await encrypted(relay.port);
  expect(beforeTls.getPeerCertificate().subject.CN).toBe('localhost');
  expect(after.getPeerCertificate().subject.CN).toBe('renewed.example');
  before.forget();
  before.send(F.query('select 1'));
  await before.until(READY);
});

test('a certificate that cannot be used leaves the one in force', async () => {
  const relay = await startRelay(postgres(), OWN);
  expect(() => relay.reload({ tlsCert: world.own.cert, tlsKey: world.server.key })).toThrow('is not that of');
  const { tls } = await encrypted(relay.port);
  expect(tls.getPeerCertificate().subject.CN).toBe('localhost');
});
