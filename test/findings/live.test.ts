// Findings of real traffic: a tagged client sends faults and clean twins through a sidecar.
// Not here: each rule's edges (rules.test.ts).

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { runOrThrow } from '../../scripts/lib/run-command.mjs';
import { usePostgres } from '../kit/postgres.js';
import { MAIN, temporaryDirectory, until, useSidecar } from '../kit/sidecar.js';

interface Finding {
  readonly id: string;
  readonly kind: string;
  readonly confidence: string;
  readonly title: string;
  readonly routes: readonly string[];
  readonly callers: readonly string[];
  readonly units: number;
  readonly state: string;
  readonly accepted_reason: string;
  readonly times_mean: number;
  readonly new: boolean;
  readonly statements: ReadonlyArray<{ readonly role: string; readonly query: string; readonly fingerprint: string }>;
}

describe('findings', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();

  test('name the faults of a tagged application, and nothing of its clean twin', async () => {
    await postgres().query(`
      CREATE TABLE book (id int PRIMARY KEY, title text);
      CREATE TABLE stock (book_id int, n int);
      INSERT INTO book SELECT n, 'b' || n FROM generate_series(1, 8) n;
      INSERT INTO stock SELECT n, 1 FROM generate_series(1, 8) n`);
    const sidecar = await startSidecar(postgres());
    const { user, database } = postgres();
    const open = async (application: string): Promise<pg.Client> => {
      const at = { host: sidecar.host, port: sidecar.port, user, database, application_name: application };
      const client = new pg.Client(at);
      await client.connect();
      return client;
    };
    const app = await open('app');
    const beside = await open('beside');
    for (let request = 0; request < 4; request++) {
      const tag = (route: string) => `/*caller='views.py%3A7',request_id='${route}-${request}',route='${route}'*/`;
      // N+1, and its twin with one statement for all.
      await app.query(`SELECT id FROM book ${tag('loop')}`);
      for (let id = 1; id <= 8; id++) await app.query(`SELECT n FROM stock WHERE book_id = $1 ${tag('loop')}`, [id]);
      await app.query(`SELECT id FROM book ${tag('clean')}`);
      await app.query(`SELECT n FROM stock WHERE book_id = ANY($1) ${tag('clean')}`, [[1, 2, 3]]);
      // A transaction that is rolled back, and a write beside it that stays; its twin on one connection.
      await app.query('BEGIN');
      await app.query(`INSERT INTO book VALUES ($1, 'new') ${tag('order')}`, [100 + request]);
      await beside.query(`UPDATE stock SET n = n - 1 WHERE book_id = $1 ${tag('order')}`, [request + 1]);
      await app.query('ROLLBACK');
      await app.query('BEGIN');
      await app.query(`INSERT INTO book VALUES ($1, 'new') ${tag('tidy')}`, [200 + request]);
      await app.query(`UPDATE stock SET n = n - 1 WHERE book_id = $1 ${tag('tidy')}`, [request + 1]);
      await app.query('COMMIT');
    }
    await app.end();
    await beside.end();
    const ask = async (): Promise<Finding[]> => {
      const answer = await fetch(`${sidecar.httpUrl}/api/v1/findings`);
      return ((await answer.json()) as { findings: Finding[] }).findings;
    };
    await until('the findings are stored', async () => (await ask()).filter(({ units }) => units === 4).length >= 2);
    const found = await ask();
    expect(found.map(({ kind, confidence, routes }) => ({ kind, confidence, routes }))).toEqual([
      { kind: 'boundary-lost-rollback', confidence: 'strong', routes: ['order'] },
      { kind: 'n-plus-one', confidence: 'strong', routes: ['loop'] },
    ]);
    expect(found[1]).toMatchObject({
      units: 4,
      times_mean: 8,
      callers: ['views.py:7'],
      title: expect.stringContaining('stock'),
    });
    expect(found[1].statements.map(({ role }) => role)).toEqual(['repeated', 'caused-by']);

    const run = async (...args: string[]) =>
      (await runOrThrow(process.execPath, [MAIN, 'findings', ...args], { cwd: ROOT })).stdout;
    expect(await run('--url', sidecar.httpUrl)).toMatch(
      /2 findings[\s\S]*views\.py:7[\s\S]*N\+1 on stock: 8 reads per request/,
    );
    const one = await run(found[1].id.slice(0, 6), '--url', sidecar.httpUrl);
    expect(one).toContain('Next: Ask stock once for all of them');
    expect(one).toMatch(/A request that shows it: .*9 statements.*request loop-0[\s\S]*caused-by[\s\S]*repeated .* 8×/);
    const { sample } = (await (await fetch(`${sidecar.httpUrl}/api/v1/findings?id=${found[1].id}`)).json()) as {
      sample: { statements: ReadonlyArray<{ role: string | null }> };
    };
    expect(sample.statements.map(({ role }) => role)).toEqual(['caused-by', ...Array(8).fill('repeated')]);
    expect(await (await fetch(`${sidecar.httpUrl}/api/v1/findings?id=nobody`)).json()).toBeNull();
    const { routes } = (await (await fetch(`${sidecar.httpUrl}/api/v1/routes`)).json()) as {
      routes: { route: string; findings: string[] }[];
    };
    expect(routes.find(({ route }) => route === 'loop')?.findings).toEqual([found[1].id]);
    expect(routes.find(({ route }) => route === 'clean')?.findings).toEqual([]);
    const metrics = async () => (await fetch(`${sidecar.httpUrl}/metrics`)).text();
    const counted = /^pgwitness_findings\{kind="boundary-lost-rollback",severity="high"\} 1$/m;
    await until('the metrics are read anew', async () => counted.test(await metrics()));
    expect(await metrics()).toMatch(
      /^pgwitness_findings_new_total\{kind="boundary-lost-rollback",severity="high"\} 1$/m,
    );
    expect(await metrics()).toMatch(/^pgwitness_findings\{kind="duplicate",severity="high"\} 0$/m);
    const told = async (command: string, ...args: string[]) => {
      const asked = [MAIN, command, ...args, '--url', sidecar.httpUrl];
      return (await runOrThrow(process.execPath, asked, { cwd: ROOT })).stdout;
    };
    const { fingerprint } = found[1].statements[0];
    expect(await told('show', fingerprint)).toMatch(/Findings\n {2}[0-9a-f]{8} N\+1 on stock/);
    expect(JSON.parse(await told('show', fingerprint, '--json'))).toMatchObject({ findings: [found[1].id] });
    expect(await told('top')).toMatch(/[0-9a-f]{8} N\+1 on stock/);
    expect(await told('pools')).toMatch(/[0-9a-f]{8} A rollback that did not reach stock/);
    await runOrThrow(process.execPath, [MAIN, 'mark', 'deployed', '--data', sidecar.data], { cwd: ROOT });
    const isNew = async () => (await ask()).map((finding) => finding.new);
    expect(await isNew()).toEqual([false, false]);
    await sidecar.stop();
    const stored = JSON.parse(await run('--data', sidecar.data, '--json')) as { findings: Finding[] };
    expect(stored.findings).toEqual(found);
  });

  test('hold to the configuration, and show an open transaction while it is idle', async () => {
    const config = path.join(temporaryDirectory('findings'), 'pgwitness.yaml');
    writeFileSync(
      config,
      `findings:
  accepted: [{ kind: n-plus-one, route: lo*, table: shelf, reason: few shelves }]
  readOnly: [{ pool: "*reporting*" }]
  migrated: [{ route: moved, sources: [raw, unknown] }]
`,
    );
    await postgres().query('CREATE TABLE shelf (id int PRIMARY KEY); INSERT INTO shelf SELECT generate_series(1, 8)');
    const sidecar = await startSidecar(postgres(), ['--config', config]);
    const { user, database } = postgres();
    const open = async (application: string): Promise<pg.Client> => {
      const at = { host: sidecar.host, port: sidecar.port, user, database, application_name: application };
      const client = new pg.Client(at);
      await client.connect();
      return client;
    };
    const app = await open('app');
    const reporting = await open('reporting');
    const tag = (route: string, request: number) => `/*request_id='${route}-${request}',route='${route}'*/`;
    for (let request = 0; request < 3; request++) {
      const of = tag('loop', request);
      await app.query(`SELECT id FROM shelf ${of}`);
      for (let id = 1; id <= 8; id++) await app.query(`SELECT id FROM shelf WHERE id = $1 ${of}`, [id]);
    }
    await app.query(`SELECT max(id) FROM shelf ${tag('moved', 1)}`);
    await reporting.query('SELECT count(*) FROM shelf');
    await reporting.query('INSERT INTO shelf VALUES (100)');
    await app.query(`BEGIN; UPDATE shelf SET id = id WHERE id = 1`);
    const ask = async (parameters = ''): Promise<Finding[]> => {
      const answer = await fetch(`${sidecar.httpUrl}/api/v1/findings${parameters}`);
      return ((await answer.json()) as { findings: Finding[] }).findings;
    };
    const kinds = async () => (await ask()).map(({ kind }) => kind).sort();
    await until('it is idle', async () => (await kinds()).includes('idle-in-transaction'));
    await until('the rest', async () => (await kinds()).length === 3);
    expect(await kinds()).toEqual(['forbidden-source', 'forbidden-write', 'idle-in-transaction']);
    const accepted = (await ask('?all=true')).filter(({ state }) => state === 'accepted');
    expect(accepted).toMatchObject([{ kind: 'n-plus-one', units: 3, accepted_reason: 'few shelves' }]);
    await app.query('COMMIT');
    const text = await runOrThrow(process.execPath, [MAIN, 'findings', '--url', sidecar.httpUrl], { cwd: ROOT });
    expect(text.stdout).toMatch(/3 findings[\s\S]*high[\s\S]*Accepted: .*N\+1 on shelf.*\(few shelves\)/);
    await app.end();
    await reporting.end();
  });
});
