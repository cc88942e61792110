// The Python package's tags on a real SQLAlchemy's statements, with several drivers.

import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { APP_REQUIREMENTS } from '../apps/app.js';
import { usePostgres } from '../kit/postgres.js';
import { describeWithPython } from '../kit/python.js';
import { LOG_EVERY_STATEMENT, readServerLog } from '../kit/server-log.js';
import { statementWith, type WitnessReport, witnessed } from '../kit/witness.js';
import { ALL_TAGS, markedLine, runProgram } from './client.js';

const PROGRAM = path.join(ROOT, 'test', 'clients', 'sqlalchemy_app.py');

/** The marked line that sends it, a piece of its text, construct. */
const SENT = [
  ['orm', 'ORDER BY song.id', 'orm'],
  ['core', 'GROUP BY song.plays', 'core'],
  ['core update', 'WHERE song.plays <', 'core'],
  ['text', 'max(plays)', 'text'],
  ['nested', 'DELETE FROM song', 'orm'],
  ['bare', 'min(plays)', 'text'],
] as const;
const ONLY: Readonly<Record<string, readonly [string, string, string]>> = {
  asyncpg: ['awaited', 'count(plays)', 'text'],
  psycopg: ['streamed', 'SELECT song.title', 'core'],
  psycopg2: ['streamed', 'SELECT song.title', 'core'],
};

await describeWithPython(
  'clients/python with SQLAlchemy alone',
  (python) => {
    const postgres = usePostgres({ settings: LOG_EVERY_STATEMENT });

    describe.each(['psycopg', 'psycopg2', 'asyncpg'])('on %s', (driver) => {
      let report: WitnessReport;
      let sent: string[];

      beforeAll(async () => {
        const database = `listened_${driver}`;
        await postgres().query(`CREATE DATABASE ${database}`);
        const before = readServerLog(postgres().dataDirectory).length;
        const clients = async (env: NodeJS.ProcessEnv) => {
          await runProgram(python, PROGRAM, { env, args: [driver] });
        };
        report = await witnessed({ ...postgres(), database }, clients, { config: ALL_TAGS });
        sent = readServerLog(postgres().dataDirectory)
          .slice(before)
          .map(({ sql }) => sql);
      });

      test.each([...SENT, ONLY[driver]])('%s: %s is %s, for certain', (mark, piece, construct) => {
        const statement = statementWith(report, piece);
        expect(statement).toMatchObject({
          source: 'sqlalchemy',
          construct,
          confidence: 'certain',
          calls: 1,
          errors: 0,
        });
        expect(statement.tags).toMatchObject({ caller: [markedLine(PROGRAM, mark)], app_version: ['7'] });
      });

      test('inserts of the ORM are the ORM’s, in a flush and in bulk', () => {
        const inserts = report.statements.filter(({ query }) => query.startsWith('INSERT INTO song'));
        expect(new Set(inserts.map(({ construct }) => construct))).toEqual(new Set(['orm']));
        const callers = new Set(inserts.flatMap(({ tags }) => tags.caller));
        expect(callers).toEqual(new Set([markedLine(PROGRAM, 'flush'), markedLine(PROGRAM, 'bulk insert')]));
      });

      test('each item of an executemany is tagged behind its values', () => {
        const items = sent.filter((sql) => sql.startsWith('UPDATE song SET plays =') && sql.includes("'text'"));
        expect(items).toHaveLength(2);
      });

      test('the wire sees one comment per statement, at its end, with single percent signs', () => {
        const tagged = sent.filter((sql) => sql.includes('pgwitness_source'));
        expect(tagged.length).toBeGreaterThan(9);
        for (const sql of tagged) {
          expect(sql).toMatch(/ \/\*(?:[\w.]+='(?:[\w.~:/-]|%[0-9A-F]{2})*',?)+\*\/;?$/);
          expect(sql.split('pgwitness_source=')).toHaveLength(2);
        }
      });

      test('tags of a block are on what runs in it, and not on its savepoint', () => {
        expect(statementWith(report, 'DELETE FROM song').tags.flag).toEqual(['on']);
        expect(statementWith(report, 'max(plays)').tags.flag).toBeUndefined();
        const savepoints = sent.filter((sql) => sql.includes('sa_savepoint'));
        expect(savepoints.length).toBeGreaterThan(0);
        expect(savepoints.filter((sql) => sql.includes('/*'))).toEqual([]);
      });
    });
  },
  { requirements: APP_REQUIREMENTS },
);
