// `check --none --production`: what production ran, beside what the sidecars of staging saw.
// Invariant: of each file the same statement fails, passes or is not shown. Not here: other conditions (judge.test.ts).

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { UserRules } from '../../analyzer/attribution/rules/rule-user.js';
import { loadLineReader } from '../../analyzer/texts/line-reader.js';
import { build } from '../../scripts/lib/setup/build.mjs';
import { ordinaryUser } from '../../scripts/lib/setup/ordinary-user.mjs';
import { pgwitness } from '../cli/command.js';
import { usePostgres } from '../kit/postgres.js';
import { temporaryDirectory } from '../storage/flushes.js';
import { FROM_MS, judged, ORM, said, storeOf } from './judged.js';

beforeAll(() => build(() => {}));

/** Django's alone; in the form of SQLAlchemy; and what anybody may have written. */
const DJANGO = 'SELECT COUNT(*) AS "__count" FROM "book" WHERE "book"."id" = $1';
const ALCHEMY = "SELECT stock.id FROM stock WHERE stock.id = $1 /*db_framework='sqlalchemy%3A2.0.58'*/";
const ANYBODY = 'select id from stock where id = $1';
const NONE = { none: ['source=sqlalchemy'] };
/** Staging ran DJANGO too. */
const DJANGO_HERE = { of: ORM, fingerprint: '2aaf9b57a8cba996' } as const;
const staging = () => storeOf([{ of: ORM }, DJANGO_HERE]);

function fileOf(text: string | object, name = 'production.json'): string {
  const file = join(temporaryDirectory(), name);
  writeFileSync(file, typeof text === 'string' ? text : JSON.stringify(text));
  return file;
}

/** Of all the window, and nothing was dropped. */
const WHOLE = { stats_reset: '2026-02-01 00:00:00.5+00', exported_at: '2026-03-01 01:00:00+00', dealloc: 0 };
const table = (...queries: string[]) => queries.map((query, at) => ({ query, calls: at + 1, ...WHOLE }));
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;

