// Our own connection to a server that lies: skipped proofs, asked passwords, answers without end.
// Invariant: a refusal names the reason, and the server never sees what it asked for.

import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { parseDsn } from '../../own-queries/dsn.js';
import { COMMAND_LIMITS, type ConnectOptions, connectServer } from '../../own-queries/own-connection.js';
import { Authority } from '../../scripts/lib/certificates.mjs';
import { int32 } from '../../scripts/lib/wire/messages.mjs';
import { B, message } from '../kit/frames.js';
import { RawClient } from '../kit/raw-client.js';
import { type Listening, useScriptedServer } from '../kit/scripted-server.js';

const PASSWORD = 'hunter2 hunter2';
const SSL_REQUEST = 80877103;
const MIB = 1024 * 1024;
const OPTIONS: ConnectOptions = {
  ...COMMAND_LIMITS,
  timeoutMs: 3_000,
  statementTimeoutMs: 200,
  answerBytesMax: 4 * MIB,
  applicationName: 'pgwitness test',
};

const askInClear = message('R', int32(3));
const askMd5 = message('R', Buffer.concat([int32(5), Buffer.from('salt')]));
const askScram = (...mechanisms: string[]) =>
  message('R', Buffer.concat([int32(10), Buffer.from(`${mechanisms.join('\0')}\0\0`)]));
const scramChallenge = (text: string) => message('R', Buffer.concat([int32(11), Buffer.from(text)]));
const scramProof = (text: string) => message('R', Buffer.concat([int32(12), Buffer.from(text)]));

type Peer = RawClient;

/** Sends as fast as the other end reads. */
async function flooded(peer: Peer, bytes: Buffer): Promise<void> {
  if (peer.socket.write(bytes)) return;
  await new Promise<void>((resolve) => {
    peer.socket.once('drain', resolve).once('close', resolve);
  });
}

const start = useScriptedServer();

/** A server whose every connection is served by `serve`; gives what was connected to, and what a client says of it. */
async function serverOf(serve: (peer: Peer) => Promise<void>, listening: Listening = { host: '127.0.0.1' }) {
  const server = await start({
    greets: false,
    listening,
    // A client that leaves ends the conversation wherever it is.
    onConnection: (peer) => void serve(peer).catch(() => peer.end()),
  });
  const open = (query = '', options: Partial<ConnectOptions> = {}) => {
    const host = 'path' in listening ? encodeURIComponent(path.dirname(listening.path)) : server.host;
    const shown = host.includes(':') ? `[${host}]` : host;
    const dsn =
      'path' in listening
        ? `postgres:///shop?host=${host}&port=${server.port}&user=app`
        : `postgres://app@${shown}:${server.port}/shop${query}`;
    return connectServer(parseDsn(dsn, { where: '--dsn', env: { PGPASSWORD: PASSWORD } }), { ...OPTIONS, ...options });
  };
  return { server, open };
}

/** The next message of a client; its startup packet has no code. */
async function packet(peer: Peer, typed = true): Promise<Buffer> {
  const head = typed ? 5 : 4;
  await peer.until(({ length }) => length >= head);
  const bytes = peer.received.readInt32BE(head - 4) + head - 4;
  return peer.take(bytes);
}

/** Refuses TLS and reads the startup packet. */
async function started(peer: Peer): Promise<Buffer> {
  const first = await packet(peer, false);
  if (first.readInt32BE(4) !== SSL_REQUEST) return first;
  peer.send(Buffer.from('N'));
  return packet(peer, false);
}

/** Addresses of this machine that are not loopback; the packets stay in the machine. */
const OWN_ADDRESSES = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
  .map(({ address }) => address);

