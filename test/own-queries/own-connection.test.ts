// Our own connection to a real Postgres: passwords, TLS, and a session that cannot write.

import { chmodSync, chownSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseDsn } from '../../own-queries/dsn.js';
import { COMMAND_LIMITS, connectServer } from '../../own-queries/own-connection.js';
import { ServerError } from '../../own-queries/server-error.js';
import { Authority } from '../../scripts/lib/certificates.mjs';
import { usePostgres } from '../kit/postgres.js';

const OPTIONS = { ...COMMAND_LIMITS, timeoutMs: 5_000, statementTimeoutMs: 1_000, applicationName: 'pgwitness test' };

describe('a Postgres with passwords', () => {
  const postgres = usePostgres({
    hba: ['host all by_md5 127.0.0.1/32 md5', 'host all by_password 127.0.0.1/32 password'],
  });
  const open = (user: string, password: string) => {
    const { host, port } = postgres();
    const dsn = `postgres://${user}@${host}:${port}/postgres`;
    return connectServer(parseDsn(dsn, { where: '--dsn', env: { PGPASSWORD: password } }), OPTIONS);
  };

  test('SCRAM with the right password', async () => {
    await postgres().createScramUser('by_scram', 'pass word ü');
    const connection = await open('by_scram', 'pass word ü');
    expect(await connection.query('SELECT current_user, 1 + 1, NULL')).toEqual([['by_scram', '2', null]]);
    connection.close();
  });

  test('SCRAM with a wrong password says where and why, and never the password', async () => {
    await postgres().createScramUser('by_scram_too', 'right');
    const failure = await open('by_scram_too', 'not-this-one').catch((error: Error) => error);
    expect(failure).toMatchObject({
      name: 'RuntimeError',
      message: expect.stringContaining('password authentication failed'),
    });
    expect(JSON.stringify(failure)).not.toContain('not-this-one');
  });

  test('md5', async () => {
    await postgres().query("SET password_encryption = 'md5'; CREATE ROLE by_md5 LOGIN PASSWORD 'secret'");
    const connection = await open('by_md5', 'secret');
    expect(await connection.query('SELECT current_user')).toEqual([['by_md5']]);
    connection.close();
  });

  test('a password in clear', async () => {
    await postgres().query("CREATE ROLE by_password LOGIN PASSWORD 'secret'");
    const connection = await open('by_password', 'secret');
    expect(await connection.query('SELECT current_user')).toEqual([['by_password']]);
    connection.close();
  });

  test('nothing can be written, and no statement runs for long', async () => {
    const connection = await open('postgres', '');
    await expect(connection.query('CREATE TABLE written (id int)')).rejects.toMatchObject({ sqlstate: '25006' });
    await expect(connection.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ sqlstate: '57014' });
    connection.close();
  });

  test('an error leaves the connection usable', async () => {
    const connection = await open('postgres', '');
    await expect(connection.query('SELECT 1 / 0')).rejects.toBeInstanceOf(ServerError);
    expect(await connection.query('SELECT 3')).toEqual([['3']]);
    connection.close();
  });

  test('a server that is not there is a clear error', async () => {
    const address = parseDsn('postgres://app@127.0.0.1:1/shop', { where: '--dsn', env: {} });
    await expect(connectServer(address, OPTIONS)).rejects.toMatchObject({
      where: '127.0.0.1:1/shop',
      hint: 'is Postgres running there?',
    });
  });

  test('TLS is refused by a server without it when it is required', async () => {
    const { host, port } = postgres();
    const address = parseDsn(`postgres://postgres@${host}:${port}/postgres?sslmode=require`, {
      where: '--dsn',
      env: {},
    });
    await expect(connectServer(address, OPTIONS)).rejects.toThrow('no TLS');
  });
});

test('a verified TLS connection to a real server, and a certificate that nobody vouches for', async () => {
  const { startPostgres } = await import('../../scripts/lib/postgres.mjs');
  const server = await startPostgres();
  try {
    const authority = new Authority();
    const { cert, key } = authority.issue(['127.0.0.1']);
    const files = {
      ca: path.join(server.dataDirectory, 'ca.crt'),
      crt: path.join(server.dataDirectory, 'server.crt'),
      key: path.join(server.dataDirectory, 'server.key'),
    };
    writeFileSync(files.ca, authority.cert);
    writeFileSync(files.crt, cert);
    writeFileSync(files.key, key);
    chmodSync(files.key, 0o600);
    const { uid, gid } = statSync(server.dataDirectory);
    chownSync(files.key, uid, gid);
    await server.query("ALTER SYSTEM SET ssl = 'on'");
    await server.query('SELECT pg_reload_conf()');
    const open = (query: string, { user = 'postgres', host = server.host, password = '' } = {}) => {
      const dsn = `postgres://${user}@${host}:${server.port}/postgres${query}`;
      return connectServer(parseDsn(dsn, { where: '', env: { PGPASSWORD: password } }), OPTIONS);
    };
    const ca = `sslrootcert=${encodeURIComponent(files.ca)}`;
    const connection = await open(`?sslmode=verify-ca&${ca}`);
    expect(await connection.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')).toEqual([['t']]);
    connection.close();
    (await open(`?sslmode=verify-full&${ca}`)).close();
    await expect(open('?sslmode=verify-full')).rejects.toThrow(/certificate/);
    await expect(open(`?sslmode=verify-full&${ca}`, { host: 'localhost' })).rejects.toThrow(/localhost/);
    // This server offers SCRAM-SHA-256-PLUS, and would notice a proof that is not bound to its certificate.
    await server.createScramUser('by_scram', 'pass word ü');
    const bound = await open('?sslmode=require', { user: 'by_scram', password: 'pass word ü' });
    expect(await bound.query('SELECT current_user')).toEqual([['by_scram']]);
    bound.close();
  } finally {
    await server.stop();
  }
});
