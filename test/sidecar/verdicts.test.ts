// Sessions replayed through a sidecar get the verdicts of `pgwitness attribute`.
// The sessions are a few of our own; recorded ones besides, where PGWITNESS_CORPUS names their folder (or
// ../shared/corpus is there).

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agreeableServer } from '../kit/agreeable-server.js';
import { F } from '../kit/frames.js';
import { RawClient } from '../kit/raw-client.js';
import { pgwitness, temporaryDirectory, top, until, useSidecar } from '../kit/sidecar.js';

interface Line {
  session: string | number;
  startup?: Record<string, string>;
  protocol?: string;
  statement_name?: string | null;
  sql: string;
}

interface Verdict {
  fingerprint: string;
  source: string;
  confidence: string;
}

const folder = process.env.PGWITNESS_CORPUS ?? path.resolve(import.meta.dirname, '../../../shared/corpus');
const recorded = path.join(folder, 'sessions.jsonl.gz');
const skipped = existsSync(recorded) ? '' : ` (skipped: there is no ${recorded})`;

const APP = { user: 'app', database: 'shop' };
const DJANGO = { ...APP, client_encoding: 'UTF8' };
const ASYNCPG = { client_encoding: "'utf-8'", ...APP };
const SESSIONS: ReadonlyArray<readonly [startup: Record<string, string>, sql: readonly string[], name?: string]> = [
  [DJANGO, ["SELECT set_config('TimeZone', 'UTC', false)", 'SELECT "a"."id" FROM "a"', 'select now() from a']],
  [DJANGO, ['BEGIN', 'SAVEPOINT "s140672773451840_x1"', "INSERT INTO a (b) VALUES ('x')", 'COMMIT']],
  [DJANGO, ['DECLARE "_django_curs_1_sync_1" NO SCROLL CURSOR WITH HOLD FOR SELECT "a"."id" FROM "a"']],
  [APP, ['BEGIN', 'select pg_catalog.version()', 'select current_schema()', 'ROLLBACK', 'BEGIN', 'select 1 from a']],
  [APP, ['BEGIN', 'select count(*) from a', 'ROLLBACK']],
  [APP, ['BEGIN', 'DECLARE "c_7fcbd6eb0d10_1" CURSOR FOR select 42', 'FETCH FORWARD 5 FROM "c_7fcbd6eb0d10_1"']],
  [APP, ['BEGIN; select 1 from a; SELECT a.id \nFROM a; COMMIT', 'INSERT INTO a (b) VALUES (1); DELETE FROM a']],
  [APP, ['PREPARE p AS SELECT "a"."id" FROM "a" WHERE "a"."id" = $1', 'EXECUTE p(1)', 'EXECUTE p(2)', 'DEALLOCATE p']],
  [ASYNCPG, ['BEGIN;', 'SELECT a.id \nFROM a \nWHERE a.id = $1::INTEGER', 'ROLLBACK;'], '__asyncpg_stmt_1__'],
  [ASYNCPG, ['select * from a where b = $1', ';', "select 1 /*db_framework='sqlalchemy%3A2.0'*/"]],
  [{ ...APP, application_name: 'psql' }, ['SELECT n.nspname FROM pg_catalog.pg_namespace n']],
  [DJANGO, ['SELECT "a"."id" FROM "a"', 'SELECT a.id \nFROM a', 'select lower(b) from a', 'update a set b = 1']],
  [APP, Array.from({ length: 70 }, (_, index) => (index < 66 ? 'select 1 from a' : 'SAVEPOINT sa_savepoint_1'))],
];
const OWN: Line[] = SESSIONS.flatMap(([startup, texts, name], session) =>
  texts.map((sql) => ({
    session,
    startup,
    protocol: name === undefined ? 'simple' : 'extended',
    statement_name: name ?? '',
    sql,
  })),
);

/** What the server answers as an empty query is no execution. */
const isEmpty = ({ sql }: Line) => /^(\s|;|--[^\n]*|\/\*.*?\*\/)*$/s.test(sql);

const times = (keys: readonly string[]) => {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return Object.fromEntries([...counts].sort());
};

/** As given, in this order: pg-protocol's own would add client_encoding, which tells drivers apart. */
function startupOf(parameters: Record<string, string>): Buffer {
  const fields = Object.entries(parameters).flat().concat('');
  const body = Buffer.from(`${fields.join('\0')}\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, body]);
}

describe('over the wire and from a file', () => {
  const server = agreeableServer();
  const startSidecar = useSidecar();
  beforeAll(() => server.start());
  afterAll(() => server.stop());

  async function replay(port: number, lines: readonly Line[]): Promise<void> {
    const sessions = new Map<string, { client: RawClient; ready: number }>();
    for (const [index, { session, startup, protocol, statement_name, sql }] of lines.entries()) {
      const id = String(session);
      let at = sessions.get(id);
      if (at === undefined) {
        at = { client: new RawClient(port).send(startupOf(startup ?? APP)), ready: 1 };
        sessions.set(id, at);
        await at.client.ready(1);
      }
      const name = statement_name ?? '';
      if (protocol === 'extended') at.client.send(F.parse(name, sql), F.bind('', name), F.execute(), F.sync());
      else at.client.send(F.query(sql));
      at.ready++;
      // Lines of one session that stand together go out together: a session settles after 2 s, however slow this
      // machine is.
      if (lines[index + 1]?.session !== session) await at.client.ready(at.ready);
    }
    for (const { client } of sessions.values()) client.send(F.end()).end();
  }

  async function compared(lines: readonly Line[]): Promise<void> {
    const file = path.join(temporaryDirectory('lines'), 'lines.jsonl');
    writeFileSync(file, lines.map((line) => JSON.stringify(line)).join('\n'));
    const { stdout } = await pgwitness('attribute', '--input', file);
    const verdicts = stdout
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as Line & Verdict & { statements?: Verdict[] })
      .filter((line) => !isEmpty(line))
      .flatMap((line): readonly Verdict[] => line.statements ?? [line]);

    const sidecar = await startSidecar(server);
    await replay(sidecar.port, lines);
    let metrics = '';
    await until('everything counted', async () => {
      metrics = await (await fetch(`${sidecar.httpUrl}/metrics`)).text();
      return countsIn(metrics).reduce((sum, [, count]) => sum + count, 0) === verdicts.length;
    });
    await sidecar.stop();
    const { statements } = await top(sidecar.data);
    const seen = statements.map(({ source, fingerprint, calls }) => [`${source} ${fingerprint}`, calls] as const);
    expect(Object.fromEntries([...seen].sort())).toEqual(
      times(verdicts.map(({ source, fingerprint }) => `${source} ${fingerprint}`)),
    );
    const confident = countsIn(metrics).filter(([, count]) => count > 0);
    expect(Object.fromEntries(confident.sort())).toEqual(
      times(verdicts.map(({ source, confidence }) => `${source} ${confidence}`)),
    );
  }

  test('sessions of every kind', () => compared(OWN));

  test.skipIf(skipped !== '')(
    `recorded sessions${skipped}`,
    async () => {
      const text = gunzipSync(readFileSync(recorded)).toString('utf8');
      await compared(
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Line),
      );
    },
    60_000,
  );
});

/** "source confidence" and executions, of the counter of all statements. */
function countsIn(metrics: string): Array<[string, number]> {
  const found = metrics.matchAll(/^pgwitness_statements_total\{source="([^"]+)",confidence="([^"]+)"\} (\d+)$/gm);
  return [...found].map(([, source, confidence, count]) => [`${source} ${confidence}`, Number(count)]);
}
