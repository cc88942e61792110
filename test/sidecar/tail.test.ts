// `tail` on a running sidecar: executions as they pass, without a literal.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { type Postgres, startPostgres } from '../../scripts/lib/postgres.mjs';
import { connect } from '../../scripts/lib/wire/client.mjs';
import { until, useSidecar } from '../kit/sidecar.js';

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
      return /transaction · \d statements in [\s\S]*4×[^\n]*SELECT \S+ AS word WHERE/.test(shown);
    });
    expect(shown).not.toMatch(/secret|98765/);
  });
});
