// The Python package's tags on a real Celery's statements.

import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { APP_REQUIREMENTS } from '../apps/app.js';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { LOG_EVERY_STATEMENT, readServerLog } from '../kit/server-log.js';
import { statementWith, type WitnessReport, witnessed } from '../kit/witness.js';
import { ALL_TAGS, runProgram } from './client.js';

const PROGRAM = path.join(ROOT, 'test', 'apps', 'celery_worker.py');

await describeWithPython(
  'clients/python in a Celery worker',
  (python) => {
    const postgres = usePostgres({ database: 'tasks', settings: LOG_EVERY_STATEMENT });
    let report: WitnessReport;

    beforeAll(async () => {
      const clients = async (env: NodeJS.ProcessEnv) => {
        await runProgram(python, PROGRAM, { env: { ...env, TAGGED: '1' } });
      };
      report = await witnessed(postgres(), clients, { config: ALL_TAGS });
    });

    test.each([
      ['COUNT(*)', 'apps.count', 'django-orm', 'queryset'],
      ['length(model)', 'apps.refresh', 'raw', 'cursor'],
      ['django_content_type.id >', 'apps.report', 'sqlalchemy', 'core'],
      ['max(id)', 'apps.report', 'sqlalchemy', 'text'],
    ])('%s has its task, %s, and is %s %s for certain', (piece, task, source, construct) => {
      const statement = statementWith(report, piece);
      expect(statement).toMatchObject({ source, construct, confidence: 'certain' });
      expect(statement.tags.job).toEqual([task]);
    });

    test('what runs outside a task has none', () => {
      expect(statementWith(report, 'CREATE TABLE "django_content_type"').tags).toMatchObject({ command: ['migrate'] });
      expect(statementWith(report, 'CREATE TABLE "django_content_type"').tags.job).toBeUndefined();
    });

    test('each run of a task has an id of its own', () => {
      const counts = readServerLog(postgres().dataDirectory).filter(({ sql }) => sql.includes('COUNT(*) AS "__count"'));
      const ids = counts.map(({ sql }) => /request_id='([0-9a-f-]{36})'/.exec(sql)?.[1]);
      expect(ids).toHaveLength(2);
      expect(new Set(ids).size).toBe(2);
      expect(ids).not.toContain(undefined);
    });
  },
  { requirements: APP_REQUIREMENTS },
);
