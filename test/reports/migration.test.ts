// The report of a migration: what is left, what came back, what new versions cost, by week.
// Not here: pairs of whole requests (per-request.test.ts), the ledger's file (../audit/ledger.test.ts).

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseLedger } from '../../audit/ledger/ledger.js';
import { openPlaces, type Place } from '../../cli/reading/place.js';
import { Api } from '../../dashboards/http/api.js';
import { LogHistogram } from '../../facts/histogram.js';
import { type MigrationReport, reportMigration } from '../../reports/compare/migration.js';
import { migrationJson } from '../../reports/compare/migration-json.js';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { pgwitness } from '../cli/command.js';
import { temporaryDirectory } from '../kit/sidecar.js';
import { DAY_START_MIN, entryOf, flushOf, MINUTE_MS, rollupOf, tagsOf, verdictOf } from '../storage/flushes.js';

const DAY_MIN = 1_440;
const MS = 1e6;
const [RANK, TOTALS, TREE, SHARED, NEW_RANK, STRAY] = [1, 2, 3, 4, 5, 6].map((n) => `aaaa00000000000${n}`);

const LEDGER = `
version: 1
groups: {'store/jobs*': Jobs}
places:
  - {id: rank, at: 'store/reports.py:10', function: rank, function_lines: [8, 20], kind: raw, in_code: false, state: done, statements: [${RANK}], routes: [rank]}
  - {id: totals, at: 'store/jobs.py:4', function: totals, kind: sqlalchemy, in_code: false, state: done, statements: [${TOTALS}]}
  - {id: tree, at: 'store/reports.py:40', function: tree, kind: raw, state: stays, reason: recursive, statements: [${TREE}], owner: ann, ticket: 7}
  - {id: here, at: 'store/a.py:1', function: f, kind: raw, state: doing, statements: [${SHARED}], routes: [a], new: {fingerprint: ${NEW_RANK.slice(0, 16)}, source: django-orm}}
  - {id: there, at: 'store/b.py:1', function: f, kind: raw, statements: [${SHARED}]}
  - {id: unseen, at: 'store/b.py:9', function: g, kind: raw}
  - {id: lost, at: 'store/c.py:9', function: g, kind: raw, in_code: false, state: gone}
  - {id: kept, at: 'store/c.py:19', function: h, kind: raw, state: done}
history:
  - {on: 2026-02-27, todo: 6, doing: 2}
  - {on: 2026-03-06, todo: 2, doing: 1}
`;

let data: string;
let elsewhere: string;
let ledgerFile: string;
let place: Place;
let report: MigrationReport;

interface Ran {
  fingerprint: string;
  source?: string;
  construct?: string;
  ms: number;
  calls: number;
  caller?: string;
}

function histogramOf(calls: number, ms: number): LogHistogram {
  const histogram = new LogHistogram();
  for (let n = 0; n < calls; n++) histogram.add(ms * MS);
  return histogram;
}

function flushed(minute: number, ran: readonly Ran[]) {
  const each = ran.map(({ source = 'raw', construct = 'cursor', ...rest }) => ({ source, construct, ...rest }));
  return flushOf({
    atMs: minute * MINUTE_MS,
    rollups: each.map(({ ms, calls, caller: _, ...key }) =>
      rollupOf({ minute, ...key, callsNs: Array(calls).fill(ms * MS) }),
    ),
    catalogue: each.map(({ fingerprint }) => entryOf({ fingerprint, keyHash: fingerprint })),
    statements: each.map(({ fingerprint, source, construct }) =>
      verdictOf({ fingerprint, source, construct, firstSeenMs: minute * MINUTE_MS, lastSeenMs: minute * MINUTE_MS }),
    ),
    tags: each.flatMap(({ caller, ms, calls, fingerprint, source }) =>
      caller === undefined
        ? []
        : [
            tagsOf(
              { caller, route: 'rank' },
              {
                minute,
                fingerprint,
                source,
                calls,
                serviceTotalNs: calls * ms * MS,
                histogram: histogramOf(calls, ms),
              },
            ),
          ],
    ),
  });
}

beforeAll(async () => {
  await build(() => {});
  data = temporaryDirectory('migration');
  elsewhere = temporaryDirectory('no-ledger');
  ledgerFile = join(data, 'migration.yaml');
  writeFileSync(ledgerFile, LEDGER);
  const store = openSqliteStore({ dataDir: data });
  const week = 7 * DAY_MIN;
  store.flush(
    flushed(DAY_START_MIN - DAY_MIN, [{ fingerprint: RANK, ms: 10, calls: 40, caller: 'store/reports.py:10' }]),
  );
  store.flush(
    flushed(DAY_START_MIN, [
      { fingerprint: RANK, ms: 10, calls: 40, caller: 'store/reports.py:10' },
      { fingerprint: TREE, ms: 1, calls: 10 },
    ]),
  );
  store.flush(
    flushed(DAY_START_MIN + week, [
      // The ORM's own version of it has the fingerprint of what it replaced.
      {
        fingerprint: RANK,
        source: 'django-orm',
        construct: 'queryset',
        ms: 20,
        calls: 30,
        caller: 'store/reports.py:12',
      },
      {
        fingerprint: NEW_RANK,
        source: 'django-orm',
        construct: 'queryset',
        ms: 5,
        calls: 30,
        caller: 'store/reports.py:14',
      },
      { fingerprint: TOTALS, source: 'sqlalchemy', construct: 'core', ms: 2, calls: 5 },
      { fingerprint: TREE, ms: 1, calls: 10 },
      { fingerprint: SHARED, ms: 1, calls: 25, caller: 'store/a.py:1' },
      { fingerprint: STRAY, source: 'housekeeping', construct: '', ms: 1, calls: 500 },
    ]),
  );
  store.close();
  place = await openPlaces({ directories: [data], urls: [] });
  const { ledger } = parseLedger(LEDGER, 'migration.yaml');
  report = await reportMigration(place, { ledger, range: {} });
  return () => place.close();
});

