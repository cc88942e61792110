// TLS between pgwitness and Postgres: the modes, and what is verified.
// And what a hostile or broken answer leads to.

import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { fatalError } from '../../proxy/wire/error-message.js';
import { Authority } from '../../scripts/lib/certificates.mjs';
import { B, F } from '../kit/frames.js';
import { usePostgres } from '../kit/postgres.js';
import { halfOpenClient } from '../kit/raw-client.js';
import { temporaryFile, useRelay } from '../kit/relay.js';
import { bareServer, type ServerEnd } from '../kit/scripted-server.js';
import { tlsWorld } from '../kit/tls.js';

const world = await tlsWorld();
const postgres = usePostgres(world.postgresOptions);
const plainPostgres = usePostgres();
const startRelay = useRelay();
const STARTUP = F.startup({ user: 'postgres', database: 'postgres' });

async function query(port: number, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  client.on('error', () => {});
  await client.connect();
  const { rows } = await client.query({ text: sql, rowMode: 'array' });
  await client.end();
  return rows[0];
}

const encryptedAsSeenByServer = (port: number) =>
  query(port, 'select ssl from pg_stat_ssl where pid = pg_backend_pid()').then(([ssl]) => ssl);

describe('modes', () => {
  test('disable: plaintext, although the server would', async () => {
    const { port } = await startRelay(postgres(), { upstreamTls: 'disable' });
    expect(await encryptedAsSeenByServer(port)).toBe(false);
  });

  test('prefer: TLS where the server does', async () => {
    const { port } = await startRelay(postgres(), { upstreamTls: 'prefer' });
    expect(await encryptedAsSeenByServer(port)).toBe(true);
  });

  test('prefer: plaintext where it does not', async () => {
    const { port } = await startRelay(plainPostgres(), { upstreamTls: 'prefer' });
    expect(await encryptedAsSeenByServer(port)).toBe(false);
  });

  test('require: a server without TLS is refused with 08001 and what to do', async () => {
    const { port } = await startRelay(plainPostgres(), { upstreamTls: 'require' });
    await expect(query(port, 'select 1')).rejects.toMatchObject({
      code: '08001',
      hint: expect.stringContaining('ssl = on'),
    });
  });

  test('require: any certificate will do', async () => {
    const { port } = await startRelay(postgres(), { upstreamTls: 'require' });
    expect(await encryptedAsSeenByServer(port)).toBe(true);
  });

  test('verify-full: the right authority and name', async () => {
    const { port } = await startRelay(postgres(), { upstreamTls: 'verify-full', upstreamTlsCa: world.caFile });
    expect(await encryptedAsSeenByServer(port)).toBe(true);
  });

  test.each(['verify-ca', 'verify-full'])('%s: another authority is refused', async (upstreamTls) => {
    const stranger = temporaryFile('ca.pem', new Authority().cert);
    const { port } = await startRelay(postgres(), { upstreamTls, upstreamTlsCa: stranger });
    await expect(query(port, 'select 1')).rejects.toMatchObject({ code: '08001', message: /TLS failed/ });
  });

  test('verify-full: without --upstream-tls-ca only public authorities are trusted', async () => {
    const { port } = await startRelay(postgres(), { upstreamTls: 'verify-full' });
    await expect(query(port, 'select 1')).rejects.toMatchObject({
      code: '08001',
      hint: expect.stringContaining('--upstream-tls-ca'),
    });
  });

  test('verify-full: another name is refused, verify-ca does not look at it', async () => {
    const flags = { upstreamTlsCa: world.caFile, upstreamTlsServerName: 'db.example' };
    const full = await startRelay(postgres(), { ...flags, upstreamTls: 'verify-full' });
    await expect(query(full.port, 'select 1')).rejects.toMatchObject({
      code: '08001',
      hint: expect.stringContaining('--upstream-tls-server-name'),
    });
    const ca = await startRelay(postgres(), { ...flags, upstreamTls: 'verify-ca' });
    expect(await encryptedAsSeenByServer(ca.port)).toBe(true);
  });

  test('verify-full: the name of the certificate may be given', async () => {
    const { port } = await startRelay(postgres(), {
      upstreamTls: 'verify-full',
      upstreamTlsCa: world.caFile,
      upstreamTlsServerName: 'localhost',
    });
    expect(await encryptedAsSeenByServer(port)).toBe(true);
  });
});

