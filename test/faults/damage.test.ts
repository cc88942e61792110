// 81: the database is damaged under a running observer; a report meets it, and it begins anew.
// Not here: what the store does of it by itself (test/storage/damage.test.ts).

import pg from 'pg';
import { expect, test } from 'vitest';
import { damage } from '../kit/damage.js';
import { usePostgres } from '../kit/postgres.js';
import { top, until, useSidecar } from '../kit/sidecar.js';

const postgres = usePostgres();
const startSidecar = useSidecar();

test('81: it is told, counted anew, and the window is not exact', async () => {
  const sidecar = await startSidecar(postgres(), ['--flush-interval', '200ms']);
  const client = new pg.Client({ host: '127.0.0.1', port: sidecar.port, user: 'postgres', database: 'postgres' });
  await client.connect();
  for (let n = 0; n < 50; n++) await client.query(`select ${n} as before`);
  const status = () => fetch(`${sidecar.httpUrl}/api/v1/statements`).then((response) => response.status);
  await until('it is stored', async () => (await top(sidecar.data)).observed.statements === 50);
  expect(await status()).toBe(200);
  damage(sidecar.data);
  await until('the damage is told', async () => {
    await status();
    await client.query('select 1 as during');
    return sidecar.output().includes('the database was damaged');
  });
  await client.query('select relname from pg_class limit 1');
  await until('reports work again', async () => (await status()) === 200);
  await client.end();
  await sidecar.stop();
  const { observed, statements } = await top(sidecar.data);
  expect(observed.exact).toBe(false);
  expect(statements.map(({ query }) => query)).toContain('select relname from pg_class limit ?');
}, 90_000);
