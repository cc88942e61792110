// Pairs of requests in a migration's report: from mark to mark, and with those from a cache.
// Not here: pairs of statements and the rest of the report (migration.test.ts).

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openPlaces } from '../../cli/reading/place.js';
import type { MarkRow } from '../../facts/flush.js';
import { LogHistogram } from '../../facts/histogram.js';
import type { RequestRollup } from '../../facts/rollup-row.js';
import { type LedgerJson, migrationJson } from '../../reports/compare/migration-json.js';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { pgwitness } from '../cli/command.js';
import { temporaryDirectory } from '../kit/sidecar.js';
import { DAY_START_MIN, entryOf, flushOf, MINUTE_MS, rollupOf, verdictOf } from '../storage/flushes.js';

const MS = 1e6;
const EACH = 30;
const LEDGER = `
version: 1
groups: {'store/jobs*': Jobs, 'store/views*': Views}
places:
  - {id: a, at: 'store/jobs.py:1', function: f, kind: raw, state: doing, old: {route: /old}, new: {route: /new}}
  - {id: b, at: 'store/views.py:1', function: g, kind: raw, state: doing, old: {route: /r, flag: 'off'}, new: {route: /r, flag: 'on'}}
  - {id: c, at: 'store/views.py:9', function: h, kind: raw, in_code: false, state: gone}
`;

interface Sent {
  readonly route: string;
  readonly flag?: string;
  /** Mean time of a request; half of them take 10 % more, half 10 % less. */
  readonly ms: number;
  readonly statements?: number;
  readonly rows?: number;
  readonly idle?: number;
}

/** EACH requests, as the analyzer would have counted them. */
function requestsOf(minute: number, { route, flag, ms, statements = 2, rows = 4, idle = 0 }: Sent): RequestRollup {
  const times = Array.from({ length: EACH }, (_, n) => ms * MS * (n % 2 === 0 ? 0.9 : 1.1));
  const histogramOf = (values: readonly number[]): LogHistogram => {
    const histogram = new LogHistogram();
    for (const value of values) histogram.add(value);
    return histogram;
  };
  const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
  return {
    minute,
    found: 'direct',
    tagSet: JSON.stringify(flag === undefined ? { route } : { flag, route }),
    requests: EACH,
    idleRequests: idle,
    statements: EACH * statements,
    statementsSquared: EACH * statements ** 2,
    statementsMax: statements,
    repeated: 0,
    serviceTotalNs: sum(times),
    serviceSquaredNs2: sum(times.map((ns) => ns ** 2)),
    serviceMaxNs: ms * MS * 1.1,
    rows: EACH * rows,
    rowsSquared: EACH * rows ** 2,
    errors: 0,
    statementHistogram: histogramOf(Array(EACH).fill(statements)),
    serviceHistogram: histogramOf(times),
    parts: new Map(),
  };
}

const markOf = (name: string, { minute, kind = 'manual' }: { minute: number; kind?: MarkRow['kind'] }): MarkRow => ({
  name,
  kind,
  atMs: (DAY_START_MIN + minute) * MINUTE_MS + 30_500,
  fingerprint: '',
  source: '',
});

const SENT: ReadonlyArray<readonly [minute: number, ...Sent[]]> = [
  [5, { route: '/new', ms: 1_000 }],
  [
    10,
    { route: '/old', ms: 10, idle: 10 },
    { route: '/new', ms: 20, statements: 20, rows: 40 },
    { route: '/r', flag: 'off', ms: 10 },
    { route: '/r', flag: 'on', ms: 30, idle: 5 },
  ],
  [22, { route: '/old', ms: 10, idle: 10 }, { route: '/new', ms: 5, idle: 90 }],
  [32, { route: '/new', ms: 4 }],
];

let data: string;
let ledgerFile: string;
let ledger: LedgerJson;

