// A real Flask application with SQLAlchemy through the sidecar, on both psycopg drivers.

import { beforeAll, describe, expect, test } from 'vitest';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { statementsWith, statementWith, type WitnessReport, witnessed } from '../kit/witness.js';
import { APP_REQUIREMENTS, runApp } from './app.js';

await describeWithPython(
  'a Flask application with SQLAlchemy',
  (python) => {
    const postgres = usePostgres();

    describe.each(['psycopg2', 'psycopg'])('on %s', (driver) => {
      let report: WitnessReport;

      beforeAll(async () => {
        const database = `flask_${driver}`;
        await postgres().query(`CREATE DATABASE ${database}`);
        report = await witnessed({ ...postgres(), database }, async (env) => {
          await runApp(python, 'flask_app.py', { env, args: [driver] });
        });
      });

      test('is SQLAlchemy all over', () => {
        expect(new Set(report.statements.map(({ source }) => source))).toEqual(new Set(['housekeeping', 'sqlalchemy']));
      });

      test('is strongly so, but where a connection has sent nothing except text()', () => {
        const weak = report.statements.filter(({ confidence }) => confidence !== 'strong').map(({ query }) => query);
        expect(weak).toEqual([expect.stringContaining('SELECT count(id) FROM track')]);
      });

      test('has every statement counted', () => {
        expect(report.observed).toMatchObject({ not_observed: 0, unknown: 0, exact: true });
        expect(statementWith(report, 'INSERT INTO album').calls).toBe(2);
        expect(statementWith(report, 'FROM album ORDER BY album.title').calls).toBe(1);
      });

      test('shows what was written by hand, also at driver level', () => {
        const byHand = report.statements.filter(({ construct }) => construct === 'text').map(({ query }) => query);
        expect(byHand.sort()).toEqual([
          expect.stringContaining('DELETE FROM track WHERE title ='),
          expect.stringContaining('SELECT a.title, count(*) FROM album a JOIN track t'),
          expect.stringContaining('SELECT count(id) FROM track'),
        ]);
      });

      test('has the construct of what only the ORM writes', () => {
        expect(statementsWith(report, 'track_album_id').map(({ construct }) => construct)).toEqual(['orm']);
      });

      test('has one pool', () => {
        expect(new Set(report.statements.flatMap(({ pools }) => pools))).toEqual(
          new Set([`sqlalchemy:postgres@flask_${driver}`]),
        );
      });
    });
  },
  { requirements: APP_REQUIREMENTS },
);
