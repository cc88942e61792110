// A Postgres of its own for tests: its settings, its statistics, its passwords.

import { describe, expect, test } from 'vitest';
import { connect } from '../../scripts/lib/wire/client.mjs';
import { usePostgres } from '../kit/postgres.js';

describe('a Postgres of its own', () => {
  const postgres = usePostgres({ database: 'kit', settings: { work_mem: '5MB' } });

  test('answers on loopback with the settings it was given', async () => {
    const rows = await postgres().query(
      "SELECT current_setting('work_mem'), current_setting('TimeZone'), current_database()",
    );
    expect(rows).toEqual([['5MB', 'Etc/UTC', 'kit']]);
  });

  test('counts statements in pg_stat_statements, utility statements too', async () => {
    await postgres().query('SET search_path = public');
    const rows = await postgres().query(
      "SELECT count(*) > 0 FROM pg_stat_statements WHERE query LIKE 'SET search_path%'",
    );
    expect(rows).toEqual([['t']]);
  });

  test('asks a SCRAM user for the password', async () => {
    await postgres().createScramUser('keeper', "it's secret");
    const { host, port } = postgres();
    const startup = [
      ['user', 'keeper'],
      ['database', 'kit'],
    ] as const;
    await expect(connect({ host, port, startup })).rejects.toThrow('asks for a password');
  });

  test('an error of the server names its SQLSTATE', async () => {
    await expect(postgres().query('SELECT * FROM nowhere')).rejects.toThrow('42P01');
  });
});
