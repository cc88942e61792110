// A check passes only where its conditions hold and everything they need was seen.
// Not here: the command (check.test.ts).

import { describe, expect, test } from 'vitest';
import { errorLine } from '../../config/values/errors.js';
import type { FindingDelta, FindingFacts, FindingState } from '../../facts/finding.js';
import type { LostStatementRow } from '../../facts/flush.js';
import { newPoolMinute } from '../../facts/pool-minute.js';
import { readAllowances } from '../../reports/check/asked/allowances.js';
import { isProven } from '../../reports/check/asked/baseline.js';
import { readMax, readNoNew, readNone } from '../../reports/check/asked/conditions.js';
import { DAY_START_MIN, MINUTE_MS, poolOf } from '../storage/flushes.js';
import { CORE, FROM_MS, judged, ORM, RAW, said, storeOf } from './judged.js';

test('a finding is new where it is proven, and not where it is over or accepted', () => {
  const finding = (state: FindingState, confidence: 'strong' | 'weak' = 'strong') =>
    ({ state, confidence }) as unknown as FindingFacts;
  expect(isProven(finding('open'), false)).toBe(true);
  expect(isProven(finding('candidate'), true)).toBe(true);
  for (const [of, isRun] of [
    [finding('candidate'), false],
    [finding('closed'), true],
    [finding('accepted'), true],
    [finding('open', 'weak'), true],
  ] as const)
    expect(isProven(of, isRun)).toBe(false);
});

const NONE = { none: ['source=sqlalchemy'] };

describe('conditions are read whole or refused', () => {
  test.each([
    [() => readNone(''), /is not key=value|nothing is named/],
    [() => readNone('sqlalchemy'), /"sqlalchemy" is not key=value/],
    [() => readNone('sorce=raw'), /did you mean source=/],
    [() => readNone('source=raw,source=tool'), /source is given twice/],
    [() => readNone('source='), /is not key=value/],
    [() => readMax('p59=1ms'), /is not a limit/],
    [() => readMax('p95=100'), /is not a duration/],
    [() => readMax('errors=1'), /is not a share/],
    [() => readMax('errors=101%'), /is not a share/],
    [() => readMax('statements-per-request=2.5'), /is not a number of statements/],
    [() => readMax('statements-per-request=20,table=book'), /not by table/],
    [() => readMax('statements-per-request=20,caller=a.py:1'), /not by caller/],
    [() => readMax('errors=1%,function=total'), /not by function/],
    [() => readNoNew('raw'), /use one of handwritten, findings/],
    [() => readNoNew('findings,app=shop'), /not by app/],
    [() => readNoNew('findings,construct=core'), /not by construct/],
    [() => readNoNew('findings,handwritten'), /not by handwritten/],
    [() => readAllowances(['everything=1']), /allows nothing/],
    [() => readAllowances(['gap=5']), /is not a duration/],
    [() => readAllowances(['opaque=1%']), /is not a number/],
    [() => readAllowances(['unknown=1%,unknown=2%']), /given twice/],
  ])('%s', (read, message) => {
    let error: unknown;
    try {
      read();
    } catch (thrown) {
      error = thrown;
    }
    expect(errorLine(error)).toMatch(message);
  });

  test('a comma inside of a value ends nothing', () => {
    expect(readNone('handwritten,route=^x/(?P<y>\\d{1,3})$,source=raw').scope).toEqual({
      handwritten: true,
      source: 'raw',
      tags: [['route', '^x/(?P<y>\\d{1,3})$']],
    });
    expect(readMax('p95=1.5s,source=raw')).toMatchObject({ measure: 'p95', limit: 1.5e9, scope: { source: 'raw' } });
    expect(readMax('errors=0.5%').limit).toBeCloseTo(0.005);
  });
});

