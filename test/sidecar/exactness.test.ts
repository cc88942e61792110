// pgbench in each of its protocol modes, counted statement by statement.
// Calls and rows are those of pg_stat_statements.

import { beforeAll, describe, expect, test } from 'vitest';
import { runOrThrow } from '../../scripts/lib/run-command.mjs';
import { BEGIN_AND_END, clientProgram, transactionsOf } from '../kit/pgbench.js';
import { libpqEnvironment, usePostgres } from '../kit/postgres.js';
import { resetServerCounts, serverCounts, witnessedCounts } from '../kit/server-counts.js';
import { top, useSidecar } from '../kit/sidecar.js';

const pgbench = clientProgram('pgbench');

describe.skipIf(pgbench === undefined)('pgbench', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();
  const program = pgbench as string;

  beforeAll(async () => {
    await postgres().query('CREATE DATABASE bench');
    await runOrThrow(program, ['-i', '-q', '-s', '1', 'bench'], { env: libpqEnvironment(postgres()) });
  });

  test.each(['simple', 'extended', 'prepared'])('%s', async (mode) => {
    const sidecar = await startSidecar(postgres());
    await resetServerCounts(postgres(), 'bench');
    const args = ['-n', '-M', mode, '-c', '4', '-t', '200', 'bench'];
    const { stdout } = await runOrThrow(program, args, { env: libpqEnvironment(postgres(), sidecar.port) });
    const expected = await serverCounts(postgres(), 'bench');
    if (mode === 'prepared') {
      // The server forgets the id of a prepared utility statement with its first execution and counts no later one
      // (pgss_ProcessUtility).
      for (const id of BEGIN_AND_END) {
        expect(expected.get(id)).toEqual({ calls: 4, rows: 0 });
        expected.set(id, { calls: transactionsOf(stdout), rows: 0 });
      }
    }
    await sidecar.stop();
    const report = await top(sidecar.data);
    expect(witnessedCounts(report)).toEqual(expected);
    expect(report.observed).toMatchObject({ not_observed: 0, unknown: 0, exact: true });
  });
});
