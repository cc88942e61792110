// Tries to obtain a false proof from `check --none` with real traffic, and must fail to.
// Invariant: each attempt has traffic that would pass without it. Not here: what is made by hand (judge.test.ts).

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import { F } from '../kit/frames.js';
import { usePostgres } from '../kit/postgres.js';
import { observerPid, pgwitness, type Sidecar, temporaryDirectory, until, useSidecar } from '../kit/sidecar.js';

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
  const one = new pg.Client(there(port));
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

/** As SQLAlchemy's own comment says. */
const ALCHEMY = "select 1 as one /*db_framework='sqlalchemy%3A2.0.58'*/";
const there = (port: number) => ({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
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

  test('an observer that stands still, with a statement of SQLAlchemy before it that is not stored', async () => {
    const sidecar = await startSidecar(postgres());
    const one = await traffic(sidecar);
    process.kill(observerPid(sidecar.pid), 'SIGSTOP');
    await one.query(ALCHEMY);
    // It is killed only later: until then the store has nothing of it, and until when it has is said.
    await until('it is not shown', async () => (await check(sidecar)).code === 1);
    const { said, outcome } = await check(sidecar);
    expect(said).toMatch(/nothing says that pgwitness ran from|not observed/);
    expect(outcome).not.toBe('passed');
  });

  test('a route of the baseline that nobody visits any more', async () => {
    const first = await startSidecar(postgres());
    const route = (name: string) => `select count(*) from pg_class /*route='${name}'*/`;
    const one = await client(first.port);
    await one.query(route('a'));
    await one.query(route('b'));
    await traffic(first, one);
    const baseline = `${first.data}.txt`;
    await until('both routes are stored', async () => {
      await pgwitness('check', '--save', baseline, '--data', first.data);
      return existsSync(baseline) && readFileSync(baseline, 'utf8').includes('route b');
    });
    expect((await check(first, '--baseline', baseline)).code).toBe(0);
    const second = await startSidecar(postgres());
    const two = await client(second.port);
    await two.query(route('a'));
    await traffic(second, two);
    const { code, said } = await check(second, '--baseline', baseline);
    expect(said).toBe('the route b of the baseline had no traffic');
    expect(code).toBe(1);
  });

  test('a pool under another name', async () => {
    const sidecar = await startSidecar(postgres());
    const named = async (name: string): Promise<void> => {
      const one = new pg.Client({ ...there(sidecar.port), application_name: name });
      await one.connect();
      await one.query('select count(*) from pg_class');
      await one.end();
    };
    const pools = async (): Promise<string[]> => {
      const { stdout } = await pgwitness('pools', '--json', '--data', sidecar.data);
      return stdout === '' ? [] : JSON.parse(stdout).pools.map(({ name }: { name: string }) => name);
    };
    await named('web');
    await until('its pool is stored', async () => (await pools()).length === 1);
    const [web] = await pools();
    const since = new Date().toISOString();
    await named('website');
    await until('the other is stored', async () => (await pools()).length === 2);
    const { stdout, code } = await pgwitness(
      ...['check', '--none', `pool=${web}`, '--since', since, '--json', '--data', sidecar.data],
    );
    expect(JSON.parse(stdout).not_shown.map(({ what }: { what: string }) => what)).toContainEqual(
      expect.stringMatching(/the pool .*website came when .* went, and may be the same under another name/),
    );
    expect(code).toBe(1);
  });

  test('a statement whose text nobody has, prepared while observing was off', async () => {
    const config = `${temporaryDirectory('config')}/pgwitness.yaml`;
    writeFileSync(config, 'observe: on\n');
    const sidecar = await startSidecar(postgres(), ['--config', config]);
    const observes = async (how: string, says: string): Promise<void> => {
      const before = sidecar.output().split(says).length;
      writeFileSync(config, `observe: ${how}\n`);
      process.kill(sidecar.pid, 'SIGHUP');
      await until(`it says: ${says}`, () => sidecar.output().split(says).length > before);
    };
    const one = await client(sidecar.port);
    const prepared = { name: 'alchemy', text: ALCHEMY };
    await observes('off', 'no longer observing');
    await one.query(prepared);
    await observes('on', 'observing again');
    await until('its text is unknown', async () => {
      await one.query(prepared);
      return (await check(sidecar)).said.includes('the text of');
    });
    const { said, outcome } = await check(sidecar, '--allow', 'opaque=1000,not_observed=1000');
    expect(said).toMatch(/the text of \d+ executions is not known/);
    expect(outcome).toBe('not shown');
  });
});
