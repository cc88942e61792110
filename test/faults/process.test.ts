// Faults of the machine around the whole sidecar, as built.
// Descriptors, logs, kills, scrapers, and text that means harm. Numbers are of docs/FAULTS.md.

import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { answers, type Service, startService } from '../../scripts/lib/service.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { B, F } from '../kit/frames.js';
import { loggedIn, RawClient } from '../kit/raw-client.js';
import { type ServerEnd, useScriptedServer } from '../kit/scripted-server.js';
import { MAIN, temporaryDirectory, top, until, useSidecar } from '../kit/sidecar.js';

const startServer = useScriptedServer();
const startSidecar = useSidecar();

const answersQueries = (end: ServerEnd, chunk: Buffer) => {
  for (let at = 0; at + 5 <= chunk.length && chunk[at] === 0x51; at += 1 + chunk.readInt32BE(at + 1))
    end.send(B.rowDescription(), B.dataRow(), B.commandComplete('SELECT 1'), B.ready());
};

const shells: Service[] = [];
afterEach(async () => {
  for (const service of shells.splice(0)) await service.stop();
});

/** A sidecar started by a shell, which can take its descriptors away. `command` has `$@` where the program stands. */
async function startInShell(upstream: { host: string; port: number }, command: string) {
  await build(() => {});
  const [port, http, health] = [await freePort(0), await freePort(0), await freePort(0)];
  const at = (number: number) => `127.0.0.1:${number}`;
  const data = path.join(temporaryDirectory('shell'), 'data');
  const flags = ['--listen', at(port), '--upstream', at(upstream.port), '--http', at(http), '--health', at(health)];
  const service = await startService('pgwitness run', {
    program: 'sh',
    args: ['-c', command, 'sh', process.execPath, MAIN, 'run', ...flags, '--data', data],
    ready: () => answers(`http://${at(health)}/readyz`),
  });
  shells.push(service);
  return { port, pid: service.pid, service, healthUrl: `http://${at(health)}`, data };
}

