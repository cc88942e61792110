// libpq's own fallback, as docs/DEPLOY.md shows it.
// Without the relay, Django goes to the server itself.

import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { temporaryDirectory, top, until, useSidecar } from '../kit/sidecar.js';
import { APP_REQUIREMENTS, runApp } from './app.js';

await describeWithPython(
  'HOST=127.0.0.1,db PORT=6433,5432',
  (python) => {
    const postgres = usePostgres();
    const startSidecar = useSidecar();

    test.each([
      ['0', '41\n42\n43\n'],
      ['60', '41\none error\n43\n'],
    ])('the relay is killed under CONN_MAX_AGE=%s', async (maxAge, printed) => {
      const { host, port, user, database } = postgres();
      const sidecar = await startSidecar(postgres());
      const folder = temporaryDirectory('fallback');
      const env = {
        PGHOST: `${host},${host}`,
        PGPORT: `${sidecar.port},${port}`,
        PGUSER: user,
        PGDATABASE: database,
        CONN_MAX_AGE: maxAge,
      };
      const app = runApp(python, 'fallback_django.py', { env, args: [folder] });
      await Promise.race([app, until('the first request', () => existsSync(path.join(folder, 'first')), 60_000)]);
      await until('it is stored', async () => {
        const { statements } = await top(sidecar.data);
        return statements.some(({ query }) => query.includes('answer'));
      });
      process.kill(sidecar.pid, 'SIGKILL');
      await until('the relay is gone', async () => !(await answersAt(sidecar.healthUrl)));
      writeFileSync(path.join(folder, 'killed'), '');
      expect(await app).toBe(printed);
    });
  },
  { requirements: APP_REQUIREMENTS },
);

async function answersAt(url: string): Promise<boolean> {
  return fetch(`${url}/livez`).then(
    () => true,
    () => false,
  );
}
