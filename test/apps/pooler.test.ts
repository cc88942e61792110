// Three applications behind a real PgBouncer in transaction mode, pgwitness in front of the server.
// They share one connection, so only texts tell who sent a statement. docs/ATTRIBUTION.md has the table that is
// measured here; PGWITNESS_WRITE_DOCS=1 writes it.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { type WitnessedStatement, type WitnessReport, witnessed } from '../kit/witness.js';
import { APP_REQUIREMENTS, runApp } from './app.js';
import { behindPgbouncer, findPgbouncer } from './pgbouncer.js';

const DOCS = path.join(ROOT, 'docs', 'ATTRIBUTION.md');
const SAID = ['django-orm', 'sqlalchemy', 'raw', 'unknown'] as const;

/** Who sent a statement, by the tables that only one of them uses. */
function sentBy({ query }: WitnessedStatement): string {
  if (/_by_hand/.test(query)) return 'by hand';
  if (/alchemy_node|pg_catalog\.pg_|pg_class|FROM \(SELECT/.test(query) && !/CASE\s+WHEN c\.relispartition/.test(query))
    return 'SQLAlchemy';
  return 'Django';
}

const program = await findPgbouncer();
if (program === undefined) {
  const reason = 'pgbouncer is not installed (Debian: apt-get install pgbouncer)';
  if (process.env.CI) throw new Error(`these tests need PgBouncer, and CI must have it: ${reason}`);
  console.warn(`skipped: behind PgBouncer: ${reason}`);
}

if (program === undefined) test.skip('behind PgBouncer', () => {});
else
  await describeWithPython(
    'behind PgBouncer',
    (python) => {
      const postgres = usePostgres();
      const seen = new Map<string, WitnessedStatement[]>();

      describe.each(['psycopg', 'psycopg2'])('with %s', (driver) => {
        let report: WitnessReport;
        let statements: WitnessedStatement[];

        beforeAll(async () => {
          const database = `pooled_${driver}`;
          await postgres().query(`CREATE DATABASE ${database}`);
          report = await witnessed({ ...postgres(), database }, (server) =>
            behindPgbouncer(program, server, async (env) => {
              const run = (file: string) => runApp(python, file, { env, args: [driver] });
              await Promise.all([run('pooled_django.py'), run('pooled_sqlalchemy.py'), run('pooled_bare.py')]);
            }),
          );
          statements = report.statements.filter(({ source }) => source !== 'housekeeping');
          seen.set(driver, statements);
        });

        const wrong = (by: string, said: string) =>
          statements.filter((each) => sentBy(each) === by && each.source !== said);

        test('everything went through one connection of the pooler', () => {
          expect(report.observed.not_observed).toBe(0);
          expect(new Set(report.statements.flatMap(({ pools }) => pools)).size).toBe(1);
        });

        test.each([
          ['Django', 'django-orm'],
          ['SQLAlchemy', 'sqlalchemy'],
          ['by hand', 'raw'],
        ])('what %s sent is %s', (by, said) => {
          expect(statements.filter((each) => sentBy(each) === by).length).toBeGreaterThan(8);
          expect(wrong(by, said).map(({ query, source }) => `${source}: ${query}`)).toEqual([]);
        });

        test('SQL by hand is only guessed, and nothing is certain', () => {
          const confidences = (by: string) =>
            new Set(statements.filter((each) => sentBy(each) === by).map(({ confidence }) => confidence));
          expect([...confidences('by hand')]).toEqual(['weak']);
          for (const by of ['Django', 'SQLAlchemy']) expect([...confidences(by)]).not.toContain('certain');
        });
      });

      test('docs/ATTRIBUTION.md has the table', () => {
        const text = readFileSync(DOCS, 'utf8');
        const [before, after] = ['<!-- pooler -->\n', '<!-- end of pooler -->'];
        const [start, end] = [text.indexOf(before) + before.length, text.indexOf(after)];
        const made = `${tableOf([...seen.values()].flat())}\n`;
        if (process.env.PGWITNESS_WRITE_DOCS === '1')
          writeFileSync(DOCS, text.slice(0, start) + made + text.slice(end));
        else expect(text.slice(start, end)).toBe(made);
      });
    },
    { requirements: APP_REQUIREMENTS },
  );

/** Distinct statements by who sent them and what was said, strong ones in front of the slash, weak ones behind it. */
function tableOf(statements: readonly WitnessedStatement[]): string {
  const rows = ['Django', 'SQLAlchemy', 'by hand'].map((by) => {
    const cells = SAID.map((said) => {
      const of = statements.filter((each) => sentBy(each) === by && each.source === said);
      const strong = of.filter(({ confidence }) => confidence === 'strong').length;
      return of.length === 0 ? '' : `${strong} / ${of.length - strong}`;
    });
    return `| ${by} | ${cells.join(' | ')} |`;
  });
  const head = [`| sent by | ${SAID.join(' | ')} |`, `|---|${SAID.map(() => '--:|').join('')}`];
  return [...head, ...rows].join('\n');
}
