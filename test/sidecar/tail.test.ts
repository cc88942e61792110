// `tail` on a running sidecar: executions as they pass, without a literal.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { type Postgres, startPostgres } from '../../scripts/lib/postgres.mjs';
import { connect } from '../../scripts/lib/wire/client.mjs';
import { pgwitness, until, useSidecar } from '../kit/sidecar.js';

describe('tail', () => {
  const start = useSidecar();
  let postgres: Postgres;

  beforeAll(async () => {
    postgres = await startPostgres({ database: 'tail' });
  });
  afterAll(() => postgres?.stop());

  test('shows what passes, in transactions, with repeats collapsed and no literal', async () => {
    const sidecar = await start(postgres);
    const args = [join(ROOT, 'dist', 'cli', 'main.js'), 'tail', '--all', '--url', sidecar.httpUrl];
    const child = spawn(process.execPath, args, { env: { ...process.env, COLUMNS: '120' } });
    onTestFinished(() => void child.kill());
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    const startup: [string, string][] = [
      ['user', postgres.user],
      ['database', postgres.database],
    ];
    // What passed before somebody looked on is not kept: sent until it is seen.
    await until('the transaction is shown', async () => {
      const client = await connect({ host: sidecar.host, port: sidecar.port, startup });
      await client.query('BEGIN');
      for (let n = 0; n < 4; n++) await client.query(`SELECT 'secret-${n}' AS word WHERE 98765${n} > 7`);
      await client.query('COMMIT');
      client.close();
      await new Promise((resolve) => setTimeout(resolve, 500));
      return /6 statements in [\s\S]*BEGIN[\s\S]*4×[^\n]*SELECT \S+ AS word WHERE[^\n]*\n[^\n]*COMMIT/.test(shown);
    });
    expect(shown).not.toMatch(/secret|98765/);
  });

  test('the statements of one request are one group, over its pools', async () => {
    const sidecar = await start(postgres);
    const args = [join(ROOT, 'dist', 'cli', 'main.js'), 'tail', '--route', 'checkout', '--url', sidecar.httpUrl];
    const child = spawn(process.execPath, args, { env: { ...process.env, COLUMNS: '160' } });
    onTestFinished(() => void child.kill());
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
    });
    const clients = await Promise.all(
      ['web', 'ported'].map((name) =>
        connect({
          host: sidecar.host,
          port: sidecar.port,
          startup: [
            ['user', postgres.user],
            ['database', postgres.database],
            ['application_name', name],
          ],
        }),
      ),
    );
    onTestFinished(() => {
      for (const client of clients) client.close();
    });
    let request = 0;
    await until('the request is shown with both pools', async () => {
      request++;
      for (const client of clients) {
        await client.query(`SELECT ${request} AS told /*route='checkout',request_id='r-${request}'*/`);
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
      return /· checkout · 2 statements in [^\n]* · pools \S+web\S* \+ \S+ported\S* · request r-\d+\n/.test(shown);
    });
  });

  test('a value that was never seen is an error that names the near one', async () => {
    const sidecar = await start(postgres);
    const client = await connect({
      host: sidecar.host,
      port: sidecar.port,
      startup: [
        ['user', postgres.user],
        ['database', postgres.database],
      ],
    });
    onTestFinished(() => client.close());
    await client.query("SELECT 1 AS told /*route='reports'*/");
    await until('the route is stored', async () => {
      const answer = await fetch(`${sidecar.httpUrl}/api/v1/filters`);
      return JSON.stringify(await answer.json()).includes('reports');
    });
    const { code, stdout, stderr } = await pgwitness('tail', '--route', '/report', '--url', sidecar.httpUrl);
    expect(stderr).toBe('pgwitness: "/report" was never seen: --route: seen: reports; did you mean reports?\n');
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});