test('a large result over the encrypted leg arrives whole', async () => {
  const { port } = await startRelay(postgres(), { upstreamTls: 'require' });
  const [length] = await query(port, "select length(repeat('x', 30000000)), repeat('x', 30000000)");
  expect(length).toBe(30_000_000);
});

test('a cancel request goes out encrypted too', async () => {
  const asked: string[] = [];
  const stub = await bareServer(async (peer) => {
    asked.push((await peer.take(8)).toString('hex'));
    peer.send(Buffer.from('N'));
  });
  const { port } = await startRelay(stub, { upstreamTls: 'require' });
  const client = await halfOpenClient(port);
  client.send(F.cancelRequest(1, 0));
  expect(await client.closed()).toHaveLength(0);
  // Refused, so the key was never sent in the clear.
  expect(asked).toEqual([F.sslRequest().toString('hex')]);
});

describe('answers to SSLRequest that are none', () => {
  const outcome = async (answer: Buffer, upstreamTls = 'require') => {
    const stub = await bareServer(async (peer) => {
      await peer.take(8);
      peer.send(answer);
    });
    const { port } = await startRelay(stub, { upstreamTls });
    const client = await halfOpenClient(port);
    client.send(STARTUP);
    const told = (await client.closed()).toString('latin1');
    expect(stub.connections).toHaveLength(1);
    return { told, sent: () => stub.last.closed() };
  };

  test('S with bytes behind it is given up', async () => {
    const { told, sent } = await outcome(Buffer.concat([Buffer.from('S'), B.authOk()]));
    expect(told).toContain('C08001');
    expect(told).toContain('tamper');
    expect(await sent()).toHaveLength(0);
  });

  test('N with bytes behind it is given up, in prefer as well', async () => {
    const { told, sent } = await outcome(Buffer.concat([Buffer.from('N'), B.authOk()]), 'prefer');
    expect(told).toContain('C08001');
    expect(await sent()).toHaveLength(0);
  });

  test('an error is not passed on, because nobody has proved to be the server yet', async () => {
    const { told } = await outcome(fatalError('57P03', { message: 'a stranger speaks' }));
    expect(told).toContain('C08001');
    expect(told).not.toContain('stranger');
  });

  test('N where TLS is required sends nothing in the clear', async () => {
    const { told, sent } = await outcome(Buffer.from('N'));
    expect(told).toContain('C08001');
    expect(await sent()).toHaveLength(0);
  });

  test.each<[string, (peer: ServerEnd) => void]>([
    ['ended at once', (peer) => peer.socket.end()],
    ['reset at once', (peer) => peer.socket.resetAndDestroy()],
    ['ended instead of an answer', (peer) => void peer.take(8).then(() => peer.socket.end())],
    ['reset instead of an answer', (peer) => void peer.take(8).then(() => peer.socket.resetAndDestroy())],
    ['ended within the handshake', (peer) => void startsTls(peer).then(() => peer.socket.end())],
    ['reset within the handshake', (peer) => void startsTls(peer).then(() => peer.socket.resetAndDestroy())],
  ])('100: a connection %s is 57P03, as of a server that restarts', async (_name, serve) => {
    const stub = await bareServer(serve);
    for (const upstreamTls of ['prefer', 'require', 'verify-full']) {
      const { port, log } = await startRelay(stub, { upstreamTls });
      const client = await halfOpenClient(port);
      client.send(STARTUP);
      const told = (await client.closed()).toString('latin1');
      expect(told).toContain('C57P03');
      expect(told).toContain('is not ready: ');
      expect(log).toContainEqual(expect.objectContaining({ level: 'warn', msg: 'the upstream is not ready' }));
    }
  });
});

async function startsTls(peer: ServerEnd): Promise<void> {
  await peer.take(8);
  peer.send(Buffer.from('S'));
  // The beginning of the ClientHello has come.
  await peer.take(6);
}