describe('a statement of production', () => {
  test('of the library fails the proof, of another does not', async () => {
    const passed = await judged(staging(), { ...NONE, production: [fileOf(table(DJANGO))] });
    expect(said(passed)).toEqual([]);
    expect(passed.outcome).toBe('passed');
    expect(passed.coverage.production).toEqual([
      expect.objectContaining({
        kind: 'pg_stat_statements',
        statements: 1,
        executions: 1,
        unknownHere: 0,
        sinceMs: Date.parse('2026-02-01T00:00:00.500Z'),
      }),
    ]);
    const failed = await judged(staging(), { ...NONE, production: [fileOf(table(DJANGO, ALCHEMY))] });
    expect(said(failed)).toEqual([
      expect.stringMatching(/^failed: 2 executions in production \(.*production\.json\)$/),
    ]);
    expect(failed.failed[0]).toMatchObject({ source: 'sqlalchemy', query: expect.stringContaining('FROM stock') });
  });

  test('that anybody may have written is not shown, unless staging knows who sends it', async () => {
    const production = [fileOf(table(DJANGO, ANYBODY))];
    const untold = await judged(staging(), { ...NONE, production });
    expect(said(untold)).toEqual([
      expect.stringMatching(
        /2 executions of 1 statements may fit, and neither their text nor staging tells: [0-9a-f]{16}$/,
      ),
    ]);
    expect((await judged(staging(), { ...NONE, production, allow: ['production=2'] })).outcome).toBe('passed');
    const read = await loadLineReader(new UserRules([]));
    const [{ fingerprint }] = read({ facts: { relayId: '' } }, ANYBODY);
    const known = (source: string) => storeOf([{ of: ORM }, DJANGO_HERE, { of: ORM, fingerprint, source }]);
    expect((await judged(known('raw'), { ...NONE, production })).outcome).toBe('passed');
    // Here it is told by what ran here, too.
    expect(said(await judged(known('sqlalchemy'), { ...NONE, production }))).toContainEqual(
      expect.stringMatching(/^failed: 2 executions in production/),
    );
  });

  const SQLALCHEMY_TOO = 'SELECT count(*) AS count_1 FROM book WHERE book.id = $1';
  test.each([
    ['staging never ran it', [], 'not shown'],
    ['staging has it from Django', [DJANGO_HERE], 'passed'],
    ['staging has it from both', [DJANGO_HERE, { ...DJANGO_HERE, source: 'sqlalchemy' }], 'not shown'],
    ['staging has it from SQLAlchemy', [{ ...DJANGO_HERE, source: 'sqlalchemy' }], 'not shown'],
    ['staging does not know all who sent it', [DJANGO_HERE, { ...DJANGO_HERE, source: 'unknown' }], 'not shown'],
  ])('whose first text is Django’s may hide another spelling: %s', async (_, here, outcome) => {
    const read = await loadLineReader(new UserRules([]));
    const fingerprints = [DJANGO, SQLALCHEMY_TOO].map((sql) => read({ facts: { relayId: '' } }, sql)[0].fingerprint);
    expect(fingerprints).toEqual([DJANGO_HERE.fingerprint, DJANGO_HERE.fingerprint]);
    // What staging saw of it before the window counts, too, and is none of the window itself.
    const store = storeOf([{ of: ORM }, { of: ORM, minute: 9 }, ...here]);
    const asked = { ...NONE, sinceMs: FROM_MS + 5 * 60_000 };
    const result = await judged(store, { ...asked, production: [fileOf(table(DJANGO))] });
    expect(result.outcome).toBe(outcome);
    if (outcome !== 'passed')
      expect(said(result)).toEqual([
        expect.stringMatching(/^not shown: .*: 1 executions of 1 statements may fit, .* tells: 2aaf9b57a8cba996$/),
      ]);
    // A log has each execution with its own text.
    const entry = (time: string) => `2026-03-01 ${time} UTC [7] app@shop app=web LOG:  statement: ${DJANGO}`;
    const log = fileOf([entry('00:00:00'), entry('00:59:00')].join('\n'), 'p.log');
    const logged = await judged(store, { ...asked, production: [log] });
    expect(said(logged)).toEqual([]);
  });

  test.each([
    ['table=stock', 'failed'],
    ['source=raw,table=shop_order', 'passed'],
    ['table=book,route=api/b', 'not shown'],
    ['handwritten', 'failed'],
  ])('%s: %s', async (scope, outcome) => {
    const store = storeOf([
      { of: ORM, minute: 0, tags: { route: 'api/b' } },
      { of: 'aaaa000000000001', minute: 0 },
      { of: 'cccc000000000001', minute: 0 },
      { of: ORM, minute: 9, tags: { route: 'api/c' } },
    ]);
    const asked = { none: [scope], sinceMs: FROM_MS + 5 * 60_000 };
    const production = [fileOf(table(DJANGO, ANYBODY))];
    expect((await judged(store, { ...asked, production })).outcome).toBe(outcome);
  });

  test('an exception covers it', async () => {
    const exceptions = [{ reason: 'until spring', match: { source: 'sqlalchemy' } }];
    const asked = { ...NONE, exceptions, production: [fileOf(table(DJANGO, ALCHEMY))] };
    expect((await judged(staging(), asked)).outcome).toBe('passed');
  });
});

