// Django and SQLAlchemy on one connection: each keeps the statements it compiled.

import { beforeAll, describe, expect, test } from 'vitest';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { statementWith, type WitnessReport, witnessed } from '../kit/witness.js';
import { APP_REQUIREMENTS, runApp } from './app.js';

await describeWithPython(
  'SQLAlchemy on Django’s own connection',
  (python) => {
    const postgres = usePostgres();

    describe.each(['psycopg', 'psycopg2'])('with %s', (driver) => {
      let report: WitnessReport;

      beforeAll(async () => {
        const database = `shared_${driver}`;
        await postgres().query(`CREATE DATABASE ${database}`);
        report = await witnessed({ ...postgres(), database }, async (env) => {
          await runApp(python, 'shared_connection.py', { env, args: [driver] });
        });
      });

      test('what Django compiled is Django’s', () => {
        for (const piece of ['SELECT ? AS "a"', 'UPDATE "django_content_type"'])
          expect(statementWith(report, piece)).toMatchObject({ source: 'django-orm', construct: 'queryset', calls: 4 });
      });

      test('what SQLAlchemy compiled is SQLAlchemy’s', () => {
        expect(statementWith(report, 'SELECT django_content_type.model')).toMatchObject({
          source: 'sqlalchemy',
          calls: 4,
        });
      });

      test.each(['upper(model)', 'lower(model)'])('of %s, by hand, it is only guessed who sent it', (piece) => {
        const { source, confidence, calls } = statementWith(report, piece);
        expect(['raw', 'sqlalchemy']).toContain(source);
        expect(confidence).toBe('weak');
        expect(calls).toBe(4);
      });

      test('it is one pool, Django’s', () => {
        expect(new Set(report.statements.flatMap(({ pools }) => pools))).toEqual(
          new Set([`django:postgres@shared_${driver}`]),
        );
      });
    });
  },
  { requirements: APP_REQUIREMENTS },
);