const of = (id: string) => report.ledger!.places.find(({ entry }) => entry.id === id)!;
const pair = (id: string) => report.ledger!.pairs.find((one) => one.id === id)!;

describe('a place', () => {
  test('is seen by its own kind of source alone', () => {
    expect(of('rank')).toMatchObject({ seen: null, regressed: null, group: 'store', target: 'django-orm' });
    expect(of('totals')).toMatchObject({ seen: { executions: 5, timeNs: 10 * MS }, regressed: 'seen', group: 'Jobs' });
    expect(of('lost')).toMatchObject({ seen: null, lastSeenMs: null, regressed: null });
    expect(of('kept')).toMatchObject({ regressed: 'in-code' });
  });

  test('that shares its statement has what its own file sent', () => {
    expect(of('here').seen).toMatchObject({ executions: 25, routes: ['rank'] });
    expect(of('there').seen).toBeNull();
  });
});

describe('what is to move', () => {
  test('is what is neither the ORM nor housekeeping nor said to stay', () => {
    expect(report.old).toMatchObject({ statements: 2, executions: 30 });
    expect(report.old.callShare).toBeCloseTo(30 / 100);
    expect(report.weekBefore?.old).toMatchObject({ statements: 1, executions: 80 });
    expect(report.ledger!.states).toEqual({ todo: 2, doing: 1, done: 3, stays: 1, gone: 1 });
    expect([...report.ledger!.files]).toEqual([
      ['store/b.py', 2],
      ['store/a.py', 1],
    ]);
    expect([...report.ledger!.routes]).toEqual([['a', 1]]);
  });

  test('falls by week, in the code and in the traffic', () => {
    expect(
      report.weeks.map(({ startMs, placesLeft, old }) => [
        new Date(startMs).toISOString().slice(0, 10),
        placesLeft,
        old.statements,
      ]),
    ).toEqual([
      ['2026-02-23', 8, 1],
      ['2026-03-02', 3, 2],
    ]);
  });
});

describe('a new version', () => {
  test('is what the function sends by the target, beside the old one before the window', () => {
    expect(pair('rank')).toMatchObject({ by: 'function', per: 'execution', oldBefore: true, reason: null });
    expect(pair('rank').old).toMatchObject({ uses: 80, timeNs: 10 * MS });
    expect(pair('rank').new).toMatchObject({ uses: 30, statements: 2, timeNs: 25 * MS });
    expect(pair('rank').time).toMatchObject({ judgement: 'slower', factor: 2.5, low: 2.5, high: 2.5 });
    expect(report.ledger!.groups.find(({ group }) => group === 'store')?.factors).toEqual({ low: 2.5, high: 5 });
  });

  test('that the ledger names is taken as it is named', () => {
    expect(pair('here')).toMatchObject({ by: 'ledger', oldBefore: false, old: { uses: 25 }, new: { uses: 30 } });
  });

  test('is not guessed', () => {
    expect(pair('totals')).toMatchObject({ time: null, reason: expect.stringContaining('write new: in the ledger') });
    expect(report.ledger!.notKnown).toEqual([
      '1 place has no known statement: run its code, then audit with --ledger again',
      '2 places that are done cannot be compared with what replaced them: see their pairs',
    ]);
  });
});

test('the API says of the ledger what the command says', async () => {
  const reader = openReader(data);
  const api = new Api({ reader, files: { ledger: ledgerFile, code: '' } });
  const { body } = await api.answer('/api/v1/progress');
  const without = await new Api({ reader }).answer('/api/v1/progress');
  reader.close();
  const { migration } = JSON.parse(String(body));
  const { ledger } = parseLedger(LEDGER, ledgerFile);
  const expected = migrationJson(await reportMigration(place, { ledger, range: {} }));
  expect(migration).toEqual(JSON.parse(JSON.stringify(expected)));
  expect(JSON.parse(String(without.body)).migration).toBeNull();
  const { stdout, code } = await pgwitness(['progress', '--data', data, '--ledger', ledgerFile, '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(migration);
});

test('the text says it in tables; without a ledger it says how to make one', async () => {
  const { stdout } = await pgwitness(['progress', '--data', data, '--ledger', ledgerFile]);
  expect(stdout).toContain('4 of 8 places are migrated (50 %)');
  expect(stdout).toMatch(/store\/reports\.py:10 rank .* 2\.50× slower/);
  expect(stdout).toMatch(/store\/jobs\.py:4 +totals +done +5 executions, last 2026-03-\d\d/);
  expect(stdout).toMatch(/^django-orm +2 \(0\) +60 \(0\)/m);
  const markdown = await pgwitness(['progress', '--data', data, '--ledger', ledgerFile, '--format', 'markdown']);
  expect(markdown.stdout).toContain('| store | 2 | 1 | 2 | 1 | 1 |');
  const bare = await pgwitness(['progress', '--data', data], { cwd: data });
  expect(bare.stdout).toContain('4 of 8 places');
  const none = await pgwitness(['progress', '--data', data], { cwd: elsewhere });
  expect(none.stdout).toContain('There is no ledger: make one with pgwitness audit PATH --ledger migration.yaml');
});