describe('forms', () => {
  test.each([
    ['a JSON list', () => fileOf(table(DJANGO, ALCHEMY))],
    [
      'JSON lines',
      () =>
        fileOf(
          table(DJANGO, ALCHEMY)
            .map((row) => JSON.stringify(row))
            .join('\n'),
        ),
    ],
    ['CSV', () => fileOf(`calls,query\r\n1,${quoted(DJANGO)}\r\n2,${quoted(ALCHEMY)}\r\n`, 'production.csv')],
    [
      'an export of pgwitness',
      () =>
        fileOf({
          window: { since: '2026-03-01T00:00:00Z', until: '2026-03-02T00:00:00Z' },
          statements: [
            {
              fingerprint: 'cccc000000000001',
              source: 'sqlalchemy',
              construct: 'core',
              confidence: 'strong',
              query: 'SELECT 1',
              summary: 'SELECT',
              calls: 1,
              errors: 1,
            },
          ],
        }),
    ],
    [
      'a log',
      () =>
        fileOf(
          [
            '2026-03-01 00:00:00.000 UTC [7] app@shop app=web LOG:  statement: BEGIN',
            `2026-03-01 00:00:00.000 UTC [7] app@shop app=web LOG:  execute <unnamed>: ${ALCHEMY}`,
            `2026-03-01 00:00:00.000 UTC [7] app@shop app=web LOG:  execute <unnamed>: ${ALCHEMY}`,
          ].join('\n'),
          'postgresql.log',
        ),
    ],
  ])('%s', async (_, make) => {
    const { failed } = await judged(staging(), { ...NONE, production: [make()] });
    expect(failed.map(({ source, executions }) => ({ source, executions }))).toEqual([
      { source: 'sqlalchemy', executions: 2 },
    ]);
  });

  test('a data directory, with what was lost there', async () => {
    const lost = { losses: [{ counterId: 'r', minute: FROM_MS / 60_000, reason: 'queue_full', count: 3 }] };
    const production = [storeOf([{ of: 'cccc000000000001' }], lost)];
    const result = await judged(staging(), { ...NONE, production });
    expect(said(result)).toEqual([
      expect.stringMatching(/^failed: 1 execution in production/),
      expect.stringMatching(/^not shown: production \(.*\): 3 executions were not observed \(queue_full 3\)$/),
    ]);
    const clean = await judged(staging(), {
      ...NONE,
      production: [
        storeOf([{ of: ORM }], {
          gaps: [{ fromMinute: FROM_MS / 60_000, untilMinute: FROM_MS / 60_000, reason: 'killed' }],
        }),
      ],
    });
    expect(said(clean)).toEqual([expect.stringMatching(/^not shown: production \(.*\): a relay was killed/)]);
  });

  const MINUTE = FROM_MS / 60_000;
  const loss = { counterId: 'r', minute: MINUTE, reason: 'connection_closed', count: 2 };
  const lost = (source: string) => ({
    ...{ minute: MINUTE, reason: 'connection_closed', fingerprint: 'dddd000000000001', source, construct: 'core' },
    ...{ pool: 'django', query: 'SELECT 2', summary: 'SELECT', count: 2 },
  });
  const sample = (minute: number) => ({
    minute: MINUTE + minute,
    connections: minute === 7 ? 1 : 0,
    clients: minute === 7 ? [{ user: 'app', applicationName: 'cron', connections: 1 }] : [],
    reason: '',
  });
  test.each([
    ['nothing', {}, []],
    [
      'a loss of the library',
      { losses: [loss], lostStatements: [lost('sqlalchemy')] },
      [/^failed: production \(.*\): 2 lost executions of sqlalchemy \(connection_closed\)$/],
    ],
    ['a loss of another', { losses: [loss], lostStatements: [lost('raw')] }, []],
    [
      'silence',
      { watched: [{ fromMinute: MINUTE - 120, untilMinute: MINUTE + 19 }] },
      [/^not shown: production \(.*\): nothing says that pgwitness ran from 2026-03-01 00:20 UTC to 2026-03-01 01:00/],
    ],
    [
      'who went past it',
      { bypass: Array.from({ length: 60 }, (_, minute) => sample(minute)) },
      [/^not shown: production \(.*\): up to 1 connections went past pgwitness, in 1 of 60 samples: app \(cron\)$/],
    ],
  ])('a data directory says of itself: %s', async (_, parts, expected) => {
    const production = [storeOf([{ of: ORM }], parts)];
    const result = await judged(staging(), { ...NONE, production });
    expect(said(result)).toEqual(expected.map((one) => expect.stringMatching(one)));
  });

  test('since when it counts, and what it dropped', async () => {
    const rows = (more: object) => [fileOf(table(DJANGO).map((row) => ({ ...row, ...more })))];
    const asked = { ...NONE, sinceMs: FROM_MS };
    const from = (stats_reset: string, exported_at = '2026-03-01 02:00:00+00') => rows({ stats_reset, exported_at });
    const store = staging;
    expect((await judged(store(), { ...asked, production: from('2026-02-01 00:00:00.5+00') })).outcome).toBe('passed');
    // An hour is given to the way from there to here.
    const early = await judged(store(), {
      ...{ ...asked, untilMs: FROM_MS + 7_200_000 },
      production: from('2026-02-01 00:00:00+00', '2026-03-01 00:59:00+00'),
    });
    expect(said(early)).toContainEqual(
      expect.stringMatching(/is known until 2026-03-01 00:59 UTC, and the window ends at 2026-03-01 02:00 UTC/),
    );
    // The window of no --since is what staging recorded.
    expect(said(await judged(store(), { ...NONE, production: from('2026-03-01 00:30:00+00') }))).toEqual([
      expect.stringMatching(/is known from 2026-03-01 00:30 UTC on/),
    ]);
    expect(said(await judged(store(), { ...asked, production: from('2026-03-01 00:30:00+00') }))).toEqual([
      expect.stringMatching(/is known from 2026-03-01 00:30 UTC on, and the window begins at 2026-03-01 00:00 UTC/),
    ]);
    expect(
      said(await judged(store(), { ...asked, production: from('2026-01-01 00:00:00+00', '2026-02-01 00:00:00+00') })),
    ).toEqual([expect.stringMatching(/is of before the window/)]);
    expect(said(await judged(store(), { ...asked, production: rows({ dealloc: 4 }) }))).toEqual([
      expect.stringMatching(/pg_stat_statements dropped entries 4 times/),
    ]);
  });

  test.each([
    ['since when', { ...WHOLE, stats_reset: undefined }, /does not say since when it counts$/],
    ['until when', { ...WHOLE, exported_at: undefined }, /does not say until when it counts$/],
    ['what it dropped', { ...WHOLE, dealloc: undefined }, /does not say how often .* dropped entries \(dealloc\)$/],
  ])('a table that does not say %s', async (_, more, expected) => {
    const rows = [{ query: DJANGO, calls: 100, ...more }];
    const asked = { ...NONE, production: [fileOf(rows)] };
    expect(said(await judged(staging(), asked))).toEqual([expect.stringMatching(expected)]);
    expect((await judged(staging(), { ...asked, allow: ['production=99%'] })).outcome).toBe('not shown');
    expect((await judged(staging(), { ...asked, allow: ['production=100'] })).outcome).toBe('passed');
  });

  const entry = (time: string) => `${time} [7] app@shop app=web LOG:  execute <unnamed>: ${DJANGO}`;
  test.each([
    ['of the window', ['2026-02-28 23:59:59.000 UTC', '2026-03-01 00:59:00.000 UTC'], []],
    [
      'of a part',
      ['2026-03-01 01:30:00.000 +01', '2026-03-01 00:59:00.000 UTC'],
      [/is known from 2026-03-01 00:30 UTC/],
    ],
    ['without times', ['', ''], [/does not say until when/, /does not say since when/]],
    [
      'in a zone with a name',
      ['2026-03-01 00:00:00.000 CET', ''],
      [/does not say until when/, /does not say since when/],
    ],
  ])('a log %s', async (_, times, expected) => {
    const production = [fileOf(times.map(entry).join('\n'), 'postgresql.log')];
    const result = await judged(staging(), { ...NONE, production });
    expect(said(result)).toEqual(expected.map((one) => expect.stringMatching(one)));
  });

  test.each([
    [{ exact: true, not_observed: 0 }, []],
    [{ exact: false, not_observed: 7 }, [/says that 7 executions were not observed$/]],
    [{ exact: false, not_observed: 0 }, [/does not say that its sidecars saw everything$/]],
    [undefined, [/does not say that its sidecars saw everything$/]],
  ])('an export says what it lost: %j', async (observed, expected) => {
    const one = { fingerprint: ORM, source: 'django-orm', construct: 'queryset', confidence: 'strong', calls: 3 };
    const statements = [{ ...one, query: 'SELECT "id" FROM "book"', summary: 'SELECT book' }];
    const window = { since: '2026-03-01T00:00:00Z', until: '2026-03-01T01:00:00Z' };
    const production = [fileOf({ window, observed, statements })];
    const result = await judged(staging(), { ...NONE, production });
    expect(said(result)).toEqual(expected.map((what) => expect.stringMatching(what)));
  });

  test.each([
    ['nothing', '', 2, /is nothing that says what production ran/],
    ['other CSV', 'a,b\n1,2\n', 2, /is nothing that says what production ran.*production\.csv/],
    ['an empty table', '[]', 2, /holds no statement/],
    ['broken JSON', '[{"query": "select 1"', 2, /is no whole JSON/],
    ['calls that are none', 'query,calls\nselect 1,many\n', 2, /"many" is not a number of calls: .*entry 1/],
    ['no query', '[{"calls": 1}]', 2, /has no query: .*entry 1/],
    ['hidden texts', '[{"query": "<insufficient privilege>", "calls": 1}]', 2, /are hidden.*pg_read_all_stats/],
    ['a moment that is none', '[{"query": "select 1", "calls": 1, "stats_reset": "soon"}]', 2, /is not a moment/],
  ])('%s is refused', async (_, text, code, message) => {
    const file = fileOf(text, 'production.csv');
    const ran = await pgwitness([
      'check',
      '--none',
      'source=sqlalchemy',
      '--production',
      file,
      '--data',
      storeOf([{ of: ORM }]),
    ]);
    expect(ran.stderr).toMatch(message);
    expect(ran.code).toBe(code);
  });

  test('a file that is not there', async () => {
    const ran = await pgwitness([
      'check',
      '--none',
      'source=raw',
      '--production',
      '/nowhere',
      '--data',
      storeOf([{ of: ORM }]),
    ]);
    expect(ran.stderr).toMatch(/it cannot be read \(ENOENT\): \/nowhere: give a file/);
    expect(ran.code).toBe(3);
  });
});

