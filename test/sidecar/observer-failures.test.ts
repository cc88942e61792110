// The observer is killed, stopped and starved while traffic passes.
// No client notices, and every execution is observed or counted as not.

import { beforeAll, describe, expect, test } from 'vitest';
import { type CommandResult, runCommand, runOrThrow } from '../../scripts/lib/run-command.mjs';
import { BEGIN_AND_END, clientProgram, transactionsOf } from '../kit/pgbench.js';
import { libpqEnvironment, usePostgres } from '../kit/postgres.js';
import { resetServerCounts, serverCounts, sumOfCalls } from '../kit/server-counts.js';
import { observerPid, residentBytes, type Sidecar, top, until, useSidecar } from '../kit/sidecar.js';

const pgbench = clientProgram('pgbench');
/** The issue asks for 60 s of SIGSTOP; that long it runs with PGWITNESS_TEST_STOP_SECONDS=60. */
const STOP_SECONDS = Number(process.env.PGWITNESS_TEST_STOP_SECONDS ?? 4);
const MIB = 1024 * 1024;

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(pgbench === undefined)('with pgbench running', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();

  beforeAll(async () => {
    await postgres().query('CREATE DATABASE bench');
    await runOrThrow(pgbench as string, ['-i', '-q', '-s', '1', 'bench'], { env: libpqEnvironment(postgres()) });
  });

  const run = (sidecar: Sidecar, mode: string, seconds: number): Promise<CommandResult> =>
    runCommand(pgbench as string, ['-n', '-M', mode, '-c', '6', '-T', String(seconds), 'bench'], {
      env: libpqEnvironment(postgres(), sidecar.port),
    });

  /**
   * `transactions`: of pgbench's prepared mode, whose BEGIN and END the server counts once per session; see
   * exactness.test.ts.
   */
  async function accountedFor(
    sidecar: Sidecar,
    transactions = 0,
  ): Promise<{ observed: number; notObserved: number; unknownText: number }> {
    const counts = await serverCounts(postgres(), 'bench');
    if (transactions > 0) for (const id of BEGIN_AND_END) counts.set(id, { calls: transactions, rows: 0 });
    const sent = sumOfCalls(counts);
    await sidecar.stop();
    const report = await top(sidecar.data, '--all');
    const { statements, not_observed } = report.observed;
    expect(statements + not_observed).toBe(sent);
    const unknownText = report.statements.find(({ fingerprint }) => fingerprint === 'x000000000000000')?.calls ?? 0;
    return { observed: statements, notObserved: not_observed, unknownText };
  }

  test.each(['simple', 'prepared'])('kill -9 twice, %s protocol', async (mode) => {
    const sidecar = await startSidecar(postgres());
    await resetServerCounts(postgres(), 'bench');
    const first = observerPid(sidecar.pid);
    const running = run(sidecar, mode, 6);
    for (let kill = 0; kill < 2; kill++) {
      await sleep(1500);
      const killed = observerPid(sidecar.pid);
      process.kill(killed, 'SIGKILL');
      await until('a new observer', () => {
        const pid = observerPid(sidecar.pid);
        return pid > 0 && pid !== killed;
      });
    }
    const { code, stdout } = await running;
    expect(code).toBe(0);
    expect(stdout).toContain('number of failed transactions: 0');
    expect(observerPid(sidecar.pid)).not.toBe(first);
    const { observed, notObserved, unknownText } = await accountedFor(
      sidecar,
      mode === 'prepared' ? transactionsOf(stdout) : 0,
    );
    expect(notObserved).toBeGreaterThan(0);
    expect(observed).toBeGreaterThan(0);
    // The texts of prepared statements of sessions that were open all along were sent to each new observer.
    expect(unknownText).toBe(0);
  });

  test(`SIGSTOP for ${STOP_SECONDS} s`, { timeout: (STOP_SECONDS + 60) * 1000 }, async () => {
    const sidecar = await startSidecar(postgres());
    await resetServerCounts(postgres(), 'bench');
    const running = run(sidecar, 'simple', STOP_SECONDS + 3);
    await sleep(1000);
    const observer = observerPid(sidecar.pid);
    process.kill(observer, 'SIGSTOP');
    let mostBytes = 0;
    for (let second = 0; second < STOP_SECONDS; second++) {
      await sleep(1000);
      for (const path of ['/livez', '/readyz']) expect((await fetch(sidecar.healthUrl + path)).status).toBe(200);
      mostBytes = Math.max(mostBytes, residentBytes(sidecar.pid));
    }
    process.kill(observer, 'SIGCONT');
    const { code, stdout } = await running;
    expect(code).toBe(0);
    expect(stdout).toContain('number of failed transactions: 0');
    expect(mostBytes).toBeLessThan(256 * MIB);
    await accountedFor(sidecar);
    expect(observerPid(sidecar.pid)).toBe(0);
  });
});