describe('--none', () => {
  test('holds where nothing fits and nothing is missing', async () => {
    const result = await judged(storeOf([{ of: ORM }]), NONE);
    expect(said(result)).toEqual([]);
    expect(result.outcome).toBe('passed');
    expect(result.coverage).toMatchObject({ executions: 1, ofApplication: 1, notObserved: 0, bypassing: null });
  });

  test('names what ran, with its line of code', async () => {
    const result = await judged(storeOf([{ of: ORM }, { of: CORE, tags: { caller: 'shop/stock.py:12' } }]), NONE);
    expect(result.outcome).toBe('failed');
    expect(result.failed[0]).toMatchObject({
      source: 'sqlalchemy',
      fingerprint: CORE,
      callers: ['shop/stock.py:12'],
      executions: 1,
    });
  });

  test.each([
    ['source=raw,table=shop_order', 'failed'],
    ['source=raw,table=shop_*', 'failed'],
    ['source=raw,table=book', 'passed'],
    ['source=raw,function=total', 'failed'],
    ['handwritten', 'failed'],
    ['construct=cursor', 'failed'],
    ['source=raw,route=api/a', 'failed'],
    ['source=raw,route=api/*', 'failed'],
    ['source=raw,route=api/b', 'passed'],
    ['source=raw,caller=a.py:1', 'failed'],
    ['source=raw,pool=django:app@shop', 'failed'],
    ['source=sqlalchemy,pool=django:app@shop', 'passed'],
  ])('%s: %s', async (scope, outcome) => {
    const store = storeOf([
      { of: ORM, tags: { route: 'api/b', caller: 'b.py:2' } },
      { of: RAW, tags: { route: 'api/a', caller: 'a.py:1' } },
    ]);
    expect((await judged(store, { none: [scope] })).outcome).toBe(outcome);
  });

  test('of the time before the window nothing counts, though its bucket is read', async () => {
    const store = storeOf([
      { of: CORE, minute: 0 },
      { of: ORM, minute: 0 },
      { of: ORM, minute: 5 },
    ]);
    const sinceMs = FROM_MS + 30_000;
    expect(said(await judged(store, { ...NONE, sinceMs }))).toEqual([]);
    expect((await judged(store, { ...NONE, sinceMs: FROM_MS + 1_500 })).outcome).toBe('failed');
  });

  test.each([
    'source=sqlalchmy',
    'source=raw,route=api/nowhere',
    'pool=sqlalchemy:app@shp',
    'table=bok',
    'source=raw,function=totl',
  ])('a value that was never seen is refused: %s', async (scope) => {
    await expect(judged(storeOf([{ of: ORM, tags: { route: 'api/b' } }]), { none: [scope] })).rejects.toThrow(
      /never seen|no statement ever called/,
    );
  });
});

