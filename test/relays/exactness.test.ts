// Two relays and one observer: every statement is counted once.
// Whichever relay it took, and whoever dies meanwhile.

import { beforeAll, describe, expect, test } from 'vitest';
import { runCommand, runOrThrow } from '../../scripts/lib/run-command.mjs';
import { readNote } from '../../storage/sqlite/file/reserve.js';
import { clientProgram } from '../kit/pgbench.js';
import { libpqEnvironment, usePostgres } from '../kit/postgres.js';
import { resetServerCounts, serverCounts, sumOfCalls, witnessedCounts } from '../kit/server-counts.js';
import { familyOf, top, until, useSidecar } from '../kit/sidecar.js';
import { metric, pause } from './kit.js';

const pgbench = clientProgram('pgbench') as string;

describe.skipIf(pgbench === undefined)('pgbench over two relays', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();

  beforeAll(async () => {
    await postgres().query('CREATE DATABASE bench');
    await runOrThrow(pgbench, ['-i', '-q', '-s', '1', 'bench'], { env: libpqEnvironment(postgres()) });
  });

  test.each([
    ['simple', ['-M', 'simple', '-t', '150']],
    ['extended', ['-M', 'extended', '-t', '150']],
    ['a connection per transaction', ['-M', 'simple', '-C', '-t', '30']],
  ])('%s: calls and rows are those of pg_stat_statements', async (_, mode) => {
    const sidecar = await startSidecar(postgres(), ['--relays', '2']);
    await resetServerCounts(postgres(), 'bench');
    const args = ['-n', ...mode, '-c', '6', 'bench'];
    await runOrThrow(pgbench, args, { env: libpqEnvironment(postgres(), sidecar.port) });
    const expected = await serverCounts(postgres(), 'bench');
    await sidecar.stop();
    const report = await top(sidecar.data);
    expect(witnessedCounts(report)).toEqual(expected);
    expect(report.observed).toMatchObject({ not_observed: 0, unknown: 0, exact: true });
  });

  test('the observer killed twice: no transaction fails, observed and not observed are what was sent', async () => {
    const sidecar = await startSidecar(postgres(), ['--relays', '2']);
    await resetServerCounts(postgres(), 'bench');
    const args = ['-n', '-M', 'simple', '-c', '6', '-T', '10', 'bench'];
    const running = runCommand(pgbench, args, { env: libpqEnvironment(postgres(), sidecar.port) });
    const connected = async () => (await metric(sidecar, 'pgwitness_relays_connected').catch(() => 0)) === 2;
    for (let kill = 0; kill < 2; kill++) {
      await until('both relays to be observed', connected);
      await pause(1500);
      // Killed before, it leaves a gap: nobody has heard what was lost then.
      await until('a relay to tell what it lost', async () => readNote(sidecar.data) === undefined);
      const killed = familyOf(sidecar.pid).observer;
      process.kill(killed, 'SIGKILL');
      await until('a new observer', () => ![0, killed].includes(familyOf(sidecar.pid).observer));
    }
    const { code, stdout } = await running;
    expect(code).toBe(0);
    expect(stdout).toContain('number of failed transactions: 0');
    await until('both relays to be observed', connected);
    const sent = sumOfCalls(await serverCounts(postgres(), 'bench'));
    await sidecar.stop();
    const { observed } = await top(sidecar.data, '--all');
    expect(observed.statements + observed.not_observed).toBe(sent);
    expect(observed.not_observed).toBeGreaterThan(0);
    expect(observed.statements).toBeGreaterThan(0);
    // Sessions that both relays had open were taken up again: none was held for that of a run that was killed.
    expect(observed.exact).toBe(true);
  });
});
