// The shop's own log against the log of Postgres: it is a judge one may trust.

import { beforeAll, describe, expect, test } from 'vitest';
import { prepareShop, startShop } from '../../scripts/lib/shop/shop.mjs';
import { drive, VIEWS } from '../../scripts/lib/shop/traffic.mjs';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { LOG_EVERY_STATEMENT, type LoggedStatement, readServerLog } from '../kit/server-log.js';
import { type OracleLine, oracleLogPath, readOracle } from '../kit/shop.js';

function byBackend<T>(items: readonly T[], backendOf: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const item of items) groups.set(backendOf(item), [...(groups.get(backendOf(item)) ?? []), item]);
  return groups;
}

await describeWithPython("the shop's statement log", (python) => {
  const postgres = usePostgres({ database: 'shop', settings: LOG_EVERY_STATEMENT });

  describe.each(['psycopg', 'psycopg2'])('with SQLAlchemy on %s', (driver) => {
    let failed: Map<string, number>;
    let oracle: OracleLine[];
    let logged: LoggedStatement[];

    beforeAll(async () => {
      const database = { ...postgres(), database: `shop_${driver}` };
      await postgres().query(`CREATE DATABASE ${database.database}`);
      await prepareShop({ python: python.executable, database });
      const oracleLog = oracleLogPath();
      const env = { SHOP_SQLALCHEMY_DRIVER: driver };
      const shop = await startShop({ python: python.executable, database, workers: 2, oracleLog, env });
      ({ failed } = await drive({ baseUrl: shop.baseUrl, seconds: 60, requests: 200, concurrency: 3, seed: 7 }));
      await shop.stop();
      oracle = readOracle(oracleLog);
      const backends = new Set(oracle.map((line) => line.backend_pid));
      logged = readServerLog(postgres().dataDirectory).filter((statement) => backends.has(statement.backendPid));
    });

    test('every view answers', () => {
      expect(failed).toEqual(new Map());
    });

    test('every view is in it', () => {
      const views = new Set(oracle.map((line) => line.view));
      // Both ways to ask for a return are one view.
      expect([...Object.keys(VIEWS), 'return_order'].filter((view) => !views.has(view))).toEqual(['ask_return']);
    });

    test('says what the server says it was sent, connection by connection, in order', () => {
      // psycopg2 sends BEGIN, COMMIT and ROLLBACK below Python: the log cannot have those of SQLAlchemy.
      const visible = (sql: string) => driver === 'psycopg' || !/^(BEGIN|COMMIT|ROLLBACK|SELECT 1)$/.test(sql);
      expect(logged.length).toBeGreaterThan(500);
      const ours = byBackend(oracle, (line) => line.backend_pid);
      for (const [backendPid, statements] of byBackend(logged, (statement) => statement.backendPid)) {
        const lines = ours.get(backendPid) ?? [];
        // Dialect look-ups are sent by SQLAlchemy without its events; psycopg's hook sees them, psycopg2 has none.
        const first = driver === 'psycopg' ? 0 : statements.findIndex((statement) => statement.sql === lines[0].sql);
        const sent = statements.slice(first).map((statement) => statement.sql);
        expect(lines.map((line) => line.sql).filter(visible)).toEqual(sent.filter(visible));
      }
    });

    test('knows all sources and the constructs of hand-written SQL', () => {
      const pairs = new Set(oracle.map((line) => `${line.source} ${line.construct}`.trim()));
      expect([...pairs].sort()).toEqual([
        'django-orm extra',
        'django-orm queryset',
        'django-orm rawsql',
        'django-orm server-side-cursor',
        'housekeeping',
        'raw copy',
        'raw cursor',
        'raw raw-queryset',
        'sqlalchemy core',
        'sqlalchemy orm',
        'sqlalchemy text',
      ]);
    });

    test('gives a failed statement its SQLSTATE', () => {
      const errors = oracle.filter((line) => line.error !== null);
      expect(new Set(errors.map((line) => `${line.view} ${line.error}`))).toEqual(new Set(['duplicate_tag 23505']));
    });
  });
});
