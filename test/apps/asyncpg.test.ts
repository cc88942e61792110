// A real asyncpg application through the sidecar: raw SQL, the driver's own statements, COPY.

import { beforeAll, expect, test } from 'vitest';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { statementWith, type WitnessReport, witnessed } from '../kit/witness.js';
import { APP_REQUIREMENTS, runApp } from './app.js';

await describeWithPython(
  'an application on asyncpg alone',
  (python) => {
    const postgres = usePostgres({ database: 'readings' });
    let report: WitnessReport;

    beforeAll(async () => {
      report = await witnessed(postgres(), async (env) => {
        await runApp(python, 'asyncpg_app.py', { env });
      });
    });

    test('is raw SQL, apart from what the driver does by itself', () => {
      const byHand = report.statements.filter(({ source }) => source !== 'housekeeping');
      expect(new Set(byHand.map(({ source }) => source))).toEqual(new Set(['raw']));
      expect(byHand).toHaveLength(7);
    });

    test('has the driver’s own statements as housekeeping', () => {
      for (const own of ['pg_advisory_unlock_all', 'RESET ALL', 'UNLISTEN', 'SAVEPOINT', 'BEGIN'])
        for (const { source, query } of report.statements.filter((statement) => statement.query.includes(own)))
          expect(`${source} ${query}`).toMatch(/^housekeeping /);
      expect(statementWith(report, 'RESET ALL').calls).toBeGreaterThan(10);
    });

    test('has every execution counted once, however it was sent', () => {
      expect(statementWith(report, 'GROUP BY sensor').calls).toBe(10);
      expect(statementWith(report, 'INSERT INTO reading').calls).toBe(3);
      expect(statementWith(report, 'SELECT id FROM reading').calls).toBe(1);
      expect(report.observed).toMatchObject({ not_observed: 0, exact: true });
    });

    test('has COPY as such', () => {
      expect(statementWith(report, 'COPY')).toMatchObject({ source: 'raw', construct: 'copy' });
    });

    test('has a pool that bears the driver’s name', () => {
      expect(new Set(report.statements.flatMap(({ pools }) => pools))).toEqual(new Set(['asyncpg:postgres@readings']));
    });
  },
  { requirements: APP_REQUIREMENTS },
);
