// The Python package on Python 3.10 to 3.13, Django 3.2 to 6.1 and SQLAlchemy 1.4 to 2.1.
// Invariant: a version that this machine does not have is named in a line of its own.
// Not here: all that it tags (django.test.ts, sqlalchemy.test.ts), the versions themselves (test/matrix/versions.ts).

import path from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { runCommand } from '../../scripts/lib/run-command.mjs';
import { pythonEnvironment } from '../../scripts/lib/setup/python.mjs';
import { usePostgres } from '../kit/postgres.js';
import { statementWith, type WitnessReport, witnessed } from '../kit/witness.js';
import { ENVIRONMENTS } from '../matrix/versions.js';
import { ALL_TAGS, markedLine, PACKAGE } from './client.js';

// An environment is made once, in about a minute.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const PROGRAM = path.join(ROOT, 'test', 'clients', 'versions_app.py');

/** The marked line that sends it, a piece of its text, source and construct. */
const SENT = [
  ['queryset', '"auth_group"."id" <', 'django-orm', 'queryset'],
  ['raw queryset', 'SELECT id, name FROM auth_group', 'raw', 'raw-queryset'],
  ['extra', 'length(name) >', 'django-orm', 'extra'],
  ['cursor', 'reverse(name)', 'raw', 'cursor'],
  ['core', 'SELECT customer.id, customer.name FROM customer', 'sqlalchemy', 'core'],
  ['text', 'lower(name)', 'sqlalchemy', 'text'],
  ['orm', 'ORDER BY customer.name', 'sqlalchemy', 'orm'],
] as const;

for (const environment of ENVIRONMENTS) {
  const name = `${environment.name} on Python ${environment.python}`;
  const found = await pythonEnvironment(() => {}, environment.requirements, environment.python);
  if ('missing' in found) {
    console.warn(`NOT RUN: clients/python with ${name}: ${found.missing}`);
    test.skip(`${name}: ${found.missing}`, () => {});
    continue;
  }
  const env = { ...process.env, PYTHONPATH: PACKAGE, PYTHONDONTWRITEBYTECODE: '1' };

  describe(`clients/python with ${name}`, () => {
    const postgres = usePostgres();
    let report: WitnessReport;

    beforeAll(async () => {
      const clients = async (database: NodeJS.ProcessEnv) => {
        const { code, stderr } = await runCommand(
          found.python,
          ['-W', 'error::DeprecationWarning:pgwitness', PROGRAM],
          {
            cwd: path.dirname(PROGRAM),
            env: { ...env, ...database },
          },
        );
        if (code !== 0) throw new Error(`${name} ended with ${code}:\n${stderr.slice(-3000)}`);
      };
      report = await witnessed(postgres(), clients, { config: ALL_TAGS });
    });

    test('passes its own tests', async () => {
      const args = ['-m', 'unittest', 'discover', '-s', path.join(PACKAGE, 'tests')];
      const { code, stderr } = await runCommand(found.python, args, { env, cwd: ROOT });
      expect([code, stderr]).toEqual([0, expect.stringMatching(/Ran [1-9]\d+ tests in [\s\S]*\nOK/)]);
    });

    test.each(SENT)('%s: %s is %s %s, for certain, with line and route', (mark, piece, source, construct) => {
      const statement = statementWith(report, piece);
      expect(statement).toMatchObject({ source, construct, confidence: 'certain', errors: 0 });
      expect(statement.tags).toMatchObject({ caller: [markedLine(PROGRAM, mark)], route: ['page/<int:number>/'] });
    });

    test('what a command sends has its name, and an asynchronous view keeps its route', () => {
      expect(statementWith(report, 'CREATE TABLE "auth_group" ').tags.command).toEqual(['migrate']);
      const routes = new Set(report.statements.flatMap(({ tags }) => tags.route ?? []));
      expect(routes.has('async/')).toBe(environment.name !== 'django-3.2');
    });
  });
}
