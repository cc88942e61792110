// Clients that die in the middle of a statement: `check --none` judges what they sent by its text.
// Invariant: the traffic is that of the real libraries. Not here: what is judged how (judge.test.ts).

import { spawn } from 'node:child_process';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { pgwitness, type Sidecar, until, useSidecar } from '../kit/sidecar.js';

const TIMEOUT_MS = 120_000;
const NONE = ['--none', 'source=sqlalchemy'];

/** Whatever ends the process, its connection is reset: the answer finds no reader any more. */
const RESETS = `
import socket, struct, sys
def resets(fd):
    with socket.socket(fileno=fd) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.detach()
`;
const DJANGO = `${RESETS}
from django.conf import settings
database = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres", "HOST": "127.0.0.1", "PORT": sys.argv[1]}
settings.configure(DATABASES={"default": database}, INSTALLED_APPS=["django.contrib.contenttypes"])
import django
django.setup()
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection
call_command("migrate", verbosity=0)
ContentType.objects.filter(app_label="shop").count()
with connection.cursor() as cursor:
    resets(connection.connection.fileno())
    cursor.execute("SELECT pg_sleep(600), 'django dies'")
`;
const SQLALCHEMY = `${RESETS}
from sqlalchemy import create_engine, func, literal, select
engine = create_engine(f"postgresql+psycopg://postgres@127.0.0.1:{sys.argv[1]}/postgres")
with engine.connect() as connection:
    connection.execute(select(literal(1).label("one")))
    resets(connection.connection.driver_connection.fileno())
    connection.execute(select(func.pg_sleep(600), literal("alchemy dies")))
`;

interface Result {
  readonly outcome: string;
  readonly failed: ReadonlyArray<{ readonly what: string; readonly query: string | null }>;
  readonly coverage: { readonly not_observed: number; readonly lost_with_known_text: number };
}

await describeWithPython('a client that dies in the middle of a statement', (python) => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();

  /** Runs it until the server has its last statement, and kills it. */
  async function die(sidecar: Sidecar, program: string): Promise<void> {
    const server = new pg.Client({ host: '127.0.0.1', port: postgres().port, user: 'postgres', database: 'postgres' });
    await server.connect();
    const child = spawn(python.executable, ['-c', program, String(sidecar.port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk) => {
      said += String(chunk);
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const sleeping =
      "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(%' AND pid <> pg_backend_pid() AND state = 'active'";
    await until(`it sleeps ${said}`, async () => {
      if (child.exitCode !== null) throw new Error(said);
      return (await server.query(sleeping)).rows.length > 0;
    });
    child.kill('SIGKILL');
    await ended;
    // The server sleeps on: it looks for its client only when it has something to send.
    onTestFinished(async () => {
      await server.query(`SELECT pg_terminate_backend(pid) FROM (${sleeping}) AS sleeping`);
      await server.end();
    });
  }

  async function check(sidecar: Sidecar, ...args: string[]): Promise<{ code: number; result: Result }> {
    const { code, stdout, stderr } = await pgwitness('check', ...NONE, '--json', '--data', sidecar.data, ...args);
    if (stdout === '') throw new Error(stderr);
    return { code, result: JSON.parse(stdout) };
  }

  const lostIn = async (sidecar: Sidecar) => (await check(sidecar)).result.coverage.not_observed;

  test(
    'Django in a raw statement of its own: it is counted, and proves nothing against',
    async () => {
      const sidecar = await startSidecar(postgres());
      await die(sidecar, DJANGO);
      await until('the loss is stored', async () => (await lostIn(sidecar)) === 1);
      await until('its text is stored', async () => (await check(sidecar)).result.outcome === 'passed');
      const { result, code } = await check(sidecar);
      expect(result.coverage).toMatchObject({ not_observed: 1, lost_with_known_text: 1 });
      expect(code).toBe(0);
      const handwritten = await check(sidecar, '--none', 'handwritten');
      expect(handwritten.result.failed.map(({ what }) => what)).toContain(
        '1 lost execution of raw (connection_closed)',
      );
    },
    TIMEOUT_MS,
  );

  test(
    'SQLAlchemy: the statement fails the check, though it never ended',
    async () => {
      const sidecar = await startSidecar(postgres());
      await die(sidecar, SQLALCHEMY);
      await until('the loss is stored', async () => (await lostIn(sidecar)) === 1);
      const said = async () => (await check(sidecar)).result.failed.map(({ what }) => what);
      await until('its text is stored', async () => (await said()).some((what) => what.includes('lost')));
      const { result, code } = await check(sidecar);
      expect(result.failed).toContainEqual(
        expect.objectContaining({
          what: '1 lost execution of sqlalchemy (connection_closed)',
          query: expect.stringContaining('pg_sleep'),
        }),
      );
      expect(JSON.stringify(result)).not.toContain('alchemy dies');
      expect(code).toBe(1);
    },
    TIMEOUT_MS,
  );
});