async function progress(...more: string[]): Promise<string> {
  const { stdout, stderr, code } = await pgwitness(['progress', '--data', data, '--ledger', ledgerFile, ...more]);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

beforeAll(async () => {
  await build(() => {});
  data = temporaryDirectory('migration-marks');
  ledgerFile = join(data, 'migration.yaml');
  writeFileSync(ledgerFile, LEDGER);
  const store = openSqliteStore({ dataDir: data });
  for (const [at, ...sent] of SENT) {
    const minute = DAY_START_MIN + at;
    const rollups = [rollupOf({ minute, callsNs: [1_000] })];
    const requests = sent.map((one) => requestsOf(minute, one));
    store.flush(
      flushOf({ atMs: minute * MINUTE_MS, rollups, catalogue: [entryOf()], statements: [verdictOf()], requests }),
    );
  }
  const marks = [
    markOf('phase 1', { minute: 10 }),
    markOf('phase 2', { minute: 20 }),
    markOf('CREATE INDEX', { minute: 25, kind: 'ddl' }),
    markOf('v3', { minute: 30, kind: 'app-version' }),
    markOf('phase 3', { minute: 30 }),
  ];
  store.flush(flushOf({ atMs: (DAY_START_MIN + 33) * MINUTE_MS, marks }));
  store.close();
  ledger = JSON.parse(await progress('--since', 'phase 1', '--json')).ledger;
});

const pair = (id: string, pairs = ledger.pairs) => pairs.find((one) => one.id === id)!;

describe('a pair of routes', () => {
  test('says of statements, time and rows how they changed, with interval and test', () => {
    const { statements, rows, ...a } = pair('a');
    expect(a).toMatchObject({
      per: 'request',
      old: { uses: 2 * EACH, statements: 2 },
      judgement: 'no clear difference',
    });
    expect(a.new).toMatchObject({ uses: 3 * EACH, statements: 8, db_ms: expect.closeTo(29 / 3), rows: 16 });
    expect(statements).toMatchObject({ factor: 4, judgement: 'more', test: "Welch's t on means" });
    expect(rows).toMatchObject({ factor: 4, judgement: 'more', p: expect.closeTo(0) });
    expect([statements!.low! < 4, statements!.high! > 4]).toEqual([true, true]);
  });

  test('says the share of requests that sent nothing, and the factor with them', () => {
    const { old, new: now, with_idle: withIdle } = pair('a');
    expect(old).toMatchObject({ idle_requests: 20, idle_share: 0.25 });
    expect(now).toMatchObject({ idle_requests: 90, idle_share: 0.5 });
    // 600 ms of 80 requests, and 870 ms of 180.
    expect(withIdle).toMatchObject({ factor: expect.closeTo(870 / 180 / (600 / 80)), judgement: 'faster' });
  });

  test('that differ by flag alone does not share out what is counted by route', () => {
    const b = pair('b');
    expect(b).toMatchObject({ factor: expect.closeTo(3), with_idle: null, old: { idle_share: null } });
    expect(b.new).toMatchObject({ idle_requests: null, idle_share: null });
    expect(ledger.not_known).toContain(
      '1 pair is told apart by flag: requests of its routes sent nothing, and with which flag is not known',
    );
  });
});

describe('from mark to mark', () => {
  test('each stretch has its own factors; DDL is no mark of a phase, marks of one minute are one', () => {
    const named = ledger.marks.map(({ marks }) => marks.map(({ name }) => name));
    expect(named).toEqual([['phase 1'], ['phase 2'], ['v3', 'phase 3']]);
    const factors = ledger.marks.map(({ pairs }) => pair('a', pairs).factor);
    expect(factors).toEqual([expect.closeTo(2), expect.closeTo(0.5), expect.closeTo(0.4)]);
    expect(ledger.marks.map(({ pairs }) => pair('a', pairs).with_idle?.factor)).toEqual([
      expect.closeTo(20 / 7.5),
      expect.closeTo(1.25 / 7.5),
      expect.closeTo(4 / 7.5),
    ]);
    expect(ledger.marks.map(({ pairs }) => pair('a', pairs).old_before)).toEqual([false, false, true]);
    const [first, second] = ledger.marks;
    expect(first.window.until).toBe(second.window.since);
    expect(first.window.since).toBe(new Date((DAY_START_MIN + 10) * MINUTE_MS).toISOString());
  });

  test('a group has the range of its pairs, and none where none was compared', () => {
    const jobs = ledger.marks.map(({ groups }) => groups.find(({ group }) => group === 'Jobs')?.factors);
    expect(jobs).toMatchObject([
      { low: expect.closeTo(2) },
      { low: expect.closeTo(0.5) },
      { high: expect.closeTo(0.4) },
    ]);
    const views = ledger.marks.map(({ groups }) => groups.find(({ group }) => group === 'Views')?.factors);
    expect(views).toEqual([{ low: expect.closeTo(3), high: expect.closeTo(3) }, null, null]);
    expect(pair('b', ledger.marks[1].pairs).reason).toBe('its new version did not run');
  });

  test('a window that begins before its first mark has a stretch before it', async () => {
    const { marks } = JSON.parse(await progress('--json')).ledger as LedgerJson;
    expect(marks.map(({ marks: own }) => own.length)).toEqual([0, 1, 1, 2]);
    expect(pair('a', marks[0].pairs).factor).toBeCloseTo(100);
  });

  test('of a window without marks there is nothing more to say', async () => {
    const until = new Date((DAY_START_MIN + 8) * MINUTE_MS).toISOString();
    const asked = ['--until', until, '--since', new Date(DAY_START_MIN * MINUTE_MS).toISOString()];
    expect(JSON.parse(await progress(...asked, '--json')).ledger.marks).toEqual([]);
    expect(await progress(...asked)).not.toContain('Factor from each mark');
  });

  test('no more than twelve marks are compared, and the others are said', async () => {
    const many: MarkRow[] = Array.from({ length: 15 }, (_, n) => ({ ...markOf(`m${n}`, { minute: 10 + n }) }));
    const { reportMigration } = await import('../../reports/compare/migration.js');
    const { readLedger } = await import('../../audit/ledger/ledger.js');
    const place = await openPlaces({ directories: [data], urls: [] });
    const sinceMs = (DAY_START_MIN + 10) * MINUTE_MS;
    const ask = { ...place, marks: async () => many };
    const report = await reportMigration(ask, { ledger: readLedger(ledgerFile), range: { sinceMs } });
    place.close();
    const { marks, not_known: notKnown } = migrationJson(report).ledger!;
    expect(marks.flatMap(({ marks: own }) => own.map(({ name }) => name))).toEqual(
      many.slice(3).map(({ name }) => name),
    );
    expect(notKnown).toContain('3 older marks of the window are left out');
  });
});

test('the report of a phase says it in Markdown', async () => {
  const text = await progress('--since', 'phase 1', '--format', 'markdown');
  expect(text).toContain('Factor from each mark to the next, database time');
  expect(text).toMatch(/\| Jobs \| phase 1 \| [^|]+ \| 2\.00× slower \|/);
  expect(text).toMatch(/\| Jobs \| phase 2 \| [^|]+ \| 2\.00× faster \|/);
  expect(text).toMatch(/\| Views \| v3, phase 3 \| [^|]+ \| not compared \|/);
  expect(text).toMatch(
    /store\/jobs\.py:1 f \| phase 2 \| [^|]+ \| 2 in 10\.0 ms \| 2 in 5\.00 ms \| 4 → 4 \| 2\.00× faster, [^|]+ with 95 % \(p \\< 0\.001\) \|/,
  );
  expect(text).toMatch(/store\/jobs\.py:1 f \| 25 % \| 50 % \| no clear difference [^|]+ \| 1\.55× faster, [^|]+ \|/);
  expect(text).toContain('Done or gone, and not seen: 1');
  expect(text).toContain('4.00× more');
});