describe('a real server', () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgwitness-production-'));
  beforeAll(async () => {
    const user = await ordinaryUser();
    if (user) (await import('node:fs')).chownSync(directory, user.uid, user.gid);
  });
  const postgres = usePostgres({ settings: { shared_preload_libraries: 'pg_stat_statements' } });

  test('as docs/CI.md exports it', async () => {
    const client = new pg.Client({ host: '127.0.0.1', port: postgres().port, user: 'postgres', database: 'postgres' });
    await client.connect();
    onTestFinished(() => client.end());
    await client.query('CREATE EXTENSION pg_stat_statements');
    await client.query('CREATE TABLE stock (id int)');
    // The server keeps the first of two spellings, and counts both.
    await client.query('CREATE TABLE book (id int)');
    await client.query('SELECT COUNT(*) AS "__count" FROM "book" WHERE "book"."id" = 3');
    await client.query("SELECT count(*) AS count_1 FROM book WHERE book.id = 3 /*db_framework='sqlalchemy%3A2.0.58'*/");
    await client.query("SELECT stock.id FROM stock WHERE stock.id = 3 /*db_framework='sqlalchemy%3A2.0.58'*/");
    const docs = readFileSync('docs/CI.md', 'utf8');
    const select = /\\copy \((SELECT[\s\S]*?)\) TO/.exec(docs)?.[1] ?? '';
    const file = join(directory, 'production.csv');
    await client.query(`COPY (${select.replace("'shop'", "'postgres'")}) TO '${file}' CSV HEADER`);
    expect(readFileSync(file, 'utf8')).not.toContain('count_1');
    const result = await judged(storeOf([{ of: ORM }]), { ...NONE, production: [file] });
    expect(said(result)).toContainEqual(expect.stringMatching(/^failed: 1 execution in production/));
    expect(said(result)).toContainEqual(
      expect.stringMatching(/executions of \d+ statements may fit, .* tells: .*2aaf9b57a8cba996/),
    );
    expect(result.coverage.production[0].sinceMs).toBeGreaterThan(Date.now() - 600_000);
  });
});
