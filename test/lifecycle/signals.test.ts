// SIGTERM and SIGHUP, as an operator sends them to the real process.

import { readFileSync, writeFileSync } from 'node:fs';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { F } from '../kit/frames.js';
import { untilRunning, usePostgres } from '../kit/postgres.js';
import { halfOpenClient } from '../kit/raw-client.js';
import { temporaryFile } from '../kit/relay.js';
import { observerPid, type Sidecar, top, until, useSidecar } from '../kit/sidecar.js';

const postgres = usePostgres();
const startSidecar = useSidecar();
const STARTUP = F.startup({ user: 'postgres', database: 'postgres' });
const READY = Buffer.from('5a0000000549', 'hex');

async function client(sidecar: Sidecar): Promise<pg.Client & { told: Promise<string> }> {
  const it = new pg.Client({ host: '127.0.0.1', port: sidecar.port, user: 'postgres', database: 'postgres' });
  const told = new Promise<string>((resolve) =>
    it.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message)),
  );
  await it.connect();
  return Object.assign(it, { told });
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const says = (sidecar: Sidecar, message: string) => sidecar.output().includes(message);

async function logged(sidecar: Sidecar, message: string): Promise<void> {
  await until(message, () => says(sidecar, message));
}

describe('SIGTERM', () => {
  test('while it drains new sessions are told 57P03, and busy ones finish', async () => {
    const sidecar = await startSidecar(postgres());
    const busy = await client(sidecar);
    const slow = busy.query('select pg_sleep(4), 42 as answer');
    await untilRunning(postgres(), 'pg_sleep');
    process.kill(sidecar.pid, 'SIGTERM');
    await logged(sidecar, 'draining');
    const late = await halfOpenClient(sidecar.port);
    late.send(STARTUP);
    expect((await late.closed()).toString('latin1')).toContain('C57P03');
    expect((await fetch(`${sidecar.healthUrl}/readyz`)).status).toBe(503);
    expect((await fetch(`${sidecar.healthUrl}/livez`)).status).toBe(200);
    expect((await slow).rows[0].answer).toBe(42);
    expect(await busy.told).toBe('57P01');
    await until('the end', () => !sidecar.running());
    const { observed, statements } = await top(sidecar.data);
    expect(observed.not_observed).toBe(0);
    expect(statements.find(({ query }) => query.includes('pg_sleep'))?.calls).toBe(1);
  });

  test('at the deadline an open transaction is told 57P01 at a boundary, a running query is closed', async () => {
    const sidecar = await startSidecar(postgres(), ['--drain-timeout', '500ms']);
    const inTransaction = await client(sidecar);
    await inTransaction.query('begin');
    const copying = await halfOpenClient(sidecar.port);
    copying.send(STARTUP);
    await copying.until(READY);
    copying.forget();
    copying.send(F.query('copy (select generate_series(1, 100000000)) to stdout'));
    await copying.take(10);
    process.kill(sidecar.pid, 'SIGTERM');
    expect(await inTransaction.told).toBe('57P01');
    await copying.closed();
    await until('the end', () => !sidecar.running());
    const { observed } = await top(sidecar.data);
    expect(observed).toMatchObject({ statements: 1, not_observed: 1 });
  });

  test('clients that ask without a pause are told at their next ReadyForQuery, long before the deadline', async () => {
    const sidecar = await startSidecar(postgres(), ['--drain-timeout', '5m']);
    const ends = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const it = await client(sidecar);
        const asking = async () => {
          for (;;) await it.query('select 1');
        };
        return { told: it.told, asking: asking().catch((error: Error & { code?: string }) => error.code) };
      }),
    );
    await pause(300);
    process.kill(sidecar.pid, 'SIGTERM');
    const codes = await Promise.all(ends.map(({ told, asking }) => Promise.race([told, asking])));
    expect(codes).toEqual(codes.map(() => '57P01'));
    await until('the end', () => !sidecar.running());
    expect((await top(sidecar.data)).observed).toMatchObject({ not_observed: 0, exact: true });
  });

  test('at the deadline a client that waits for a long query is told 57P01', async () => {
    const sidecar = await startSidecar(postgres(), ['--drain-timeout', '300ms']);
    const waiting = await client(sidecar);
    const told = waiting.query('select pg_sleep(20)').catch((error: Error & { code?: string }) => error.code);
    await untilRunning(postgres(), 'pg_sleep');
    process.kill(sidecar.pid, 'SIGTERM');
    expect(await told).toBe('57P01');
    await until('the end', () => !sidecar.running());
  });

  test('a second one ends at once', async () => {
    const sidecar = await startSidecar(postgres(), ['--drain-timeout', '60s']);
    const busy = await client(sidecar);
    const slow = busy.query('select pg_sleep(30)');
    slow.catch(() => {});
    await untilRunning(postgres(), 'pg_sleep');
    process.kill(sidecar.pid, 'SIGTERM');
    await logged(sidecar, 'draining');
    process.kill(sidecar.pid, 'SIGTERM');
    await until('the end', () => !sidecar.running(), 3_000);
  });
});