describe('a password in clear', () => {
  const kinds = [
    ['cleartext', askInClear, Buffer.from(PASSWORD)],
    ['MD5', askMd5, Buffer.from('md5')],
  ] as const;

  test.each(kinds)('is not sent off loopback without TLS when asked by %s', async (_, asked, secret) => {
    expect(OWN_ADDRESSES).not.toEqual([]);
    for (const host of OWN_ADDRESSES) {
      let received: Buffer = Buffer.alloc(0);
      const { open } = await serverOf(
        async (peer) => {
          await started(peer);
          peer.send(asked);
          received = await peer.closed();
        },
        { host },
      );
      for (const mode of ['disable', 'prefer']) {
        await expect(open(`?sslmode=${mode}`)).rejects.toMatchObject({
          name: 'RuntimeError',
          message: expect.stringContaining('in clear'),
          hint: expect.stringContaining('sslmode=require'),
        });
        expect(received.includes(secret)).toBe(false);
      }
    }
  });

  test.each(kinds)('is sent on loopback when asked by %s', async (_, asked, secret) => {
    let answer: Buffer = Buffer.alloc(0);
    const { open } = await serverOf(async (peer) => {
      await started(peer);
      answer = await packet(peer.send(asked));
      peer.send(B.greeting());
    });
    (await open()).close();
    expect(answer.includes(secret)).toBe(true);
  });

  test('is sent on a Unix socket', async () => {
    let answer: Buffer = Buffer.alloc(0);
    const socket = path.join(mkdtempSync(path.join(tmpdir(), 'pgwitness-')), '.s.PGSQL.5432');
    const { open } = await serverOf(
      async (peer) => {
        await started(peer);
        answer = await packet(peer.send(askInClear));
        peer.send(B.greeting());
      },
      { path: socket },
    );
    (await open()).close();
    expect(answer.toString()).toContain(PASSWORD);
  });

  test('is sent over TLS', async () => {
    let answer: Buffer = Buffer.alloc(0);
    const { open } = await serverOf(
      async (peer) => {
        const secure = await startTls(peer);
        await packet(secure, false);
        answer = await packet(secure.send(askInClear));
        secure.send(B.greeting());
      },
      { host: OWN_ADDRESSES[0] ?? '127.0.0.1' },
    );
    (await open('?sslmode=require')).close();
    expect(answer.toString()).toContain(PASSWORD);
  });

  test('there is none: the server is told nothing, the user is told why', async () => {
    const { server } = await serverOf(async (peer) => {
      await started(peer);
      peer.send(askInClear);
      await peer.closed();
    });
    const address = parseDsn(`postgres://app@${server.host}:${server.port}/shop`, { where: '--dsn', env: {} });
    await expect(connectServer(address, OPTIONS)).rejects.toMatchObject({
      message: 'the server asks for a password',
      hint: 'check user and password',
    });
  });
});

async function startTls(peer: Peer): Promise<Peer> {
  await peer.take(8);
  peer.send(Buffer.from('S'));
  const { cert, key } = new Authority().issue(['127.0.0.1']);
  return new RawClient(new TLSSocket(peer.handOver(), { isServer: true, cert, key }));
}