describe('no false proof', () => {
  const loss = (reason: string, count = 1) => ({ losses: [{ counterId: 'r', minute: DAY_START_MIN, reason, count }] });
  const gap = { gaps: [{ fromMinute: DAY_START_MIN, untilMinute: DAY_START_MIN + 2, reason: 'killed' as const }] };

  test.each([
    [
      'an execution was lost',
      storeWith(loss('connection_closed')),
      /1 executions were not observed \(connection_closed 1\)/,
    ],
    ['a session is opaque', storeWith(loss('opaque_session')), /1 minutes of sessions that cannot be read/],
    ['observing was off', storeWith(loss('observe_off')), /observing was switched off/],
    ['a relay was killed', storeWith(gap), /a relay was killed, .*00:00 UTC to .*00:03 UTC/],
    [
      'a source is unknown',
      () => storeOf([{ of: ORM }, { of: RAW, source: 'unknown' }]),
      /the source of 1 executions is not known/,
    ],
    [
      'a text is unknown',
      () => storeOf([{ of: ORM }, { of: ORM, fingerprint: 'x000000000000000' }]),
      /the text of 1 executions is not known/,
    ],
    [
      'there were too many statements',
      () => storeOf([{ of: ORM }, { of: ORM, fingerprint: '(other)' }]),
      /the text of 1 executions is not known/,
    ],
    ['there was no traffic', () => storeOf([]), /nothing of the application ran/],
    ['only housekeeping ran', () => storeOf([{ of: ORM, source: 'housekeeping' }]), /nothing of the application ran/],
  ])('%s', async (_, make, message) => {
    const result = await judged(make(), NONE);
    expect(result.outcome).toBe('not shown');
    expect(said(result).join('\n')).toMatch(message);
  });

  const known = (of: typeof CORE | typeof ORM, more: Partial<LostStatementRow> = {}) => ({
    ...loss('connection_closed', 2),
    lostStatements: [
      {
        minute: DAY_START_MIN,
        reason: 'connection_closed',
        fingerprint: of,
        source: of === CORE ? 'sqlalchemy' : 'django-orm',
        construct: of === CORE ? 'core' : 'queryset',
        pool: 'django',
        query: 'SELECT id FROM stock',
        summary: 'SELECT stock',
        count: 2,
        ...more,
      },
    ],
  });

  test.each([
    ['it is of another source', known(ORM), NONE.none, 'passed', []],
    [
      'it is of the source',
      known(CORE),
      NONE.none,
      'failed',
      ['failed: 2 lost executions of sqlalchemy (connection_closed)'],
    ],
    [
      'one of two is known',
      known(ORM, { count: 1 }),
      NONE.none,
      'not shown',
      ['not shown: 1 executions were not observed (connection_closed 1)'],
    ],
    [
      'more are known than were lost',
      known(ORM, { count: 3 }),
      NONE.none,
      'not shown',
      ['not shown: 2 executions were not observed (connection_closed 2)'],
    ],
    [
      'its minute is another',
      known(ORM, { minute: DAY_START_MIN + 1 }),
      NONE.none,
      'not shown',
      ['not shown: 2 executions were not observed (connection_closed 2)'],
    ],
    ['it is of another table', known(CORE), ['table=book'], 'failed', [expect.stringContaining('of django-orm')]],
    ['its construct is another', known(CORE), ['handwritten'], 'passed', []],
    [
      'its construct is not known',
      known(CORE, { construct: '' }),
      ['handwritten'],
      'not shown',
      ['not shown: 2 executions were not observed (connection_closed 2)'],
    ],
    [
      'its tags are not known',
      known(CORE),
      ['source=sqlalchemy,route=api/b'],
      'not shown',
      ['not shown: 2 executions were not observed (connection_closed 2)'],
    ],
    [
      'a text that was cut',
      known(ORM, { fingerprint: 't000000000000001', source: 'raw' }),
      ['source=raw,table=book'],
      'not shown',
      [expect.stringContaining('not observed (connection_closed 2)')],
    ],
  ] as const)('a lost execution is judged by its text: %s', async (_, parts, none, outcome, expected) => {
    const result = await judged(storeOf([{ of: ORM, tags: { route: 'api/b' } }], parts), { none });
    expect(said(result)).toEqual(expected);
    expect(result.outcome).toBe(outcome);
    expect(result.coverage.notObserved).toBe(2);
  });

  test('a lost execution of the minute in which the window begins may be of before it', async () => {
    const asked = async (of: typeof CORE | typeof ORM, sinceMs: number) =>
      said(await judged(storeOf([{ of: ORM, minute: 1 }], known(of)), { ...NONE, sinceMs }));
    expect(await asked(CORE, FROM_MS + 30_000)).toEqual([
      'not shown: 2 lost executions of sqlalchemy (connection_closed) in the minute in which the window begins',
    ]);
    expect(await asked(ORM, FROM_MS + 30_000)).toEqual([]);
    expect(await asked(CORE, FROM_MS)).toEqual(['failed: 2 lost executions of sqlalchemy (connection_closed)']);
  });

  test('an exception covers a lost execution, too', async () => {
    const exceptions = [{ reason: 'until spring', match: { source: 'sqlalchemy' } }];
    const result = await judged(storeOf([{ of: ORM }], known(CORE)), { ...NONE, exceptions });
    expect(result.allowed).toEqual([
      expect.objectContaining({ what: '2 lost executions of sqlalchemy (connection_closed)', reason: 'until spring' }),
    ]);
    expect(result.outcome).toBe('passed');
  });

  test.each([
    [{ none: ['handwritten'] }, CORE, 'how 1 executions of sqlalchemy were written is not known'],
    [{ none: ['construct=text,source=sqlalchemy'] }, CORE, 'how 1 executions of sqlalchemy were written is not known'],
    [{ max: ['p95=10s,construct=text'] }, CORE, 'how 1 executions of sqlalchemy were written is not known'],
    [{ max: ['p95=10s,handwritten'] }, CORE, 'how 1 executions of sqlalchemy were written is not known'],
  ] as const)('how a statement was written is not known: %j', async (asked, of, expected) => {
    const result = await judged(storeOf([{ of: ORM }, { of, construct: '' }]), asked);
    expect(said(result)).toContain(`not shown: ${expected}`);
    expect(result.outcome).toBe('not shown');
    // Raw SQL is written by hand however it was sent, and of BEGIN it does not matter.
    const others = storeOf([
      { of: ORM },
      { of: RAW, construct: '' },
      { of: CORE, construct: '', source: 'housekeeping' },
    ]);
    expect(said(await judged(others, asked)).filter((line) => line.includes('of sqlalchemy'))).toEqual([]);
  });

  test.each(['p95=10s,source=raw', 'errors=50%,source=raw', 'p95=10s,handwritten'])(
    'executions of unknown source may exceed --max %s',
    async (max) => {
      const store = storeOf([{ of: RAW }, { of: ORM, source: 'unknown' }]);
      expect(said(await judged(store, { max: [max] }))).toEqual(['not shown: the source of 1 executions is not known']);
      expect((await judged(store, { max: [max], allow: ['unknown=1'] })).outcome).toBe('passed');
      expect((await judged(store, { max: ['p95=10s'] })).outcome).toBe('passed');
    },
  );

  test('the record begins later than the window', async () => {
    const result = await judged(storeOf([{ of: ORM }]), { ...NONE, sinceMs: FROM_MS - 3_600_000 });
    expect(said(result)).toEqual([expect.stringMatching(/nothing is recorded before 2026-03-01 00:00 UTC/)]);
  });

  test('untagged executions may be of the route', async () => {
    const store = storeOf([
      { of: RAW, callsMs: [1, 1, 1] },
      { of: ORM, tags: { route: 'api/b' } },
    ]);
    const result = await judged(store, { none: ['source=raw,route=api/b'] });
    expect(said(result)).toEqual(['not shown: 3 executions have no tag route']);
  });

  test('a text that was cut may name the table', async () => {
    const store = storeOf([{ of: ORM }, { of: RAW, fingerprint: 't000000000000001' }]);
    const result = await judged(store, { none: ['source=raw,table=book'] });
    expect(said(result)).toEqual(['not shown: the text of 1 executions was too long to be kept whole']);
  });

  test('a pool of SQLAlchemy that sends nothing but its look-ups still opens', async () => {
    const minute = { ...newPoolMinute('alchemy', DAY_START_MIN), opened: 2, connectionsMax: 2 };
    const store = storeOf([{ of: ORM }], {
      pools: [poolOf('django', 'django:app@shop'), poolOf('alchemy', 'sqlalchemy:app@shop')],
      poolMinutes: [minute],
    });
    expect(said(await judged(store, NONE))).toEqual([
      'failed: the pool sqlalchemy:app@shop still holds or opens connections (2 opened in this window)',
    ]);
  });

  test('a renamed pool leaves the old one empty', async () => {
    const later = FROM_MS + 10 * MINUTE_MS;
    const renamed = { ...poolOf('new', 'sqlalchemy:app@shop/v2'), firstSeenMs: later, lastSeenMs: later };
    const store = storeOf(
      [
        { of: ORM, minute: 0 },
        { of: ORM, minute: 12 },
        { of: CORE, minute: 12, pool: 'new' },
      ],
      {
        pools: [poolOf('django', 'django:app@shop'), poolOf('alchemy', 'sqlalchemy:app@shop'), renamed],
      },
    );
    const result = await judged(store, { none: ['pool=sqlalchemy:app@shop'], sinceMs: later });
    expect(said(result)).toEqual([
      expect.stringMatching(/sqlalchemy:app@shop\/v2 came when .* went, and may be the same/),
    ]);
  });

  test('a renamed pool whose workers ran beside the old ones for a while, and one that always did', async () => {
    const at = (minute: number) => FROM_MS + minute * MINUTE_MS;
    const pools = (firstMinute: number) => [
      { ...poolOf('alchemy', 'sqlalchemy:app@shop'), firstSeenMs: at(0), lastSeenMs: at(9) },
      { ...poolOf('new', 'sqlalchemy:app@shop/v2'), firstSeenMs: at(firstMinute), lastSeenMs: at(12) },
    ];
    const ran = [{ of: ORM }, { of: CORE, minute: 12, pool: 'new' }, { of: ORM, minute: 12 }] as const;
    const asked = { none: ['pool=sqlalchemy:app@shop'], sinceMs: at(11) };
    const overlapping = await judged(storeOf(ran, { pools: [poolOf('django', 'd'), ...pools(5)] }), asked);
    expect(said(overlapping)).toEqual([expect.stringMatching(/v2 came when .* went, and may be the same/)]);
    const older = await judged(storeOf(ran, { pools: [poolOf('django', 'd'), ...pools(0)] }), asked);
    expect(said(older)).toEqual([]);
  });

  test('nothing was stored for a while, though the window goes on', async () => {
    const store = (flushedMs: number) =>
      storeOf([{ of: ORM }], {
        relays: [{ relayId: 'r', lastSequence: 1, ended: false }],
        atMs: flushedMs,
      });
    const end = FROM_MS + 60 * MINUTE_MS;
    expect(said(await judged(store(end - 2_000), NONE))).toEqual([]);
    expect(said(await judged(store(end - 30_000), NONE))).toEqual([
      'not shown: nothing says that pgwitness ran from 2026-03-01 00:59 UTC to 2026-03-01 01:00 UTC',
    ]);
    expect((await judged(store(end - 30_000), { ...NONE, allow: ['gap=30s'] })).outcome).toBe('passed');
    // A window that ended before it is whole.
    expect(said(await judged(store(end - 30_000), { ...NONE, untilMs: end - 60_000 }))).toEqual([]);
  });

  test('a session that goes past pgwitness, or a server that cannot tell', async () => {
    const listed = { outcome: 'listed', reason: '', leadsThrough: false } as const;
    const psql = { user: 'app', applicationName: 'psql', connections: 1 };
    const store = storeOf([{ of: ORM }]);
    const past = await judged(store, { ...NONE, bypass: { ...listed, bypassing: [psql] } });
    expect(said(past)).toEqual(['not shown: 1 connection goes past pgwitness: app (psql)']);
    const untold = await judged(store, {
      ...NONE,
      bypass: { ...listed, outcome: 'cannot tell', reason: 'a pooler', bypassing: [] },
    });
    expect(untold.outcome).toBe('not shown');
    const through = await judged(store, { ...NONE, bypass: { ...listed, leadsThrough: true, bypassing: [] } });
    expect(through.outcome).toBe('not shown');
    const exceptions = [{ reason: 'the exporter', match: { user: 'app' } }];
    const excused = await judged(store, { ...NONE, exceptions, bypass: { ...listed, bypassing: [psql] } });
    expect(excused.allowed).toEqual([
      expect.objectContaining({ what: '1 connection goes past pgwitness: app (psql)', reason: 'the exporter' }),
    ]);
    const clean = await judged(store, { ...NONE, bypass: { ...listed, bypassing: [] } });
    expect(clean.outcome).toBe('passed');
  });

  test('a route of the baseline that nobody visited', async () => {
    const baseline = '# pgwitness baseline 1\nroute api/b\njob nightly\n';
    const result = await judged(storeOf([{ of: ORM }]), { ...NONE, baseline });
    expect(said(result)).toEqual([
      'not shown: the route api/b of the baseline had no traffic',
      'not shown: the job nightly of the baseline had no traffic',
    ]);
    const excepted = { reason: 'runs once a month', match: { job: 'night*' } };
    expect(said(await judged(storeOf([{ of: ORM }]), { ...NONE, baseline, exceptions: [excepted] }))).toHaveLength(1);
  });

  test('the observer did not run for a while', async () => {
    const run = (from: number, until: number) => ({
      fromMinute: DAY_START_MIN + from,
      untilMinute: DAY_START_MIN + until,
    });
    const store = storeOf([{ of: ORM }], { watched: [run(0, 9), run(10, 19), run(30, 59)] });
    const result = await judged(store, NONE);
    expect(said(result)).toEqual([
      'not shown: nothing says that pgwitness ran from 2026-03-01 00:20 UTC to 2026-03-01 00:30 UTC',
    ]);
    expect((await judged(store, { ...NONE, allow: ['gap=10m'] })).outcome).toBe('passed');
    expect((await judged(store, { ...NONE, untilMs: FROM_MS + 61 * MINUTE_MS, allow: ['gap=10m'] })).outcome).toBe(
      'not shown',
    );
  });

  test('a sample of the window shows what went past, or does not tell', async () => {
    const sample = (minute: number, connections: number | null) => ({
      minute: DAY_START_MIN + minute,
      connections,
      clients: connections ? [{ user: 'app', applicationName: 'cron', connections }] : [],
      reason: connections === null ? 'no answer' : '',
    });
    const hour = Array.from({ length: 60 }, (_, minute) => sample(minute, 0));
    const withSample = (minute: number, connections: number | null) =>
      storeOf([{ of: ORM }], { bypass: hour.map((one, at) => (at === minute ? sample(at, connections) : one)) });
    expect((await judged(withSample(7, 0), NONE)).outcome).toBe('passed');
    const past = await judged(withSample(7, 2), NONE);
    expect(said(past)).toEqual(['not shown: up to 2 connections went past pgwitness, in 1 of 60 samples: app (cron)']);
    const excepted = { reason: 'the exporter', match: { user: 'app', application_name: 'cr*' } };
    expect((await judged(withSample(7, 2), { ...NONE, exceptions: [excepted] })).outcome).toBe('passed');
    const untold = await judged(withSample(7, null), NONE);
    expect(said(untold)).toEqual([
      'not shown: for 1 of 60 minutes no sample says what went past pgwitness (no answer)',
    ]);
    expect((await judged(withSample(7, null), { ...NONE, allow: ['unsampled=1m'] })).outcome).toBe('passed');
  });

  test('the code still has places of the library, and a job that did not run', async () => {
    const place = {
      id: '1',
      file: 'shop/stock.py',
      line: 12,
      end_line: 12,
      function: 'stock',
      kind: 'sqlalchemy',
      in_migration: false,
      api: 'session.execute',
      statements: [],
      tables: [],
      database: null,
      via: null,
      resolved: true,
      unresolved: null,
    };
    const code = (places: object[]) =>
      JSON.stringify({
        version: 1,
        root: '.',
        routes: null,
        jobs: [{ name: 'close_month', schedule: '0 0 1 * *' }],
        commands: null,
        places,
      });
    const store = storeOf([{ of: ORM }]);
    const result = await judged(store, { ...NONE, code: code([place, { ...place, kind: 'raw' }]) });
    expect(said(result)).toEqual([
      'failed: still in the code: session.execute in stock',
      'not shown: the job close_month (0 0 1 * *) of the code did not run in this window',
    ]);
    const monthly = { reason: 'looked at by hand', match: { job: 'close_month' } };
    expect((await judged(store, { ...NONE, code: code([]), exceptions: [monthly] })).outcome).toBe('passed');
  });

  test('a second place that recorded nothing, or began later', async () => {
    const gap = { fromMinute: DAY_START_MIN + 1, untilMinute: DAY_START_MIN + 3, reason: 'killed' } as const;
    const first = storeOf([{ of: ORM }], { gaps: [{ ...gap, executions: undefined }] });
    expect(said(await judged([first, storeOf([])], NONE))).toEqual(
      expect.arrayContaining([
        'not shown: nothing is recorded at one of the places asked',
        expect.stringMatching(/^not shown: a relay was killed/),
      ]),
    );
    const later = await judged([storeOf([{ of: ORM }]), storeOf([{ of: ORM, minute: 30 }])], NONE);
    expect(said(later)).toEqual([expect.stringMatching(/^not shown: nothing says that pgwitness ran from/)]);
  });

  test('the code does not say which places a narrower condition means', async () => {
    const code = JSON.stringify({ version: 1, root: '.', routes: null, jobs: null, commands: null, places: [] });
    const store = storeOf([{ of: ORM }]);
    const result = await judged(store, { none: ['source=sqlalchemy,table=book'], sinceMs: FROM_MS, code });
    expect(said(result)).toEqual([expect.stringMatching(/^not shown: the code does not say which of its places/)]);
  });

  function storeWith(parts: Parameters<typeof storeOf>[1]): () => string {
    return () => storeOf([{ of: ORM }], parts);
  }
});