/** Processor time of a process, in clock ticks. Linux. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

test('48: with 64 descriptors: sessions beyond what they allow are told 53300, the open ones go on, nothing spins', async () => {
  const server = await startServer({ onData: answersQueries });
  const { port, pid } = await startInShell(server, 'ulimit -n 64; exec "$@"');
  const open: RawClient[] = [];
  let refused: string[] = [];
  while (refused.length === 0) {
    expect(open.length).toBeLessThan(32);
    const client = new RawClient(port).send(F.startup({ user: 'u', database: 'd' }));
    await Promise.race([client.ready(1).catch(() => {}), client.ended()]);
    refused = client.errors;
    if (refused.length === 0) open.push(client);
  }
  expect(refused[0]).toMatch(/^FATAL 53300 pgwitness: too many/);
  const crowd = Array.from({ length: 200 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  const before = cpuTicks(pid);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  // A loop that fails to accept again and again would take the whole second, which is 100 ticks.
  expect(cpuTicks(pid) - before).toBeLessThan(50);
  for (const socket of crowd) socket.destroy();
  for (const client of open) client.send(F.query('select 1'));
  await Promise.all(open.map((client) => client.ready(2)));
  open[0].send(F.end()).end();
  await until('there is room again', async () => {
    const next = new RawClient(port).send(F.startup({ user: 'u', database: 'd' }));
    await Promise.race([next.ready(1).catch(() => {}), next.ended()]);
    return next.errors.length === 0 && next.received.length > 0;
  });
});

test.each([
  ['closed', 'exec "$@" 2>&-'],
  ['full', 'exec "$@" 2>/dev/full'],
])('71: a standard error that is %s: no word arrives, traffic does', async (_name, command) => {
  const server = await startServer({ onData: answersQueries });
  const { port, healthUrl, service } = await startInShell(server, command);
  const client = await loggedIn(port);
  await server.stop();
  // Each of these would be a line in the log.
  for (let i = 0; i < 5; i++) await new RawClient(port).send(F.startup({ user: 'u', database: 'd' })).ended();
  expect((await fetch(`${healthUrl}/livez`)).status).toBe(200);
  expect(service.running()).toBe(true);
  client.socket.destroy();
});

test('58: the whole sidecar killed and started again on its data: what was stored is there, counting goes on', async () => {
  const server = await startServer({ onData: answersQueries });
  const first = await startSidecar(server);
  const client = await loggedIn(first.port);
  for (let i = 0; i < 20; i++) await client.send(F.query(`select ${i} as killed`)).ready(2 + i);
  await until('they are stored', async () => (await top(first.data)).observed.statements === 20);
  process.kill(first.pid, 'SIGKILL');
  await client.ended();
  expect(client.errors).toEqual([]);
  await until(
    'the data directory is free',
    async () => {
      const again = await startSidecar(server, [], first.data).catch(() => undefined);
      if (again === undefined) return false;
      const next = await loggedIn(again.port);
      for (let i = 0; i < 5; i++) await next.send(F.query(`select ${i} as killed`)).ready(2 + i);
      next.send(F.end()).end();
      await again.stop();
      return true;
    },
    60_000,
  );
  const { observed, statements } = await top(first.data);
  // All of it had been stored, but of a relay that was killed nobody can know.
  expect(observed).toMatchObject({ statements: 25, not_observed: 0, exact: false });
  expect(statements).toHaveLength(1);
});

describe('one sidecar', () => {
  test('49: a loop that is late again and again: observing is paused, traffic goes on, and both go on by themselves', async () => {
    const server = await startServer({
      onData: (end, chunk) => {
        if (chunk.includes('in flight')) return;
        if (chunk[0] === 0x51) answersQueries(end, chunk);
      },
    });
    const hook = new URL('../kit/stalling-loop.mjs', import.meta.url).pathname;
    const env = { ...process.env, NODE_OPTIONS: `--import=${hook}` };
    const sidecar = await startSidecar(server, [], undefined, env);
    let metrics = '';
    const metric = async (name: string) => {
      metrics = await (await fetch(`${sidecar.httpUrl}/metrics`)).text();
      const lines = [...metrics.matchAll(new RegExp(`^pgwitness_${name} (.*)$`, 'gm'))];
      // Of several pools together: which of them a session is in is no matter here.
      return lines.length === 0 ? Number.NaN : lines.reduce((sum, [, value]) => sum + Number(value), 0);
    };
    const client = await loggedIn(sidecar.port);
    let answers = 1;
    const ask = (sql: string) => client.send(F.query(sql)).ready(++answers);
    await ask('select before');
    const busy = await loggedIn(sidecar.port);
    busy.send(F.query('select in flight'));
    await until('the server has it', () => server.last.received.includes('in flight'));

    process.kill(sidecar.pid, 'SIGUSR2');
    await until('the pause', () => sidecar.output().includes('observing is paused'), 60_000);
    await ask('select during');
    await until('the observer to know', async () => (await metric('observing_paused')) === 1);
    await ask('select during');
    process.kill(sidecar.pid, 'SIGUSR2');
    await until('its end', () => sidecar.output().includes('observing goes on'), 60_000);
    await until(
      'the open session to be observed again',
      async () => {
        await ask('select after');
        // A session is active in the second of its statement and in the next one, and figures are up to a second old.
        await new Promise((resolve) => setTimeout(resolve, 3_200));
        return (
          (await metric('pool_connections{pool="[^"]*",state="idle"}')) > 0 && (await metric('observing_paused')) === 0
        );
      },
      30_000,
    ).catch((error: Error) => {
      const said = metrics
        .split('\n')
        .filter((line) => /^pgwitness_(pool_connections|sessions|observing|not_obs)/.test(line));
      throw new Error([error.message, ...said, sidecar.output()].join('\n'));
    });
    await ask('select after');
    expect(await metric('observing_pauses_total')).toBe(1);
    expect(await metric('not_observed_total{reason="loop_late"}')).toBe(1);
    busy.socket.destroy();
    client.socket.destroy();
    await sidecar.stop();
    const { observed, statements } = await top(sidecar.data);
    const seen = statements.map(({ query }) => query).sort();
    expect(seen).toEqual(['select after', 'select before']);
    expect(observed).toMatchObject({ not_observed: 1, exact: false });
  });

  test('61: fifty scrapes at once and one that does not read, with traffic: all are answered', async () => {
    const server = await startServer({ onData: answersQueries });
    const sidecar = await startSidecar(server);
    const client = await loggedIn(sidecar.port);
    const { port } = new URL(sidecar.httpUrl);
    const unread = connect(Number(port), '127.0.0.1').pause();
    unread.write('GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    const scrapes = Array.from({ length: 50 }, async () => {
      const response = await fetch(`${sidecar.httpUrl}/metrics`);
      return [response.status, (await response.text()).includes('pgwitness_build_info')];
    });
    for (let i = 0; i < 50; i++) await client.send(F.query(`select ${i}`)).ready(2 + i);
    expect(new Set((await Promise.all(scrapes)).map((answer) => answer.join()))).toEqual(new Set(['200,true']));
    unread.destroy();
    client.send(F.end()).end();
    await sidecar.stop();
    expect((await top(sidecar.data)).observed).toMatchObject({ statements: 50, not_observed: 0 });
  });

  test('63, 64: hostile text and secrets: none of it in the log, the metrics or the files, and a log line is a line', async () => {
    const server = await startServer({ onData: answersQueries });
    const sidecar = await startSidecar(server, ['--log-level', 'debug']);
    const secret = 'hunter2-correct-horse';
    const client = await loggedIn(sidecar.port, { application_name: '"}\r\n<script>\u001b[31m\u202e' });
    const hostile = [
      `create role r password '${secret}'`,
      `create subscription s connection 'password=${secret}' publication p`,
      `do $$ begin perform '${secret}'; end $$`,
      `select E'\\'${secret}', U&'${secret}', $x$${secret}$x$ -- ${secret}`,
      `select '${secret}`,
      `/* ${secret} \u001b[2J \r\n "} <script>alert(1)</script> */ select 1`,
    ];
    for (const [i, sql] of hostile.entries()) await client.send(F.query(sql)).ready(2 + i);
    const [metrics, page, json] = await Promise.all(
      ['/metrics', '/', '/api/v1/statements'].map(async (at) => (await fetch(sidecar.httpUrl + at)).text()),
    );
    client.send(F.end()).end();
    await sidecar.stop();
    const files = readdirSync(sidecar.data).map((name) => readFileSync(path.join(sidecar.data, name), 'latin1'));
    for (const [where, text] of Object.entries({ metrics, page, json, log: sidecar.output(), files: files.join() }))
      expect(text.includes(secret), where).toBe(false);
    const lines = sidecar.output().split('\n');
    for (const line of lines.filter((text) => text !== '')) expect(() => JSON.parse(line), line).not.toThrow();
    for (const line of metrics.split('\n'))
      expect(line).toMatch(/^(#.*|[a-z_]+(\{([a-z_]+="([^"\\]|\\.)*",?)*\})? \S+|)$/);
    expect((await top(sidecar.data)).observed).toMatchObject({ statements: hostile.length, not_observed: 0 });
  });
});
