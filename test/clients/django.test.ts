// The Python package's tags on a real Django's statements, with several drivers.

import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { APP_REQUIREMENTS } from '../apps/app.js';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { LOG_EVERY_STATEMENT, readServerLog } from '../kit/server-log.js';
import { statementsWith, statementWith, type WitnessReport, witnessed } from '../kit/witness.js';
import { ALL_TAGS, markedLine, requestsOfRoute, runProgram } from './client.js';

const PROGRAM = path.join(ROOT, 'test', 'clients', 'django_app.py');

/** The marked line that sends it, a piece of its text, source and construct. */
const SENT = [
  ['queryset', '"auth_group"."id" <', 'django-orm', 'queryset'],
  ['queryset', '"_prefetch_related_val_group_id"', 'django-orm', 'queryset'],
  ['while compiling', 'nextval', 'raw', 'cursor'],
  ['create', 'INSERT INTO "invoices_invoice" ("number", "paid") VALUES', 'django-orm', 'queryset'],
  ['rawsql', 'UPDATE "invoices_invoice"', 'django-orm', 'rawsql'],
  ['extra', '"shout"', 'django-orm', 'extra'],
  ['server-side cursor', 'DECLARE "_django_curs_', 'django-orm', 'server-side-cursor'],
  ['raw queryset', 'SELECT id, name FROM auth_group', 'raw', 'raw-queryset'],
  ['no parameters', 'SELECT name FROM auth_group WHERE name LIKE ? ORDER BY', 'raw', 'cursor'],
  ['parameters', 'reverse(name)', 'raw', 'cursor'],
  ['many', 'INSERT INTO auth_group (name)', 'raw', 'cursor'],
  ["the ORM's text", '"auth_group" ORDER BY', 'raw', 'cursor'],
  ['composed', 'SELECT max(id)', 'raw', 'cursor'],
  ['tagged', 'DELETE FROM "auth_group" ', 'django-orm', 'queryset'],
  ['core', 'SELECT auth_group.name', 'sqlalchemy', 'core'],
  ['text', 'lower(name) FROM', 'sqlalchemy', 'text'],
  ['driver level', 'AS level', 'sqlalchemy', 'text'],
  ['flush', 'INSERT INTO customer', 'sqlalchemy', 'orm'],
  ['session', 'ORDER BY customer.name', 'sqlalchemy', 'orm'],
  ['editor', 'INDEX by_hand', 'raw', 'cursor'],
] as const;

await describeWithPython(
  'clients/python with Django and SQLAlchemy',
  (python) => {
    const postgres = usePostgres({ settings: LOG_EVERY_STATEMENT });

    describe.each(['psycopg', 'psycopg2', 'server-side'])('on %s', (driver) => {
      let report: WitnessReport;
      /** Texts with tags, as the server was sent them. */
      let tagged: string[];
      let untagged: string[];

      beforeAll(async () => {
        const database = `tagged_${driver.replace('-', '_')}`;
        await postgres().query(`CREATE DATABASE ${database}`);
        const before = readServerLog(postgres().dataDirectory).length;
        const clients = async (env: NodeJS.ProcessEnv) => {
          await runProgram(python, PROGRAM, { env, args: [driver] });
        };
        report = await witnessed({ ...postgres(), database }, clients, { config: ALL_TAGS });
        const sent = readServerLog(postgres().dataDirectory).slice(before);
        tagged = sent.filter(({ sql }) => sql.includes('pgwitness_source')).map(({ sql }) => sql);
        untagged = sent.filter(({ sql }) => !sql.includes('pgwitness_source')).map(({ sql }) => sql);
      });

      test.each(SENT)('%s: %s is %s %s, for certain', (mark, piece, source, construct) => {
        const statement = statementWith(report, piece);
        expect(statement).toMatchObject({ source, construct, confidence: 'certain', errors: 0 });
        expect(statement.tags.caller).toEqual([markedLine(PROGRAM, mark)]);
      });

      test('what Django writes by itself is Django’s', () => {
        const constructOf = (piece: string) =>
          new Set(statementsWith(report, piece).map(({ source, construct }) => `${source} ${construct}`));
        expect(constructOf('"cache_table"')).toEqual(new Set(['django-orm internal']));
        expect(constructOf('CREATE TABLE "auth_')).toEqual(new Set(['django-orm migration']));
        expect(constructOf('CREATE SEQUENCE')).toEqual(new Set(['raw cursor']));
        expect(constructOf('c.relname, CASE')).toEqual(new Set(['django-orm introspection']));
      });

      test('routes, commands and the application’s tags come with them', () => {
        expect(statementWith(report, '"shout"').tags).toMatchObject({
          route: ['orm/<int:number>/'],
          app_version: ['1.2 beta'],
        });
        expect(statementWith(report, 'AS level').tags.route).toEqual(['/']);
        expect(statementWith(report, 'CREATE TABLE "auth_group" ').tags.command).toEqual(['migrate']);
        expect(statementWith(report, 'DELETE FROM "auth_group" ').tags).toMatchObject({
          flag: ["it's on"],
          cache: ['false'],
        });
      });

      test('what is streamed and what is asynchronous belongs to its request', () => {
        const ofRoute = (route: string) => report.statements.filter(({ tags }) => tags.route?.includes(route));
        expect(ofRoute('streamed/')).toHaveLength(1);
        expect(ofRoute('async/')).toHaveLength(1);
      });

      test('requests that send nothing are told by the next of their route that does', async () => {
        const of = (route: string) => requestsOfRoute(report.data, route);
        expect(await of('cached/')).toEqual({ requests: 2, idle: 4 });
        expect(await of('cached-parts/')).toEqual({ requests: 1, idle: 2 });
        expect(await of('cached-async/')).toEqual({ requests: 1, idle: 2 });
        const told = tagged.flatMap((sql) => /idle_requests='(\d+)'/.exec(sql)?.[1] ?? []);
        expect(told.sort()).toEqual(['1', '2', '2', '3']);
      });

      test('all statements of a request have its id, Django’s and SQLAlchemy’s', () => {
        for (const route of ['orm/%3Cint:number%3E/', 'raw/', '/']) {
          const ofRoute = tagged.filter((sql) => sql.includes(`route='${route}'`));
          expect(ofRoute.length).toBeGreaterThan(4);
          expect(ofRoute.filter((sql) => !sql.includes("request_id='request%207'"))).toEqual([]);
        }
      });

      test('the wire sees one comment per statement, at its end, with single percent signs', () => {
        expect(tagged.length).toBeGreaterThan(60);
        for (const sql of tagged) {
          expect(sql).toMatch(/[ \n]\/\*(?:[\w.]+='(?:[\w.~:/-]|%[0-9A-F]{2})*',?)+\*\/;?$/);
          expect(sql.split('pgwitness_source=')).toHaveLength(2);
        }
      });

      test('percent signs of the statement itself arrive as they would without', () => {
        expect(tagged.some((sql) => sql.includes("LIKE '%new%' ORDER BY 1 /*"))).toBe(true);
        expect(tagged.some((sql) => sql.includes("LIKE '%z' AND id > "))).toBe(true);
      });

      test('transactions, settings and COPY are left alone', () => {
        const words = new Set(untagged.map((sql) => sql.trimStart().split(/[\s;]/, 1)[0].toUpperCase()));
        for (const word of ['BEGIN', 'COMMIT', 'SAVEPOINT', 'RELEASE', 'COPY', 'FETCH']) expect(words).toContain(word);
      });
    });
  },
  { requirements: APP_REQUIREMENTS },
);