describe('--allow and exceptions', () => {
  const losing = { losses: [{ counterId: 'r', minute: DAY_START_MIN, reason: 'connection_closed', count: 3 }] };

  test('what is allowed passes, and is named', async () => {
    const store = storeOf([{ of: ORM }], losing);
    const result = await judged(store, { ...NONE, allow: ['not_observed=3'] });
    expect(result.outcome).toBe('passed');
    expect(result.allowed).toEqual([
      {
        condition: '--none source=sqlalchemy',
        what: expect.stringContaining('3 executions'),
        reason: '--allow not_observed=3',
      },
    ]);
    expect((await judged(store, { ...NONE, allow: ['not_observed=2'] })).outcome).toBe('not shown');
  });

  test('two gaps are allowed together or not at all', async () => {
    const gapAt = (minute: number) => ({
      fromMinute: DAY_START_MIN + minute,
      untilMinute: DAY_START_MIN + minute,
      reason: 'killed' as const,
    });
    const store = storeOf([{ of: ORM }, { of: ORM, minute: 20 }], { gaps: [gapAt(1), gapAt(5)] });
    expect((await judged(store, { ...NONE, allow: ['gap=1m'] })).outcome).toBe('not shown');
    expect((await judged(store, { ...NONE, allow: ['gap=2m'] })).outcome).toBe('passed');
  });

  const store = () =>
    storeOf([
      { of: ORM },
      { of: CORE, tags: { route: 'exports/stock' } },
      { of: CORE, minute: 1, tags: { route: 'exports/all' } },
    ]);

  test('an exception covers a statement only if it covers all its executions', async () => {
    const excepting = (route: string) => ({
      ...NONE,
      exceptions: [
        { reason: 'moves in spring', match: { route } },
        { reason: 'its pool', match: { pool: 'sqlalchemy:*' } },
      ],
    });
    expect((await judged(store(), excepting('exports/stock'))).outcome).toBe('failed');
    const result = await judged(store(), excepting('exports/*'));
    expect(said(result)).toEqual([]);
    expect(result.allowed[0]).toMatchObject({ reason: 'moves in spring' });
  });

  test('an exception ends, and is from one condition', async () => {
    const match = { fingerprint: CORE.slice(0, 6) };
    const excepting = (more: object) => ({
      none: ['source=sqlalchemy,table=stock'],
      exceptions: [{ reason: 'later', match, ...more }],
    });
    expect((await judged(store(), excepting({}))).outcome).toBe('passed');
    expect((await judged(store(), excepting({ until: '2026-03-01' }))).outcome).toBe('failed');
    expect((await judged(store(), excepting({ until: '2999-01-01' }))).outcome).toBe('passed');
    expect((await judged(store(), excepting({ from: 'p95' }))).outcome).toBe('failed');
  });
});

