// Tries to obtain a false proof from `check --none` with real traffic, and must fail to.
// Invariant: each attempt has traffic that would pass without it. Not here: what is made by hand (judge.test.ts).

import { connect } from 'node:net';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { F } from '../kit/frames.js';
import { usePostgres } from '../kit/postgres.js';
import { observerPid, pgwitness, type Sidecar, until, useSidecar } from '../kit/sidecar.js';

const NONE = ['--none', 'source=sqlalchemy'];
/** Each asks the command several times. */
const TIMEOUT_MS = 240_000;
const postgres = usePostgres();
const startSidecar = useSidecar();

interface Checked {
  readonly code: number;
  readonly outcome: string;
  readonly said: string;
}

async function check(sidecar: Sidecar, ...args: string[]): Promise<Checked> {
  const { code, stdout, stderr } = await pgwitness('check', ...NONE, '--json', '--data', sidecar.data, ...args);
  if (stdout === '') throw new Error(stderr);
  const { outcome, failed, not_shown } = JSON.parse(stdout);
  return { code, outcome, said: [...failed, ...not_shown].map(({ what }) => what).join('\n') };
}

async function client(port: number): Promise<pg.Client> {
  const one = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
  one.on('error', () => {});
  await one.connect();
  onTestFinished(() => one.end().catch(() => {}));
  return one;
}

/** Sends something that is not SQLAlchemy's, and waits until it is stored. */
async function traffic(sidecar: Sidecar, on?: pg.Client): Promise<pg.Client> {
  const one = on ?? (await client(sidecar.port));
  await one.query('select count(*) from pg_class');
  await until('it is stored', async () => {
    const { stdout } = await pgwitness('top', '--json', '--all', '--find', 'pg_class', '--data', sidecar.data);
    return stdout !== '' && JSON.parse(stdout).statements.length > 0;
  });
  return one;
}

const direct = () => ({ dsn: `postgres://postgres@127.0.0.1:${postgres().port}/postgres` });

describe('with real traffic', { timeout: TIMEOUT_MS }, () => {
  test('nothing hides: it passes, also beside the server', async () => {
    const sidecar = await startSidecar(postgres());
    await traffic(sidecar);
    expect(await check(sidecar)).toEqual({ code: 0, outcome: 'passed', said: '' });
    expect(await check(sidecar, '--dsn', direct().dsn)).toEqual({ code: 0, outcome: 'passed', said: '' });
  });

  test('what a killed observer did not see', async () => {
    const sidecar = await startSidecar(postgres());
    const one = await traffic(sidecar);
    const killed = observerPid(sidecar.pid);
    process.kill(killed, 'SIGKILL');
    for (let i = 0; i < 20; i++) await one.query('select 1');
    await until('a new observer', () => ![0, killed].includes(observerPid(sidecar.pid)));
    // From the moment that a new one stores, no check passes before the loss is told.
    const outcomes: Checked[] = [];
    const isTold = ({ said }: Checked): boolean =>
      /\d+ executions were not observed \(.*observer_(?:down|lost)/.test(said);
    await until('the loss is stored', async () => {
      outcomes.push(await check(sidecar));
      return outcomes.some(isTold);
    });
    expect(outcomes.slice(outcomes.findIndex(({ code }) => code === 1)).map(({ code }) => code)).not.toContain(0);
    expect(await check(sidecar)).toEqual(outcomes.at(-1));
  });

  test('a sidecar that was killed as a whole, and started again', async () => {
    const sidecar = await startSidecar(postgres());
    await traffic(sidecar);
    process.kill(sidecar.pid, 'SIGKILL');
    await until('it has ended', () => observerPid(sidecar.pid) === 0);
    const again = await startSidecar(postgres(), [], sidecar.data);
    await traffic(again);
    await until('the gap is stored', async () => (await check(again)).said !== '');
    const { code, said } = await check(again);
    expect(said).toMatch(/a relay was killed/);
    expect(code).toBe(1);
  });

  test('a client that goes past it', async () => {
    const sidecar = await startSidecar(postgres());
    await traffic(sidecar);
    await (await client(postgres().port)).query("set application_name = 'cron'");
    const { code, said } = await check(sidecar, '--dsn', direct().dsn);
    expect(said).toBe('1 connection goes past pgwitness: postgres (cron)');
    expect(code).toBe(1);
  });

  test('another relay, whose store is not read', async () => {
    const sidecar = await startSidecar(postgres());
    const other = await startSidecar(postgres());
    await traffic(sidecar);
    await (await client(other.port)).query('select 1');
    const { code, said } = await check(sidecar, '--dsn', direct().dsn);
    expect(said).toMatch(/1 connection goes past pgwitness: postgres/);
    expect(code).toBe(1);
    // With both it is whole again.
    expect(await check(sidecar, '--data', other.data, '--dsn', direct().dsn)).toMatchObject({ outcome: 'passed' });
  });

  test('a DSN that leads through it', async () => {
    const sidecar = await startSidecar(postgres());
    await traffic(sidecar);
    const { code, said } = await check(sidecar, '--dsn', direct().dsn.replace(/:\d+\//, `:${sidecar.port}/`));
    expect(said).toContain('--dsn leads through pgwitness');
    expect(code).toBe(1);
  });

  test('a session whose bytes cannot be read', async () => {
    const sidecar = await startSidecar(postgres());
    await traffic(sidecar);
    await new Promise<void>((resolve) => {
      const socket = connect(sidecar.port, '127.0.0.1');
      socket.write(F.startup({ user: 'postgres', database: 'postgres' }));
      socket.once('data', () => socket.write(Buffer.from('!!!!!!!!!!')));
      socket.on('error', () => {}).on('close', () => resolve());
    });
    await until('the loss is stored', async () => (await check(sidecar)).said !== '');
    const { code, said } = await check(sidecar);
    expect(said).toMatch(/cannot be read|unreadable/);
    expect(code).toBe(1);
  });

  test('a window before it ran, and one without traffic', async () => {
    const sidecar = await startSidecar(postgres());
    await traffic(sidecar);
    expect((await check(sidecar, '--since', '1h')).said).toMatch(/nothing is recorded before/);
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    expect((await check(sidecar, '--since', soon)).said).toMatch(/nothing of the application ran/);
  });

  test('samples of the sidecar show who went past it between two looks', async () => {
    const past = await client(postgres().port);
    await past.query("set application_name = 'cron'");
    const sidecar = await startSidecar(postgres(), ['--bypass-dsn', direct().dsn]);
    await traffic(sidecar);
    await until('a sample is stored', async () => {
      const { stdout } = await pgwitness(
        'sql',
        'SELECT count(*) AS n FROM bypass_sample',
        '--json',
        '--data',
        sidecar.data,
      );
      return /[1-9]/.test(stdout);
    });
    await past.end();
    const { said } = await check(sidecar, '--allow', 'unsampled=1h', '--dsn', direct().dsn);
    expect(said).toMatch(/up to 1 connections went past pgwitness, in [12] of [12] samples: postgres \(cron\)/);
  });
});
