// Real Celery workers through the sidecar: the ORM, raw SQL and SQLAlchemy in tasks.

import { beforeAll, expect, test } from 'vitest';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { statementWith, type WitnessReport, witnessed } from '../kit/witness.js';
import { APP_REQUIREMENTS, runApp } from './app.js';

await describeWithPython(
  'a Celery worker with Django and SQLAlchemy',
  (python) => {
    const postgres = usePostgres({ database: 'worker' });
    let report: WitnessReport;

    beforeAll(async () => {
      report = await witnessed(postgres(), async (env) => {
        await runApp(python, 'celery_worker.py', { env });
      });
    });

    test('has the ORM’s statements from its tasks', () => {
      expect(statementWith(report, 'COUNT(*)')).toMatchObject({
        source: 'django-orm',
        construct: 'queryset',
        calls: 2,
      });
    });

    test('has raw SQL on Django’s connection', () => {
      expect(statementWith(report, 'length(model)')).toMatchObject({ source: 'raw', calls: 1 });
    });

    test('has SQLAlchemy, compiled and by hand', () => {
      expect(statementWith(report, 'django_content_type.id >')).toMatchObject({ source: 'sqlalchemy' });
      expect(statementWith(report, 'max(id)')).toMatchObject({ source: 'sqlalchemy', construct: 'text' });
    });

    test('has Django’s migrations as Django’s', () => {
      const written = report.statements.filter(({ query }) => /^(CREATE|ALTER) TABLE/.test(query));
      expect(written.length).toBeGreaterThan(3);
      expect(new Set(written.map(({ source, construct }) => `${source} ${construct}`))).toEqual(
        new Set(['django-orm migration']),
      );
    });

    test('has two pools in one process', () => {
      expect(new Set(report.statements.flatMap(({ pools }) => pools))).toEqual(
        new Set(['django:postgres@worker', 'sqlalchemy:postgres@worker']),
      );
    });
  },
  { requirements: APP_REQUIREMENTS },
);