describe('--max', () => {
  test('p95 is that of each statement', async () => {
    const store = storeOf([
      { of: ORM, callsMs: [1, 1, 1] },
      { of: RAW, callsMs: [1, 150] },
    ]);
    const result = await judged(store, { max: ['p95=100ms'] });
    expect(result.failed).toMatchObject([
      { fingerprint: RAW, what: expect.stringMatching(/^p95 149 ms of 2 executions, over 100 ms/) },
    ]);
    expect((await judged(store, { max: ['p95=200ms'] })).outcome).toBe('passed');
    expect((await judged(store, { max: ['p95=100ms,source=django-orm'] })).outcome).toBe('passed');
    expect((await judged(store, { max: ['p95=100ms,source=sqlalchemy'] })).outcome).toBe('not shown');
  });

  test('errors are those of each route and source', async () => {
    const store = storeOf([
      { of: ORM, callsMs: [1, 1, 1, 1], tags: { route: 'api/b' } },
      { of: RAW, callsMs: [1], errors: 1, tags: { route: 'api/a' } },
    ]);
    const result = await judged(store, { max: ['errors=10%'] });
    expect(said(result)).toEqual([
      'failed: source raw: 1 of 2 executions failed (50 %), over 10 %',
      'failed: route api/a: 1 of 2 executions failed (50 %), over 10 %',
    ]);
    expect((await judged(store, { max: ['errors=50%'] })).outcome).toBe('passed');
  });

  test('statements of a request need requests', async () => {
    expect((await judged(storeOf([{ of: ORM }]), { max: ['statements-per-request=5'] })).outcome).toBe('not shown');
  });

  test('99.9 % must be observed', async () => {
    const losing = (count: number) => ({
      losses: [{ counterId: 'r', minute: DAY_START_MIN, reason: 'queue_full', count }],
    });
    const many = { of: ORM, callsMs: Array.from({ length: 2_000 }, () => 1) } as const;
    const little = await judged(storeOf([many], losing(2)), { max: ['p95=1s'] });
    expect(little.outcome).toBe('passed');
    expect(little.allowed[0].reason).toBe('under 0.1 %');
    expect((await judged(storeOf([many], losing(3)), { max: ['p95=1s'] })).outcome).toBe('not shown');
  });
});

