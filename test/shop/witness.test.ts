// The shop through the sidecar: every statement's source against the shop's own log.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { Fingerprinter } from '../../analyzer/fingerprint/fingerprint.js';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { runOrThrow } from '../../scripts/lib/run-command.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { prepareShop, startShop } from '../../scripts/lib/shop/shop.mjs';
import { drive } from '../../scripts/lib/shop/traffic.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { oracleLogPath, readOracle } from '../kit/shop.js';

interface Witnessed {
  readonly fingerprint: string;
  readonly source: string;
  readonly query: string;
  readonly calls: number;
  readonly errors: number;
}

interface AuditedPlace {
  readonly file: string;
  readonly function: string;
  readonly kind: string;
  readonly join: string | null;
  readonly complexity: string | null;
  readonly seen: { readonly calls: number } | null;
}

/** A statement that is empty is answered, and counts nothing. */
const EMPTY = /^[\s;]*$/;

function tally(into: Map<string, number>, key: string, count: number): void {
  if (count > 0) into.set(key, (into.get(key) ?? 0) + count);
}

function sorted(counts: Map<string, number>): [string, number][] {
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

await describeWithPython('pgwitness in front of the shop', (python) => {
  const postgres = usePostgres({ database: 'shop' });

  describe.each(['psycopg', 'psycopg2'])('with SQLAlchemy on %s', (driver) => {
    /** "source fingerprint" → executions, as the shop and as pgwitness count them; errors apart. */
    const sent = new Map<string, number>();
    const seen = new Map<string, number>();
    let audit: { places: AuditedPlace[]; coverage: { grade: string } };
    let report: { observed: { not_observed: number; unknown: number; exact: boolean }; statements: Witnessed[] };

    beforeAll(async () => {
      await build(() => {});
      const database = { ...postgres(), database: `witnessed_${driver}` };
      await postgres().query(`CREATE DATABASE ${database.database}`);
      await prepareShop({ python: python.executable, database });
      const data = path.join(mkdtempSync(path.join(tmpdir(), 'pgwitness-witness-')), 'data');
      const sidecar = await startSidecar({ upstream: postgres(), data });
      const oracleLog = oracleLogPath();
      const shop = await startShop({
        python: python.executable,
        database: { ...database, host: sidecar.host, port: sidecar.port },
        oracleLog,
        env: { SHOP_SQLALCHEMY_DRIVER: driver },
      });
      await drive({ baseUrl: shop.baseUrl, seconds: 60, requests: 400, concurrency: 3, seed: 11 });
      await shop.stop();
      await sidecar.stop();

      const top = ['dist/cli/main.js', 'top', '--json', '--limit', '0', '--data', data];
      report = JSON.parse((await runOrThrow(process.execPath, top, { cwd: ROOT })).stdout);
      for (const { source, fingerprint, calls, errors } of report.statements) {
        tally(seen, `${source} ${fingerprint}`, calls);
        tally(seen, `${source} ${fingerprint} error`, errors);
      }
      const asked = [
        'dist/cli/main.js',
        'audit',
        'examples/shop',
        '--python',
        python.executable,
        '--json',
        '--data',
        data,
      ];
      audit = JSON.parse((await runOrThrow(process.execPath, asked, { cwd: ROOT })).stdout);
      const fingerprinter = await Fingerprinter.load({ analyse: () => undefined });
      const options = { backslashEscapes: false, missingBytes: 0 };
      for (const { source, sql, error } of readOracle(oracleLog)) {
        if (EMPTY.test(sql)) continue;
        const { fingerprint } = fingerprinter.identify(Buffer.from(sql), options);
        tally(sent, `${source} ${fingerprint}${error === null ? '' : ' error'}`, 1);
      }
    });

    test('every statement of the application is counted once, under the source that sent it', () => {
      // What psycopg2 sends below the reach of the shop's log is housekeeping.
      const byApplication = (counts: Map<string, number>) =>
        sorted(counts).filter(([key]) => !key.startsWith('housekeeping'));
      expect(byApplication(sent).length).toBeGreaterThan(40);
      expect(byApplication(seen)).toEqual(byApplication(sent));
    });

    if (driver === 'psycopg') {
      test('so is every statement of the libraries themselves', () => {
        expect(sorted(seen)).toEqual(sorted(sent));
      });
    }

    test('nothing is lost and nothing unknown', () => {
      expect(report.observed).toMatchObject({ not_observed: 0, unknown: 0, exact: true });
    });

    test('the audit joins the constant texts of the code with what ran, and says how to move them', () => {
      const found = (name: string) => audit.places.find((place) => place.function === name && place.kind === 'raw');
      expect(found('customer_ranking')).toMatchObject({ join: 'text', complexity: 'orm-expressions' });
      expect(found('category_tree')).toMatchObject({ join: 'text', complexity: 'stays' });
      const ranking = report.statements.find(({ query }) => query.includes('rank() OVER'));
      expect(found('customer_ranking')?.seen?.calls).toBe(ranking?.calls);
      const estimate = audit.places.find((place) => place.function === 'refund_estimate');
      expect(estimate).toMatchObject({ kind: 'sqlalchemy', join: 'text', complexity: 'orm' });
      // The shop is not tagged here: no route was seen, and the seeding never runs behind the sidecar.
      expect(audit.coverage.grade).toBe('insufficient');
      expect(audit.places.find(({ file }) => file.endsWith('seed.py'))?.seen).toBeNull();
    });

    test('the two slow reports come first among the raw statements', () => {
      const raw = report.statements.filter((statement) => statement.source === 'raw').slice(0, 2);
      const queries = raw.map((statement) => statement.query).sort();
      expect(queries).toEqual([expect.stringContaining('rank() OVER'), expect.stringContaining('AS last_sold')]);
    });
  });
});
