// The user's rules are read again with SIGHUP while connections are open.
// They hold at once, and nothing is lost or started again.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { usePostgres } from '../kit/postgres.js';
import { observerPid, temporaryDirectory, top, until, useSidecar } from '../kit/sidecar.js';

const ruleFor = (sql: string, source: string) =>
  `rules:\n  - match: { sql: '${sql}', client_network: 127.0.0.0/8 }\n    set: { source: ${source} }\n`;

describe('SIGHUP', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();

  async function begun() {
    const file = path.join(temporaryDirectory('rules'), 'pgwitness.yaml');
    writeFileSync(file, ruleFor('now[(]', 'clock'));
    const sidecar = await startSidecar(postgres(), ['--config', file]);
    const { user, database } = postgres();
    const client = new pg.Client({ host: sidecar.host, port: sidecar.port, user, database });
    await client.connect();
    await client.query({ name: 'prepared', text: 'select now() as prepared' });
    const reload = async (content: string, said: string) => {
      writeFileSync(file, content);
      process.kill(sidecar.pid, 'SIGHUP');
      await until(said, () => sidecar.output().includes(said));
    };
    return { sidecar, client, reload };
  }

  test('new rules judge open connections, prepared statements included, by the same observer', async () => {
    const { sidecar, client, reload } = await begun();
    const observer = observerPid(sidecar.pid);
    await reload(ruleFor('now[(][)] as', 'time'), 'rules taken');
    await client.query({ name: 'prepared', text: 'select now() as prepared' });
    await client.query('select clock_timestamp()');
    expect(observerPid(sidecar.pid)).toBe(observer);
    await client.end();
    await sidecar.stop();
    const { observed, statements } = await top(sidecar.data);
    expect(observed).toMatchObject({ statements: 3, not_observed: 0, exact: true });
    const seen = statements.map(({ source, query, confidence }) => [source, query, confidence]);
    expect(seen).toHaveLength(3);
    expect(seen).toContainEqual(['clock', 'select now() as prepared', 'certain']);
    expect(seen).toContainEqual(['time', 'select now() as prepared', 'certain']);
    expect(seen).toContainEqual([expect.not.stringMatching(/clock|time/), 'select clock_timestamp()', 'weak']);
  });

  test('a faulty file changes nothing and is told with its place', async () => {
    const { sidecar, client, reload } = await begun();
    await reload(ruleFor('now[(', 'time'), 'missing closing ]');
    expect(sidecar.output()).toContain('pgwitness.yaml:2:19');
    await client.query({ name: 'prepared', text: 'select now() as prepared' });
    await client.end();
    await sidecar.stop();
    const { statements } = await top(sidecar.data);
    expect(statements.map(({ source, calls }) => [source, calls])).toEqual([['clock', 2]]);
  });
});