describe('--no-new', () => {
  const store = () => storeOf([{ of: ORM }, { of: RAW, minute: 10, tags: { caller: 'a.py:7' } }]);

  test('against the time before the window', async () => {
    const asked = { noNew: ['handwritten'] };
    expect((await judged(store(), { ...asked, sinceMs: FROM_MS + 5 * MINUTE_MS })).failed).toMatchObject([
      { fingerprint: RAW, callers: ['a.py:7'], what: 'new handwritten statement of raw' },
    ]);
    expect((await judged(store(), { ...asked, sinceMs: FROM_MS + 11 * MINUTE_MS })).outcome).toBe('not shown');
    expect((await judged(store(), asked)).outcome).toBe('failed');
  });

  test('without anything before there is nothing to compare with', async () => {
    const result = await judged(storeOf([{ of: ORM }]), { noNew: ['findings'] });
    expect(said(result)).toEqual([expect.stringMatching(/nothing before this window to compare with/)]);
  });

  test('against a baseline', async () => {
    const head = '# pgwitness baseline 1\n';
    const known = `${head}handwritten raw cursor ${RAW} SELECT …\n`;
    expect((await judged(store(), { noNew: ['handwritten'], baseline: head })).outcome).toBe('failed');
    expect((await judged(store(), { noNew: ['handwritten'], baseline: known })).outcome).toBe('passed');
    // Known from the ORM, and written by hand now.
    const fromOrm = `${head}statement raw cursor ${RAW} SELECT …\n`;
    expect((await judged(store(), { noNew: ['handwritten'], baseline: fromOrm })).outcome).toBe('failed');
  });

  test('a finding of a pool is of no statement, and the baseline knows it', async () => {
    const overheld: FindingDelta = {
      id: 'f'.repeat(16),
      kind: 'pool-overheld',
      route: '',
      confidence: 'strong',
      found: 'direct',
      statements: [],
      pools: ['django'],
      callers: [],
      units: 10,
      times: 10,
      timesMax: 1,
      costNs: 0,
      firstMs: FROM_MS,
      lastMs: FROM_MS + MINUTE_MS,
      sample: undefined,
    };
    const dataDir = storeOf([{ of: ORM }], { findings: [overheld] });
    const head = '# pgwitness baseline 1\n';
    const asked = { noNew: ['findings'], sinceMs: FROM_MS };
    const { failed } = await judged(dataDir, { ...asked, baseline: head });
    expect(failed.map(({ what }) => what)).toEqual([expect.stringContaining('pool-overheld')]);
    const known = `${head}finding pool-overheld - django:app@shop\n`;
    expect((await judged(dataDir, { ...asked, baseline: known })).failed).toEqual([]);
    expect((await judged(dataDir, { ...asked, baseline: known.replace('django:', 'other:') })).failed).toHaveLength(1);
  });

  test('new statements of unknown source may be written by hand', async () => {
    const unknown = storeOf([{ of: ORM }, { of: RAW, source: 'unknown' }]);
    const result = await judged(unknown, { noNew: ['handwritten'], baseline: '# pgwitness baseline 1\n' });
    expect(said(result)).toEqual(['not shown: 1 executions of 1 new statements are of unknown source']);
  });
});