describe('SCRAM', () => {
  /** The server's nonce is the client's and more. */
  const challenged = async (peer: Peer, asked = askScram('SCRAM-SHA-256')): Promise<Buffer> => {
    await started(peer);
    const first = (await packet(peer.send(asked))).toString();
    const nonce = `${/r=(.+)$/.exec(first)![1]}more`;
    return packet(peer.send(scramChallenge(`r=${nonce},s=${Buffer.from('salt').toString('base64')},i=4096`)));
  };

  test.each([
    [
      'right after it began',
      async (peer: Peer): Promise<void> => {
        await started(peer);
        await packet(peer.send(askScram('SCRAM-SHA-256')));
      },
    ],
    [
      'after the challenge',
      async (peer: Peer): Promise<void> => {
        await challenged(peer);
      },
    ],
  ] as const)('AuthenticationOk %s is not believed', async (_, until) => {
    const { open } = await serverOf(async (peer) => {
      await until(peer);
      peer.send(B.greeting());
      await peer.closed();
    });
    await expect(open()).rejects.toThrow('without proving that it knows the password');
  });

  test('a session without AuthenticationOk is not believed', async () => {
    const { open } = await serverOf(async (peer) => {
      await started(peer);
      peer.send(B.ready());
      await peer.closed();
    });
    await expect(open()).rejects.toThrow('before it let us in');
  });

  test('a wrong proof is not believed', async () => {
    const { open } = await serverOf(async (peer) => {
      await challenged(peer);
      peer.send(scramProof(`v=${createHash('sha256').update('no').digest('base64')}`), B.greeting());
      await peer.closed();
    });
    await expect(open()).rejects.toThrow('server signature does not match');
  });

  test.each([
    ['cleartext', askInClear],
    ['MD5', askMd5],
  ])('is not left for %s once begun, on loopback too', async (_, asked) => {
    let received: Buffer = Buffer.alloc(0);
    const { open } = await serverOf(async (peer) => {
      await started(peer);
      await packet(peer.send(askScram('SCRAM-SHA-256')));
      peer.send(asked);
      received = await peer.closed();
    });
    await expect(open()).rejects.toThrow('after it began SCRAM');
    expect(received.length).toBe(0);
  });

  test('is bound to the channel over TLS when the server offers it', async () => {
    let chosen = '';
    const { open } = await serverOf(async (peer) => {
      const secure = await startTls(peer);
      await packet(secure, false);
      chosen = (await packet(secure.send(askScram('SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256')))).toString();
      secure.send(B.error('28P01', 'FATAL'));
    });
    await expect(open('?sslmode=require')).rejects.toMatchObject({ hint: 'check user and password' });
    expect(chosen).toContain('SCRAM-SHA-256-PLUS\0');
    expect(chosen).toContain('p=tls-server-end-point');
  });

  test.each([
    ['GSSAPI', 7],
    ['an unknown method', 99],
  ])('%s is a clear error', async (_, code) => {
    const { open } = await serverOf(async (peer) => {
      await started(peer);
      peer.send(message('R', int32(code)));
      await peer.closed();
    });
    await expect(open()).rejects.toThrow(`method ${code}, which pgwitness does not support`);
  });
});

