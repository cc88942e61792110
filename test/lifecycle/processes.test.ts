// `relay` and `observe` as processes of their own.
// Each may come, go and come back, and every statement is accounted for.

import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { answers, type Service, startService } from '../../scripts/lib/service.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { usePostgres } from '../kit/postgres.js';
import { MAIN, pgwitness, temporaryDirectory, top, until } from '../kit/sidecar.js';

const postgres = usePostgres();
beforeAll(() => build(() => {}));
const started: Service[] = [];
afterEach(async () => {
  for (const service of started.splice(0).reverse()) await service.stop();
});

interface World {
  socket: string;
  data: string;
  relayPort: number;
  observe(): Promise<Service>;
  relay(): Promise<Service>;
}

async function world(): Promise<World> {
  const directory = temporaryDirectory('split');
  const socket = path.join(directory, 'link', 'observer.sock');
  const data = path.join(directory, 'data');
  const relayPort = await freePort(0);
  const http = `127.0.0.1:${await freePort(0)}`;
  const health = `127.0.0.1:${await freePort(0)}`;
  const start = async (name: string, args: string[], ready: () => Promise<boolean>) => {
    const service = await startService(`pgwitness ${name}`, {
      program: process.execPath,
      args: [MAIN, name, '--socket', socket, ...args],
      ready,
    });
    started.push(service);
    return service;
  };
  return {
    socket,
    data,
    relayPort,
    observe: () =>
      start(
        'observe',
        ['--data', data, '--http', http],
        async () => existsSync(socket) && answers(`http://${http}/metrics`),
      ),
    relay: () =>
      start(
        'relay',
        ['--listen', `127.0.0.1:${relayPort}`, '--upstream', `127.0.0.1:${postgres().port}`, '--health', health],
        () => answers(`http://${health}/readyz`),
      ),
  };
}

async function client(port: number): Promise<pg.Client> {
  const it = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  it.on('error', () => {});
  await it.connect();
  return it;
}

const connected = (relay: Service, times = 1) =>
  until('the relay to find the observer', () => relay.output().split('"msg":"observed"').length > times);

/** Sends upper() until told to stop; gives how many were answered. */
function load(client: pg.Client): () => Promise<number> {
  let running = true;
  let sent = 0;
  const done = (async () => {
    while (running) {
      await client.query("select upper('a')");
      sent++;
    }
  })();
  return async () => {
    running = false;
    await done;
    return sent;
  };
}

async function counts(data: string) {
  const { observed, statements } = await top(data);
  return { seen: statements.find(({ query }) => query.includes('upper'))?.calls ?? 0, lost: observed.not_observed };
}

test('both together see everything', async () => {
  const { relayPort, data, observe, relay } = await world();
  const observer = await observe();
  const relaying = await relay();
  await connected(relaying);
  const stop = load(await client(relayPort));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const sent = await stop();
  await relaying.stop();
  await observer.stop();
  expect(await counts(data)).toEqual({ seen: sent, lost: 0 });
});

test('the relay begins without an observer, and tells the one that comes what it missed', async () => {
  const { relayPort, data, observe, relay } = await world();
  const relaying = await relay();
  const one = await client(relayPort);
  for (let i = 0; i < 10; i++) await one.query("select upper('a')");
  const observer = await observe();
  await connected(relaying);
  for (let i = 0; i < 5; i++) await one.query("select upper('a')");
  await one.end();
  await relaying.stop();
  await observer.stop();
  expect(await counts(data)).toEqual({ seen: 5, lost: 10 });
});

describe.each([
  ['SIGTERM', 'SIGTERM'],
  ['SIGKILL', 'SIGKILL'],
] as const)('the observer ended by %s under load and started again', (_, signal) => {
  test('observed and not observed are what was sent, and no client noticed', async () => {
    const { relayPort, data, observe, relay } = await world();
    const first = await observe();
    const relaying = await relay();
    await connected(relaying);
    const stop = load(await client(relayPort));
    await new Promise((resolve) => setTimeout(resolve, 500));
    process.kill(first.pid, signal);
    await until('the observer to end', () => !first.running());
    await new Promise((resolve) => setTimeout(resolve, 300));
    const second = await observe();
    await connected(relaying, 2);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const sent = await stop();
    await relaying.stop();
    await second.stop();
    const { seen, lost } = await counts(data);
    expect(seen + lost).toBe(sent);
    expect(seen).toBeGreaterThan(0);
    expect(lost).toBeGreaterThan(0);
  });
});

test('a relay that is killed and started again is another one to the observer', async () => {
  const { relayPort, data, observe, relay } = await world();
  const observer = await observe();
  const first = await relay();
  await connected(first);
  const one = await client(relayPort);
  for (let i = 0; i < 10; i++) await one.query("select upper('a')");
  await until('them to be stored', async () => (await counts(data)).seen === 10);
  process.kill(first.pid, 'SIGKILL');
  await until('the relay to end', () => !first.running());
  const second = await relay();
  await connected(second);
  const two = await client(relayPort);
  for (let i = 0; i < 5; i++) await two.query("select upper('a')");
  await two.end();
  await second.stop();
  await observer.stop();
  expect(await counts(data)).toEqual({ seen: 15, lost: 0 });
});

test('the socket is private', async () => {
  const { socket, observe } = await world();
  await observe();
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  expect(statSync(path.dirname(socket)).mode & 0o777).toBe(0o700);
});

test('a directory that others may enter is refused', async () => {
  const { socket, data } = await world();
  mkdirSync(path.dirname(socket), { mode: 0o755 });
  const { code, stderr } = await pgwitness('observe', '--socket', socket, '--data', data, '--http', '127.0.0.1:0');
  expect(code).toBe(3);
  expect(stderr).toContain('others may enter');
});

test('a second observer at the same socket is refused', async () => {
  const { socket, observe } = await world();
  await observe();
  const { code, stderr } = await pgwitness('observe', '--socket', socket, '--data', temporaryDirectory('other'));
  expect(code).toBe(3);
  expect(stderr).toContain('another process listens there');
});

test('SIGHUP to an observer names what it cannot change', async () => {
  const directory = temporaryDirectory('observe');
  const config = path.join(directory, 'pgwitness.yaml');
  const socket = path.join(directory, 'link', 'observer.sock');
  writeFileSync(config, 'topSeries: 1\n');
  const observer = await startService('pgwitness observe', {
    program: process.execPath,
    args: [MAIN, 'observe', '--socket', socket, '--data', path.join(directory, 'data'), '--http', '127.0.0.1:0'],
    env: { ...process.env, PGWITNESS_CONFIG: config },
    ready: async () => existsSync(socket),
  });
  started.push(observer);
  await until('it to wait', () => observer.output().includes('waiting for relays'));
  writeFileSync(
    config,
    'topSeries: 2\nretention: { size: 1GiB }\nrules:\n  - { match: { user: a }, set: { source: raw } }\n',
  );
  process.kill(observer.pid, 'SIGHUP');
  await until('its word', () => observer.output().includes('"option":"retention"'));
  expect(observer.output()).toContain('rules taken');
  expect(observer.output()).toContain('"option":"topSeries"');
  expect(observer.output().match(/changes only with a restart/g)).toHaveLength(2);
});
