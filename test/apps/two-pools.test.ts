// Django and SQLAlchemy in one process are two pools, by the same names after a restart.
// Same user, same host, same driver, no application_name.

import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { pgwitness, temporaryDirectory, until, useSidecar } from '../kit/sidecar.js';
import { APP_REQUIREMENTS, runApp } from './app.js';

interface PoolsAnswer {
  pools: Array<{ id: string; name: string; owner: string; opened: number; sources: Record<string, number> }>;
}

await describeWithPython(
  'two pools in one process',
  (python) => {
    const postgres = usePostgres();
    const startSidecar = useSidecar();

    async function poolsIn(data: string, since: string): Promise<PoolsAnswer['pools']> {
      const { stdout } = await pgwitness('pools', '--json', '--data', data, '--since', since);
      return (JSON.parse(stdout) as PoolsAnswer).pools;
    }

    test('are told apart, also when SQLAlchemy’s Engine is older than the sidecar, and keep their names', async () => {
      await postgres().query('CREATE DATABASE two_pools');
      const folder = temporaryDirectory('two-pools');
      const data = path.join(folder, 'data');
      const { host, user } = postgres();
      const port = await freePort(0);
      const listen = ['--listen', `${host}:${port}`];
      const first = await startSidecar(postgres(), listen, data);
      const env = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGDATABASE: 'two_pools' };
      const app = runApp(python, 'two_pools.py', { env, args: [folder] });
      await Promise.race([app, until('the first work', () => existsSync(path.join(folder, 'first')), 60_000)]);
      await first.stop();
      const before = await poolsIn(data, '1h');
      expect(before.map(({ name }) => name).sort()).toEqual([
        'django:postgres@two_pools',
        'sqlalchemy:postgres@two_pools',
      ]);

      const again = await startSidecar(postgres(), listen, data);
      writeFileSync(path.join(folder, 'restarted'), '');
      await app;
      await again.stop();
      const after = await poolsIn(data, '1h');
      const identities = (pools: PoolsAnswer['pools']) => pools.map(({ id, name }) => `${id} ${name}`).sort();
      expect(identities(after)).toEqual(identities(before));
      for (const { name, opened } of after)
        expect(opened).toBeGreaterThan(before.find((pool) => pool.name === name)!.opened);
      const sources = after.map(({ owner, sources }) => [owner, Object.keys(sources).sort()]);
      expect(Object.fromEntries(sources)).toEqual({
        django: ['django-orm', 'housekeeping', 'raw'],
        sqlalchemy: ['housekeeping', 'sqlalchemy'],
      });
    });
  },
  { requirements: APP_REQUIREMENTS },
);
