// Plans that read a whole table for few rows, made up and of a real server; and their clean twins.
// Not here: asking for plans (../own-queries/plans.test.ts).

import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { readsWholeTable } from '../../analyzer/findings/kinds/seq-scan.js';
import { SeqScans } from '../../analyzer/findings/seq-scans.js';
import { limits } from '../../config/limits.js';
import { usePostgres } from '../kit/postgres.js';
import { until, useSidecar } from '../kit/sidecar.js';
import { item, look } from './units.js';

const plan = (cost: string, rows: number, { node = 'Seq Scan', filter = true } = {}): string =>
  [`${node} on item  (cost=0.00..${cost} rows=${rows} width=12)`, ...(filter ? ['  Filter: (name = $1)'] : [])].join(
    '\n',
  );

describe('a plan that reads a whole table for few rows', () => {
  test.each<[string, string, boolean]>([
    ['a large table, one row', plan('1791.00', 1), true],
    ['several workers', plan('10633.50', 42, { node: '  ->  Parallel Seq Scan' }), true],
    ['a part of a larger plan', `Limit  (cost=0.00..9.00 rows=1 width=8)\n  ->  ${plan('1791.00', 1)}`, true],
    ['a small table', plan('35.50', 1), false],
    ['many rows', plan('1791.00', 900), false],
    ['all rows', plan('1791.00', 1, { filter: false }), false],
    ['an index', plan('1791.00', 1, { node: 'Index Scan using i' }), false],
    ['no plan', '', false],
  ])('%s', (_, text, isOne) => {
    expect(readsWholeTable(text)).toBe(isOne);
  });
});

describe('seq-scan', () => {
  const seqScans = new Set(['SELECT item']);

  test('is of each execution, strong where it took long', () => {
    const slow = item(0, { serviceNs: 20e6 });
    expect(look('seq-scan', [slow, slow], {}, { seqScans })).toMatchObject([
      { confidence: 'strong', times: 2, costNs: 40e6, caller: 'views.py:7' },
    ]);
    expect(look('seq-scan', [item(0)], {}, { seqScans })).toMatchObject([{ confidence: 'weak' }]);
  });

  test('is not of other statements, nor of one that failed', () => {
    expect(look('seq-scan', [{ sql: 'SELECT list' }], {}, { seqScans })).toEqual([]);
    expect(look('seq-scan', [item(0, { sqlstate: '57014' })], {}, { seqScans })).toEqual([]);
    expect(look('seq-scan', [item(0)])).toEqual([]);
  });

  test('is known by the newest plan, of so many statements', () => {
    const known = new SeqScans();
    known.note({ fingerprint: 'a', plan: plan('1791.00', 1) });
    known.note({ fingerprint: 'a', plan: '' });
    expect([...known.fingerprints]).toEqual(['a']);
    known.note({ fingerprint: 'a', plan: plan('8.30', 1, { node: 'Index Scan using i' }) });
    expect([...known.fingerprints]).toEqual([]);
    for (let n = 0; n < limits.seqScansMax + 2; n++) known.note({ fingerprint: `f${n}`, plan: plan('1791.00', 1) });
    expect(known.fingerprints.size).toBe(limits.seqScansMax);
    expect(known.fingerprints.has('f1')).toBe(false);
  });
});

describe('a real server', () => {
  const postgres = usePostgres();
  const startSidecar = useSidecar();

  test('says it of a table without the index that its twin has', async () => {
    for (const table of ['bare', 'indexed'])
      await postgres().query(
        `CREATE TABLE ${table} AS SELECT n AS id, n::text AS name FROM generate_series(1, 200000) n`,
      );
    await postgres().query('CREATE INDEX ON indexed (id); ANALYZE bare, indexed');
    const { host, port, user, database } = postgres();
    const dsn = `postgres://${user}@${host}:${port}/${database}`;
    const sidecar = await startSidecar(postgres(), ['--samples-dsn', dsn]);
    const client = new pg.Client({ host: sidecar.host, port: sidecar.port, user, database });
    await client.connect();
    const ask = async (at: string) => (await fetch(`${sidecar.httpUrl}/api/v1/${at}`)).json();
    /** pg_sleep makes both slow enough to be asked for. */
    const request = async () => {
      for (const table of ['bare', 'indexed'])
        await client.query(`SELECT name, pg_sleep(0.02) FROM ${table} WHERE id = 77 /*request_id='${Math.random()}'*/`);
    };
    const planOf = async (table: string): Promise<string> => {
      const { statements } = (await ask('statements')) as { statements: Array<{ query: string; fingerprint: string }> };
      const one = statements.find(({ query }) => query.includes(`FROM ${table} WHERE`));
      if (one === undefined) return '';
      const { plan } = (await ask(`statements/${one.fingerprint}/samples`)) as { plan: { text: string | null } | null };
      return plan?.text ?? '';
    };
    const titles = async (): Promise<string[]> => {
      const { findings } = (await ask('findings')) as { findings: Array<{ kind: string; title: string }> };
      return findings.filter(({ kind }) => kind === 'seq-scan').map(({ title }) => title);
    };
    await until('both plans are known, and the bare table is told', async () => {
      await request();
      return (await planOf('bare')) !== '' && (await planOf('indexed')) !== '' && (await titles()).length > 0;
    });
    expect(await planOf('indexed')).toContain('Index');
    expect(await titles()).toEqual([expect.stringContaining('bare')]);
    await client.end();
  });
});
