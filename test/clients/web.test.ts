// The Python package in Flask and FastAPI, and built as it is published: wheel, sdist, metadata.

import { mkdtempSync, readdirSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runOrThrow } from '../../scripts/lib/run-command.mjs';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { LOG_EVERY_STATEMENT, readServerLog } from '../kit/server-log.js';
import { statementWith, type WitnessReport, witnessed } from '../kit/witness.js';
import { ALL_TAGS, PACKAGE, requestsOfRoute, runProgram } from './client.js';

const REQUIREMENTS = path.join(import.meta.dirname, 'requirements.txt');
const PROGRAM = path.join(import.meta.dirname, 'web_app.py');

await describeWithPython(
  'clients/python with web frameworks',
  (python) => {
    const postgres = usePostgres({ settings: LOG_EVERY_STATEMENT });

    describe.each([
      ['flask', '/books/<int:book>'],
      ['fastapi', '/books/{book}'],
    ])('%s', (framework, route) => {
      let report: WitnessReport;
      let sent: string[];

      beforeAll(async () => {
        const database = `web_${framework}`;
        await postgres().query(`CREATE DATABASE ${database}`);
        const before = readServerLog(postgres().dataDirectory).length;
        const clients = async (env: NodeJS.ProcessEnv) => {
          await runProgram(python, PROGRAM, { env, args: [framework] });
        };
        report = await witnessed({ ...postgres(), database }, clients, { config: ALL_TAGS });
        sent = readServerLog(postgres().dataDirectory)
          .slice(before)
          .map(({ sql }) => sql);
      });

      test('statements have the route as the framework writes it', () => {
        expect(statementWith(report, 'upper(').tags.route).toEqual([route]);
        expect(statementWith(report, 'lower(').tags.route).toEqual(['/export']);
      });

      test('requests that send nothing are told by the next of their route that does', async () => {
        const cached = framework === 'flask' ? '/cached/<int:asks>' : '/cached/{asks}';
        expect(await requestsOfRoute(report.data, cached)).toEqual({ requests: 1, idle: 2 });
      });

      test('the request’s id is on all of a request, and on nothing else', () => {
        const ids = (piece: string) =>
          sent.filter((sql) => sql.includes(piece)).map((sql) => /request_id='([^']*)'/.exec(sql)?.[1]);
        expect(new Set([...ids('upper('), ...ids('lower(')])).toEqual(new Set(['request%207']));
        expect(ids('length(')).toEqual([undefined]);
        expect(statementWith(report, 'length(').tags.route).toBeUndefined();
      });
    });

    test('wheel and sdist are built, and twine finds nothing wrong with them', async () => {
      const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-python-'));
      const source = path.join(directory, 'source');
      await cp(PACKAGE, source, { recursive: true });
      const dist = path.join(directory, 'dist');
      await runOrThrow(python.executable, ['-m', 'build', '--no-isolation', '--outdir', dist, source]);
      const [wheel, sdist] = readdirSync(dist).sort();
      expect([wheel, sdist]).toEqual([
        expect.stringMatching(/^pgwitness-[\d.]+-py3-none-any\.whl$/),
        expect.stringMatching(/^pgwitness-[\d.]+\.tar\.gz$/),
      ]);
      const files = [wheel, sdist].map((file) => path.join(dist, file));
      const { stdout } = await runOrThrow(python.executable, ['-m', 'twine', 'check', '--strict', ...files]);
      expect(stdout.match(/PASSED/g)).toHaveLength(2);
      const { stdout: inside } = await runOrThrow(python.executable, ['-m', 'zipfile', '-l', files[0]]);
      for (const name of ['py.typed', 'flask.py', 'asgi.py', 'apps.py', 'sqlalchemy.py'])
        expect(inside).toContain(`pgwitness/${name}`);
    });
  },
  { requirements: REQUIREMENTS },
);