describe('messages', () => {
  /** Logs in, then answers the first query by `answer`. */
  const answering = (answer: (peer: Peer) => Promise<void> | void) =>
    serverOf(async (peer) => {
      await started(peer);
      peer.send(B.greeting());
      await packet(peer);
      await answer(peer);
    });

  test('a row of 1 GiB is refused at its header', async () => {
    let ended = '';
    const { open } = await answering(async (peer) => {
      const header = Buffer.from([0x44, 0, 0, 0, 0, 0, 1]);
      header.writeInt32BE(1024 * MIB, 1);
      peer.send(header, Buffer.alloc(64 * 1024));
      ended = await peer.ended();
    });
    const connection = await open();
    await expect(connection.query('SELECT 1')).rejects.toThrow('a message longer than');
    await expect.poll(() => ended).not.toBe('');
  });

  test('rows without end are refused at the bound', async () => {
    const row = B.dataRow('x'.repeat(1000));
    const rows = Buffer.concat(Array.from({ length: 64 }, () => row));
    let sent = 0;
    const { open } = await answering(async (peer) => {
      peer.send(oneColumn());
      while (peer.endedBy === undefined && sent < 256 * MIB) {
        sent += rows.length;
        await flooded(peer, rows);
      }
    });
    const connection = await open();
    await expect(connection.query('SELECT 1')).rejects.toThrow('an answer of more than 4 MiB');
    expect(sent).toBeLessThan(64 * MIB);
  });

  test('a login without end is refused', async () => {
    const notices = Buffer.concat(Array.from({ length: 1000 }, () => B.notice()));
    const { open } = await serverOf(async (peer) => {
      await started(peer);
      while (peer.endedBy === undefined) {
        await flooded(peer, notices);
      }
    });
    const before = performance.now();
    await expect(open()).rejects.toThrow('an answer of more than');
    expect(performance.now() - before).toBeLessThan(OPTIONS.timeoutMs);
  });

  test('a login that trickles is refused at the time-out', async () => {
    const { open } = await serverOf(async (peer) => {
      await started(peer);
      while (peer.endedBy === undefined) {
        peer.send(B.notice());
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    await expect(open('', { timeoutMs: 500 })).rejects.toThrow('no answer in time');
  });

  test.each([
    ['a row of -1 columns', message('D', Buffer.from([0xff, 0xff]))],
    ['a row that ends within a length', message('D', Buffer.from([0, 5, 0, 0]))],
    ['a length below its own size', Buffer.from([0x44, 0, 0, 0, 1])],
    ['a code that the protocol does not have', message('?', Buffer.from('what'))],
  ])('%s ends the connection, and not the process', async (_, bytes) => {
    const { open } = await answering(async (peer) => {
      peer.send(oneColumn(), bytes, B.ready());
      await peer.closed();
    });
    const connection = await open();
    await expect(connection.query('SELECT 1')).rejects.toMatchObject({ name: 'RuntimeError' });
  });

  test('more than one byte in answer to the request for TLS is refused', async () => {
    const { open } = await serverOf(async (peer) => {
      await peer.take(8);
      peer.send(Buffer.from('N'), B.greeting());
      await peer.closed();
    });
    await expect(open()).rejects.toThrow('more bytes than its answer');
  });

  test('an answer to the request for TLS that is neither yes nor no is refused', async () => {
    const { open } = await serverOf(async (peer) => {
      await peer.take(8);
      peer.send(Buffer.from('E'));
      await started(peer);
      peer.send(B.greeting());
      await peer.closed();
    });
    await expect(open()).rejects.toThrow('request for TLS');
  });
});

describe('a statement that is not answered in time', () => {
  const waitMs = 300;

  test('is cancelled by the key of its session, and the connection is left', async () => {
    const packets: Buffer[] = [];
    let ended = '';
    const { open, server } = await serverOf(async (peer) => {
      const first = await started(peer);
      packets.push(first);
      if (first.length === 16) return;
      peer.send(B.greeting());
      await packet(peer);
      ended = await peer.ended();
    });
    const connection = await open('', { statementTimeoutMs: waitMs, graceMs: waitMs });
    await expect(connection.query('SELECT pg_sleep(60)')).rejects.toMatchObject({
      name: 'RuntimeError',
      message: 'no answer in time',
      where: `127.0.0.1:${server.port}/shop`,
    });
    expect(packets.map(({ length }) => length)).toContain(16);
    const cancel = packets.find(({ length }) => length === 16)!;
    expect([cancel.readInt32BE(4), cancel.readInt32BE(8), cancel.readInt32BE(12)]).toEqual([80877102, 4711, 99]);
    await expect.poll(() => ended).not.toBe('');
  });

  test("the server's answer to the cancel is the outcome, and the connection goes on", async () => {
    const sessions: Peer[] = [];
    const { open } = await serverOf(async (peer) => {
      const first = await started(peer);
      if (first.length === 16) return void sessions[0].send(B.error('57014'), B.ready());
      sessions.push(peer.send(B.greeting()));
      await packet(peer);
      await packet(peer);
      peer.send(oneColumn(), B.dataRow('3'), B.commandComplete('SELECT 1'), B.ready());
    });
    const connection = await open('', { statementTimeoutMs: waitMs, graceMs: waitMs });
    await expect(connection.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ sqlstate: '57014' });
    expect(await connection.query('SELECT 3')).toEqual([['3']]);
    connection.close();
  });
});

function oneColumn(): Buffer {
  const field = Buffer.concat([
    Buffer.from('a\0'),
    int32(0),
    Buffer.from([0, 0]),
    int32(25),
    Buffer.from([0, 0]),
    int32(-1),
  ]);
  return message('T', Buffer.concat([Buffer.from([0, 1]), field, Buffer.from([0, 0])]));
}