test('SIGUSR1 opens no inspector, in no process', async () => {
  const sidecar = await startSidecar(postgres());
  for (const pid of [sidecar.pid, observerPid(sidecar.pid)]) process.kill(pid, 'SIGUSR1');
  await pause(500);
  expect(sidecar.output()).not.toContain('Debugger listening');
  const asked = await client(sidecar);
  expect((await asked.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await asked.end();
});

describe('SIGHUP', () => {
  async function withConfig(content: string) {
    const file = temporaryFile('pgwitness.yaml', content);
    const sidecar = await startSidecar(postgres(), ['--config', file]);
    const hup = async (changed: string, message: string) => {
      writeFileSync(file, changed);
      process.kill(sidecar.pid, 'SIGHUP');
      await logged(sidecar, message);
    };
    return { sidecar, hup };
  }

  test('a bad file keeps the configuration and says where the fault is', async () => {
    const { sidecar, hup } = await withConfig('topSeries: 1\n');
    await hup('topSeries: 1\nupstraem: db:1\n', 'the configuration has a fault');
    expect(sidecar.output()).toContain('pgwitness.yaml:2:1');
    const one = await client(sidecar);
    expect((await one.query('select 1')).rowCount).toBe(1);
    await one.end();
  });

  test('observe: off leaves a plain relay at once, and on begins again, open sessions included', async () => {
    const { sidecar, hup } = await withConfig('observe: on\n');
    const open = await client(sidecar);
    const busy = await client(sidecar);
    await open.query("select upper('a')");
    const slow = busy.query('select pg_sleep(4)');
    await untilRunning(postgres(), 'pg_sleep');
    await hup('observe: off\n', 'no longer observing');
    await until('the observer to end', () => observerPid(sidecar.pid) === 0);
    await open.query("select lower('a')");
    await slow;
    await hup('observe: on\n', 'observing again');
    await until('the observer to begin', () => observerPid(sidecar.pid) !== 0);
    // A session is taken up again when nothing runs in it, looked for once a second.
    const probe = await fetchCount(sidecar, open);
    expect(probe).toBeGreaterThan(0);
    const fresh = await client(sidecar);
    await fresh.query("select initcap('a')");
    for (const it of [open, busy, fresh]) await it.end();
    await sidecar.stop();
    const { observed, statements } = await top(sidecar.data);
    const seen = statements.map(({ query }) => query);
    expect(seen).toContainEqual(expect.stringContaining('upper'));
    expect(seen).toContainEqual(expect.stringContaining('reverse'));
    expect(seen).toContainEqual(expect.stringContaining('initcap'));
    expect(seen).not.toContainEqual(expect.stringContaining('lower'));
    // The query in flight when it was switched off, and what came before the new observer had answered.
    expect(observed.not_observed).toBeGreaterThanOrEqual(1);
  });

  /** Asks over the open session until one of its statements is stored; gives how many were. */
  async function fetchCount(sidecar: Sidecar, open: pg.Client): Promise<number> {
    let calls = 0;
    await until('the open session to be observed', async () => {
      await open.query("select reverse('a')");
      await pause(1_200);
      const { statements } = await top(sidecar.data);
      calls = statements.find(({ query }) => query.includes('reverse'))?.calls ?? 0;
      return calls > 0;
    });
    return calls;
  }

  test('observe: off at the start, then on', async () => {
    const { sidecar, hup } = await startOff();
    const open = await client(sidecar);
    await open.query("select lower('a')");
    await hup('observe: on\n', 'observing again');
    expect(await fetchCount(sidecar, open)).toBeGreaterThan(0);
    await open.end();
  });

  async function startOff() {
    // Its /metrics is what the kit waits for, so it is switched off before the first client comes.
    const started = await withConfig('observe: on\n');
    await started.hup('observe: off\n', 'no longer observing');
    await until('the observer to end', () => observerPid(started.sidecar.pid) === 0);
    return started;
  }

  test('options of the observer: it is started again with them, and nothing is lost', async () => {
    const { sidecar, hup } = await withConfig('');
    const one = await client(sidecar);
    await one.query("select upper('a')");
    const before = observerPid(sidecar.pid);
    await hup('topSeries: 5\n', 'started again with the new configuration');
    await until('another observer', () => ![0, before].includes(observerPid(sidecar.pid)));
    await until(
      'it to answer',
      async () => (await fetch(`${sidecar.httpUrl}/metrics`).catch(() => ({ ok: false }))).ok,
    );
    await one.query("select upper('a')");
    await one.end();
    await sidecar.stop();
    const { statements, observed } = await top(sidecar.data);
    expect(observed.not_observed).toBe(0);
    expect(statements.find(({ query }) => query.includes('upper'))?.calls).toBe(2);
  });

  test('another log level holds at once, for relay and observer', async () => {
    const { sidecar, hup } = await withConfig('logLevel: warn\n');
    expect(sidecar.output()).toBe('');
    await hup('logLevel: info\n', '"name":"observer"');
    await hup('logLevel: info\n', 'the configuration was read again');
  });

  test('an option that a reload cannot change is named', async () => {
    const { sidecar, hup } = await withConfig('socket: /tmp/pgwitness-one/observer.sock\n');
    await hup('socket: /tmp/pgwitness-other/observer.sock\n', 'this option changes only with a restart');
    expect(sidecar.output()).toContain('"option":"socket"');
  });

  test('a plain relay drains idle sessions at once as well', async () => {
    const { sidecar } = await startOff();
    const idle = await halfOpenClient(sidecar.port);
    idle.send(STARTUP);
    await idle.until(READY);
    idle.forget();
    idle.send(F.query('select 1'));
    await idle.until(READY);
    const began = Date.now();
    await sidecar.stop();
    await idle.closed();
    expect(Date.now() - began).toBeLessThan(5_000);
  });
});

test('the process that run starts has the observer as its only child', async () => {
  const sidecar = await startSidecar(postgres());
  const children = readFileSync(`/proc/${sidecar.pid}/task/${sidecar.pid}/children`, 'utf8').trim().split(' ');
  expect(children).toEqual([String(observerPid(sidecar.pid))]);
});
