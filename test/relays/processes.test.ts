// Several relays as processes: who gets which connection, how all are started and ended.
// And what becomes of a connection when its relay dies.

import { existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { answers, startService } from '../../scripts/lib/service.mjs';
import { F } from '../kit/frames.js';
import { untilRunning, usePostgres } from '../kit/postgres.js';
import { halfOpenClient } from '../kit/raw-client.js';
import { temporaryFile } from '../kit/relay.js';
import {
  familyOf,
  freeFlags,
  MAIN,
  pgwitness,
  type Sidecar,
  temporaryDirectory,
  top,
  until,
  useSidecar,
} from '../kit/sidecar.js';
import { type Client, connect, heldBy, metric, pause, relaysOf } from './kit.js';

const postgres = usePostgres();
const startSidecar = useSidecar();
const STARTUP = F.startup({ user: 'postgres', database: 'postgres' });

const start = (...args: string[]) => startSidecar(postgres(), ['--relays', '2', ...args]);
const many = async (count: number, sidecar: Sidecar): Promise<Client[]> => {
  const clients: Client[] = [];
  for (let i = 0; i < count; i++) clients.push(await connect(sidecar));
  return clients;
};
const logged = (sidecar: Sidecar, message: string) => until(message, () => sidecar.output().includes(message));
const calls = async (data: string, word: string) =>
  (await top(data)).statements.find(({ query }) => query.includes(word))?.calls ?? 0;

describe('connections', () => {
  test('each relay gets as many, opened one by one or at once', async () => {
    const sidecar = await start();
    const relays = relaysOf(sidecar);
    await many(6, sidecar);
    expect(heldBy(relays, sidecar.port)).toEqual([3, 3]);
    await Promise.all(Array.from({ length: 20 }, () => connect(sidecar)));
    expect(heldBy(relays, sidecar.port)).toEqual([13, 13]);
  });

  test('closed ones make room: the relay that lost its clients gets the next', async () => {
    const sidecar = await start();
    const relays = relaysOf(sidecar);
    const clients = await many(8, sidecar);
    // Taken in turn, so these are of one relay.
    for (const one of clients.filter((_, index) => index % 2 === 0)) await one.end();
    await until('them to be closed', () => heldBy(relays, sidecar.port).includes(0));
    await pause(200);
    await many(4, sidecar);
    expect(heldBy(relays, sidecar.port)).toEqual([4, 4]);
  });

  test('--max-connections is for all relays together, and says so', async () => {
    const sidecar = await start('--max-connections', '5');
    await many(5, sidecar);
    const error = (await connect(sidecar).catch((reason: unknown) => reason)) as { code: string; message: string };
    expect(error.code).toBe('53300');
    expect(error.message).toContain('too many connections (5)');
  });

  test('a cancel request reaches the statement of another relay', async () => {
    const sidecar = await start();
    const [one] = await many(1, sidecar);
    const slow = one.query('select pg_sleep(30)').catch((error: { code: string }) => error.code);
    await untilRunning(postgres(), 'pg_sleep');
    const { processID, secretKey } = one as unknown as { processID: number; secretKey: number };
    const cancel = await halfOpenClient(sidecar.port);
    cancel.send(F.cancelRequest(processID, secretKey));
    expect(await slow).toBe('57014');
  });

  test('at a Unix socket', async () => {
    const directory = temporaryDirectory('unix');
    const listen = path.join(directory, '.s.PGSQL.6433');
    const sidecar = await start('--listen', `unix:${listen}`);
    for (let i = 0; i < 3; i++) {
      const one = await connect({ host: directory, port: 6433 });
      expect((await one.query("select upper('a') as it")).rows[0].it).toBe('A');
      await one.end();
    }
    await sidecar.stop();
    expect(await calls(sidecar.data, 'upper')).toBe(3);
    expect(existsSync(listen)).toBe(false);
  });

  test('of several pairs, each goes to its own upstream', async () => {
    const data = path.join(temporaryDirectory('pairs'), 'data');
    const port = async () => freePort(0);
    const [first, second, health, http] = [await port(), await port(), await port(), await port()];
    const upstream = `127.0.0.1:${postgres().port}`;
    const nobody = `127.0.0.1:${await port()}`;
    const pairs = [
      `  - { listen: "127.0.0.1:${first}", upstream: "${upstream}" }`,
      `  - { listen: "127.0.0.1:${second}", upstream: "${nobody}" }`,
    ];
    const file = temporaryFile('pairs.yaml', `pairs:\n${pairs.join('\n')}\n`);
    const where = ['--health', `127.0.0.1:${health}`, '--http', `127.0.0.1:${http}`, '--data', data];
    const service = await startService('pgwitness run', {
      program: process.execPath,
      args: [MAIN, 'run', '--relays', '3', '--config', file, ...where],
      ready: () => answers(`http://127.0.0.1:${health}/readyz`),
    });
    try {
      for (let i = 0; i < 4; i++) {
        const one = await connect({ host: '127.0.0.1', port: first });
        expect((await one.query('select 1')).rowCount).toBe(1);
        await one.end();
        await expect(connect({ host: '127.0.0.1', port: second })).rejects.toMatchObject({ code: '08001' });
      }
    } finally {
      await service.stop();
    }
  });

  test('a client that closes its sending half behind a query gets its answer', async () => {
    const sidecar = await start();
    const half = await halfOpenClient(sidecar.port);
    half.send(STARTUP);
    await half.until(Buffer.from('5a0000000549', 'hex'));
    half.send(F.query("select pg_sleep(0.3), 'whole answer'"));
    half.socket.end();
    expect((await half.closed()).toString('latin1')).toContain('whole answer');
  });
});

test('a recording of both is replayed as it was', async () => {
  const file = path.join(temporaryDirectory('recording'), 'recording');
  const sidecar = await start('--record', file);
  const clients = await many(4, sidecar);
  for (let round = 0; round < 5; round++) {
    for (const [index, one] of clients.entries()) {
      await one.query(`select ${['upper', 'lower', 'initcap', 'reverse'][index]}('a')`);
      await one.query({ name: 'same', text: 'select length($1::text)', values: ['a'] });
    }
    await pause(50);
  }
  for (const one of clients) await one.end();
  await sidecar.stop();
  const other = path.join(temporaryDirectory('replayed'), 'data');
  const { code, stderr } = await pgwitness('replay', file, '--data', other);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const counted = async (data: string) =>
    (await top(data)).statements.map(({ query, calls }) => `${calls} ${query}`).sort();
  expect(await counted(other)).toEqual(await counted(sidecar.data));
  expect(await calls(other, 'length')).toBe(20);
});

describe('kill -9 of one relay', () => {
  test('takes its own sessions, is told, and the relay is back', async () => {
    const sidecar = await start();
    const clients = await many(8, sidecar);
    for (const one of clients) for (let i = 0; i < 10; i++) await one.query("select upper('a')");
    await until('them to be stored', async () => (await calls(sidecar.data, 'upper')) === 80);
    const before = await metric(sidecar, 'pgwitness_sessions_opened_total');
    const relays = relaysOf(sidecar);
    process.kill(relays[0], 'SIGKILL');
    await logged(sidecar, 'a relay ended');
    await until('four clients to notice', () => clients.filter((one) => one.hasFailed()).length === 4);
    const others = clients.filter((one) => !one.hasFailed());
    for (const one of others) for (let i = 0; i < 10; i++) await one.query("select upper('a')");
    expect(others.some((one) => one.hasFailed())).toBe(false);
    await until('the relay to be back', () => sidecar.output().split('"msg":"observed"').length > 3);
    await until('both to be connected', async () => (await metric(sidecar, 'pgwitness_relays_connected')) === 2);
    await until('it to be counted', async () => (await metric(sidecar, 'pgwitness_relay_restarts_total')) === 1);
    const now = relaysOf(sidecar);
    expect(now).toHaveLength(2);
    expect(now).toContain(relays[1]);
    // The new one has none, so it gets the next four.
    const fresh = await many(4, sidecar);
    expect(heldBy(now, sidecar.port)).toEqual([4, 4]);
    for (const one of fresh) await one.query("select upper('a')");
    await until(
      'sessions to be counted',
      async () => (await metric(sidecar, 'pgwitness_sessions_opened_total')) === 12,
    );
    expect(before).toBe(8);
    expect(await metric(sidecar, 'pgwitness_sessions{state="tracked"}')).toBe(8);
    for (const one of [...others, ...fresh]) await one.end();
    await sidecar.stop();
    const { observed } = await top(sidecar.data);
    expect(await calls(sidecar.data, 'upper')).toBe(80 + 40 + 4);
    expect(observed.not_observed).toBe(0);
    // What was in flight in it, or not sent yet, nobody can say.
    expect(observed.exact).toBe(false);
  });

  test('both: new clients wait until one is back', async () => {
    const sidecar = await start();
    for (const pid of relaysOf(sidecar)) process.kill(pid, 'SIGKILL');
    await until('both to end', () => sidecar.output().split('a relay ended').length > 2);
    const [one] = await many(1, sidecar);
    expect((await one.query('select 1')).rowCount).toBe(1);
  });

  test('a relay that stands still is passed over, and its sessions go on after it', async () => {
    const sidecar = await start();
    const [first, second] = await many(2, sidecar);
    const [stopped] = relaysOf(sidecar);
    process.kill(stopped, 'SIGSTOP');
    const late = await Promise.allSettled(Array.from({ length: 4 }, () => withTimeout(connect(sidecar), 3_000)));
    // One was on its way to it when it was found to be late.
    expect(late.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(3);
    process.kill(stopped, 'SIGCONT');
    for (const one of [first, second]) expect((await one.query('select 1')).rowCount).toBe(1);
  });

  async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<T> {
    const late = pause(ms).then(() => {
      throw new Error('not in time');
    });
    return Promise.race([promise, late]);
  }
});

describe('signals', () => {
  test('SIGTERM drains all: busy sessions of each finish, new ones are told 57P03, exit 0', async () => {
    const sidecar = await start();
    const clients = await many(4, sidecar);
    const slow = clients.map((one) => one.query('select pg_sleep(4), 42 as answer'));
    await untilRunning(postgres(), 'pg_sleep', 4);
    process.kill(sidecar.pid, 'SIGTERM');
    await logged(sidecar, 'draining');
    await pause(100);
    const late = await halfOpenClient(sidecar.port);
    late.send(STARTUP);
    expect((await late.closed()).toString('latin1')).toContain('C57P03');
    expect((await fetch(`${sidecar.healthUrl}/readyz`)).status).toBe(503);
    expect((await fetch(`${sidecar.healthUrl}/livez`)).status).toBe(200);
    for (const one of slow) expect((await one).rows[0].answer).toBe(42);
    expect(await Promise.all(clients.map((one) => one.failed))).toEqual(['57P01', '57P01', '57P01', '57P01']);
    await until('the end', () => !sidecar.running());
    expect(sidecar.ended()).toBe('ended with exit code 0');
    const { observed } = await top(sidecar.data);
    expect(observed).toMatchObject({ not_observed: 0, exact: true });
    expect(await calls(sidecar.data, 'pg_sleep')).toBe(4);
  });

  test('a second SIGTERM ends all of them at once', async () => {
    const sidecar = await start('--drain-timeout', '60s');
    const [one] = await many(1, sidecar);
    one.query('select pg_sleep(30)').catch(() => {});
    await untilRunning(postgres(), 'pg_sleep');
    const { relays, observer } = familyOf(sidecar.pid);
    process.kill(sidecar.pid, 'SIGTERM');
    await logged(sidecar, 'draining');
    process.kill(sidecar.pid, 'SIGTERM');
    await until('the end', () => !sidecar.running(), 3_000);
    expect(sidecar.ended()).toBe('ended with exit code 0');
    await until('their end', () => [...relays, observer].every((pid) => !existsSync(`/proc/${pid}`)), 3_000);
  });

  test('relays and observer end after a supervisor that was killed, and what was seen is stored', async () => {
    const sidecar = await start();
    const [one] = await many(1, sidecar);
    await one.query("select upper('a')");
    const { relays, observer } = familyOf(sidecar.pid);
    process.kill(sidecar.pid, 'SIGKILL');
    expect(await one.failed).toBe('57P01');
    await until('their end', () => [...relays, observer].every((pid) => !existsSync(`/proc/${pid}`)));
    const { observed } = await top(sidecar.data);
    expect(observed).toMatchObject({ not_observed: 0, exact: true });
    expect(await calls(sidecar.data, 'upper')).toBe(1);
  });

  test('SIGHUP: rules, observe and upstreams in all of them, a bad file changes nothing, relays need a restart', async () => {
    const file = temporaryFile('pgwitness.yaml', '');
    const sidecar = await start('--config', file);
    const hup = async (content: string, message: string) => {
      writeFileSync(file, content);
      process.kill(sidecar.pid, 'SIGHUP');
      await logged(sidecar, message);
    };
    await hup('upstraem: db:1\n', 'the configuration has a fault');
    const clients = await many(2, sidecar);
    for (const one of clients) await one.query("select upper('a')");

    const rules = "rules:\n  - match: { sql: 'lower' }\n    set: { source: mine }\n";
    await hup(rules, 'rules taken');
    for (const one of clients) await one.query("select lower('a')");

    await hup(`${rules}observe: off\n`, 'no longer observing');
    await until('the observer to end', () => familyOf(sidecar.pid).observer === 0);
    await logged(sidecar, 'observer ended');
    for (const one of clients) await one.query("select initcap('a')");
    await hup(`${rules}observe: on\n`, 'observing again');
    await until('the observer', async () => (await metric(sidecar, 'pgwitness_relays_connected').catch(() => 0)) === 2);
    const fresh = await many(2, sidecar);
    for (const one of fresh) await one.query("select reverse('a')");
    for (const one of [...clients, ...fresh]) await one.end();
    await sidecar.stop();
    const { statements } = await top(sidecar.data);
    const called = (word: string) => statements.find(({ query }) => query.includes(word));
    expect(called('upper')?.calls).toBe(2);
    expect(called('lower')).toMatchObject({ calls: 2, source: 'mine' });
    expect(called('initcap')).toBeUndefined();
    expect(called('reverse')?.calls).toBe(2);
  });

  test('SIGHUP cannot change how many relays there are, and says so', async () => {
    const file = temporaryFile('pgwitness.yaml', 'relays: 2\n');
    const sidecar = await startSidecar(postgres(), ['--config', file]);
    expect(relaysOf(sidecar)).toHaveLength(2);
    writeFileSync(file, 'relays: 3\n');
    process.kill(sidecar.pid, 'SIGHUP');
    await logged(sidecar, 'this option changes only with a restart');
    expect(sidecar.output()).toContain('"option":"relays","now":"2","wanted":"3"');
    expect(relaysOf(sidecar)).toHaveLength(2);
  });

  test('an option of the observer: it is started again, and nothing that was stored is lost', async () => {
    const file = temporaryFile('pgwitness.yaml', '');
    const sidecar = await start('--config', file);
    const clients = await many(2, sidecar);
    for (const one of clients) await one.query("select upper('a')");
    const { observer } = familyOf(sidecar.pid);
    writeFileSync(file, 'topSeries: 5\n');
    process.kill(sidecar.pid, 'SIGHUP');
    await until('another observer', () => ![0, observer].includes(familyOf(sidecar.pid).observer));
    await until('both relays', async () => (await metric(sidecar, 'pgwitness_relays_connected').catch(() => 0)) === 2);
    for (const one of clients) await one.query("select upper('a')");
    for (const one of clients) await one.end();
    await sidecar.stop();
    expect((await top(sidecar.data)).observed).toMatchObject({ not_observed: 0, exact: true });
    expect(await calls(sidecar.data, 'upper')).toBe(4);
  });
});

describe('the start', () => {
  test.each([
    [['--relays', '0'], '--relays'],
    [['--relays', '65'], '--relays'],
    [['--relays', 'two'], '--relays'],
    [['--relays', '4', '--max-connections', '3'], 'some would have none'],
    [['--relays', '2', '--data', `/tmp/${'x'.repeat(100)}`], 'shorter path'],
  ])('%j is refused', async (args, said) => {
    const { code, stderr } = await pgwitness('run', ...(await freeFlags()), ...args);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });

  test('a second run on the same data directory', async () => {
    const sidecar = await start();
    const { code, stderr } = await pgwitness('run', ...(await freeFlags()), '--relays', '2', '--data', sidecar.data);
    expect(code).toBe(3);
    expect(stderr).toContain('in use by another pgwitness');
    // The first one's links are left alone.
    const one = await connect(sidecar);
    await one.query("select upper('a')");
    await one.end();
    await sidecar.stop();
    expect(await calls(sidecar.data, 'upper')).toBe(1);
  });

  test('the socket of the links is private', async () => {
    const sidecar = await start();
    const socket = path.join(sidecar.data, 'link', 'observer.sock');
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(socket)).mode & 0o777).toBe(0o700);
  });
});
