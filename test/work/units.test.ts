// Each kind of boundary, between what one request sent and what the next one did.
// Not here: real drivers (../sidecar/, ../shop/), rows in the store (../storage/).

import { describe, expect, test } from 'vitest';
import { limits } from '../../config/limits.js';
import { withLimits } from '../kit/limits.js';
import { Playing, type Sent, T0 } from './playing.js';

/** The statements of each unit that ended, in the order in which units began. */
function unitsOf(playing: Playing): string[][] {
  playing.pass(40_000);
  const byStart = [...playing.ended].sort((a, b) => a.firstMs - b.firstMs);
  return byStart.map((unit) => unit.statements.map(({ fingerprint }) => fingerprint));
}

describe('tags', () => {
  test('a request id joins sessions and pools, whatever else they run in between', () => {
    const playing = new Playing().send(
      { sql: 'a', at: 0, requestId: 'r1', session: 'one' },
      { sql: 'x', at: 2, requestId: 'r2', session: 'two' },
      { sql: 'b', at: 4, requestId: 'r1', session: 'two', pool: 'pool-b', source: 'sqlalchemy' },
      { sql: 'y', at: 6, requestId: 'r2', session: 'one' },
    );
    expect(unitsOf(playing)).toEqual([
      ['a', 'b'],
      ['x', 'y'],
    ]);
    expect(playing.ended.map(({ found, boundary, id }) => [found, boundary, id])).toContainEqual([
      'direct',
      'tags',
      'r1',
    ]);
    const [row] = playing.requests;
    expect([...row.parts.values()].map(({ source, pool, statements }) => [source, pool, statements])).toEqual([
      ['raw', 'pool-a', 3],
      ['sqlalchemy', 'pool-b', 1],
    ]);
  });

  test('two request ids of one trace are two, and a statement with the trace alone joins', () => {
    const playing = new Playing().send(
      { sql: 'a', at: 0, requestId: 'r1', traceId: 't1' },
      { sql: 'b', at: 2, traceId: 't1', session: 'two' },
      { sql: 'c', at: 4, requestId: 'r2', traceId: 't1' },
    );
    expect(unitsOf(playing)).toEqual([['a', 'b'], ['c']]);
  });

  test('BEGIN comes without tags and belongs to the request that it is for, COMMIT to that which it ends', () => {
    const playing = new Playing().send(
      { sql: 'a', at: 0, requestId: 'r1' },
      { sql: 'BEGIN', at: 2 },
      { sql: 'b', at: 4, requestId: 'r2' },
      { sql: 'untagged', at: 6 },
      { sql: 'COMMIT', at: 8 },
      { sql: 'BEGIN', at: 10 },
      { sql: 'c', at: 12, requestId: 'r2' },
      { sql: 'COMMIT', at: 14 },
    );
    expect(unitsOf(playing)).toEqual([['a'], ['BEGIN', 'b', 'untagged', 'COMMIT', 'BEGIN', 'c', 'COMMIT']]);
    expect(playing.total).toEqual({ requests: 2, statements: 4 });
  });

  test('a request that goes on after a pause is still one', () => {
    const playing = new Playing().send({ sql: 'a', at: 0, requestId: 'r1' }).pass(5_000);
    expect(playing.total).toEqual({ requests: 1, statements: 1 });
    playing.send({ sql: 'b', at: 5_000, requestId: 'r1' }).pass(5_000);
    expect(playing.total).toEqual({ requests: 1, statements: 2 });
    expect(playing.requests[0].statementsSquared).toBe(4);
    expect(playing.requests[0].statementHistogram.count).toBe(1);
  });

  test('what runs before the URL is resolved has tags without a route, and belongs to the route that comes', () => {
    const version = { app_version: '5' };
    const playing = new Playing().send(
      { sql: 'session', at: 0, tags: version },
      { sql: 'a', at: 2, tags: { ...version, route: '/a' } },
      { sql: 'session', at: 100, requestId: 'r1', tags: version },
      { sql: 'b', at: 102, requestId: 'r1', tags: { ...version, route: '/b' } },
    );
    expect(unitsOf(playing)).toEqual([
      ['session', 'a'],
      ['session', 'b'],
    ]);
    expect(playing.ended.map(({ tagSet }) => tagSet).sort()).toEqual([
      '{"app_version":"5","route":"/a"}',
      '{"app_version":"5","route":"/b"}',
    ]);
  });

  test('a route that changes without an id is another request', () => {
    const playing = new Playing().send(
      { sql: 'a', at: 0, tags: { caller: 'views.py:1', route: '/a' } },
      { sql: 'b', at: 2, tags: { caller: 'views.py:2', route: '/a' } },
      { sql: 'c', at: 4, tags: { route: '/c' } },
    );
    expect(unitsOf(playing)).toEqual([['a', 'b'], ['c']]);
    expect(playing.requests.map(({ tagSet, found }) => [tagSet, found])).toEqual([
      ['{"route":"/a"}', 'heuristic'],
      ['{"route":"/c"}', 'heuristic'],
    ]);
  });
});

describe('statements without tags between tagged ones', () => {
  const tags = { route: '/export' };
  const between: Sent[] = [
    { sql: 'a', at: 0, requestId: 'r1', tags },
    { sql: 'COPY', at: 60 },
    { sql: 'COPY', at: 700 },
  ];

  test('belong to the request that goes on behind them, however long they pause', () => {
    const playing = new Playing().send(...between, { sql: 'b', at: 900, requestId: 'r1', tags });
    expect(unitsOf(playing)).toEqual([['a', 'COPY', 'COPY', 'b']]);
    expect(playing.total).toEqual({ requests: 1, statements: 4 });
  });

  test('in a transaction of their own too', () => {
    const playing = new Playing().send(
      { sql: 'a', at: 0, requestId: 'r1', tags },
      { sql: 'BEGIN', at: 100 },
      { sql: 'COPY', at: 101 },
      { sql: 'COMMIT', at: 102 },
      { sql: 'b', at: 200, requestId: 'r1', tags },
    );
    expect(playing.pass(40_000).total).toEqual({ requests: 1, statements: 3 });
  });

  test('show what they found once: not as a guess, and again as a part', () => {
    const loop = Array.from({ length: 14 }, (_, n): Sent => ({ sql: 'SELECT item', at: 200 + n * 90, hash: n + 1 }));
    const playing = new Playing().send(
      { sql: 'a', at: 0, requestId: 'r1', tags },
      { sql: 'BEGIN', at: 100 },
      { sql: 'SELECT list', at: 101, rows: 14 },
      ...loop,
    );
    playing.units.tick(T0 + 1_550);
    playing.send({ sql: 'COMMIT', at: 1_600 }, { sql: 'b', at: 1_610, requestId: 'r1', tags }).pass(40_000);
    expect(playing.total).toEqual({ requests: 1, statements: 17 });
    const found = [...playing.findings.pending()].map(({ kind, route, units }) => [kind, route, units]);
    expect(found).toEqual([
      ['n-plus-one', '/export', 1],
      ['read-only-transaction', '/export', 1],
    ]);
  });

  test('are units of their own before another request', () => {
    const playing = new Playing().send(...between, { sql: 'b', at: 900, requestId: 'r2', tags });
    expect(unitsOf(playing)).toEqual([['a'], ['COPY'], ['COPY'], ['b']]);
  });
});

describe('the life of a short connection', () => {
  test('is a request, and direct', () => {
    const playing = new Playing().send({ sql: 'SET', at: 0 }, { sql: 'a', at: 2 }, { sql: 'b', at: 9 }).close();
    expect(unitsOf(playing)).toEqual([['SET', 'a', 'b']]);
    expect(playing.ended[0]).toMatchObject({ found: 'direct', boundary: 'connection' });
  });

  test('once a pool is known for it, a pause inside does not cut it', () => {
    const playing = new Playing();
    for (let n = 0; n < 4; n++) playing.send({ sql: 'a', at: n * 100, session: `s${n}` }).close(`s${n}`);
    playing.send({ sql: 'a', at: 1_000 }, { sql: 'b', at: 3_000 }).close('one', 2_100);
    expect(unitsOf(playing)[4]).toEqual(['a', 'b']);
  });

  test('a connection that is kept is none', () => {
    const playing = new Playing().send({ sql: 'a', at: 0 }).close('one', 60_000);
    unitsOf(playing);
    expect(playing.ended[0].found).toBe('heuristic');
  });
});

describe('signs of the driver', () => {
  test('a ping begins a request', () => {
    const playing = new Playing().send(
      { sql: 'PING', at: 0 },
      { sql: 'a', at: 2 },
      { sql: 'PING', at: 4 },
      { sql: 'b', at: 6 },
    );
    expect(unitsOf(playing)).toEqual([
      ['PING', 'a'],
      ['PING', 'b'],
    ]);
    expect(playing.ended[1].boundary).toBe('driver');
  });

  test('where every request begins with one, a pause inside of a request cuts nothing', () => {
    const playing = new Playing();
    for (let n = 0; n < 20; n++) playing.send({ sql: 'PING', at: n * 500 }, { sql: 'a', at: n * 500 + 2 });
    playing.send({ sql: 'PING', at: 20_000 }, { sql: 'a', at: 20_002 }, { sql: 'b', at: 20_400 });
    expect(unitsOf(playing).at(-1)).toEqual(['PING', 'a', 'b']);
  });

  test("the application's own SELECT 1 says nothing of other requests", () => {
    const playing = new Playing();
    // An endpoint that says whether it is healthy, every tenth request of a connection that is kept.
    for (let n = 0; n < 100; n++) playing.send({ sql: n % 10 === 0 ? 'PING' : 'a', at: n * 40 });
    expect(unitsOf(playing).filter(([first]) => first === 'a')).toEqual(Array(90).fill(['a']));
  });

  test('a connection that was kept alive through a night is one with health checks still', () => {
    const playing = new Playing();
    const night = 8 * 3_600_000;
    for (let n = 0; n < 20; n++) playing.send({ sql: 'PING', at: n * 500 }, { sql: 'a', at: n * 500 + 2 });
    for (let at = 30_000; at < night; at += 30_000) playing.send({ sql: 'PING', at });
    playing.send({ sql: 'PING', at: night }, { sql: 'a', at: night + 2 }, { sql: 'b', at: night + 400 });
    expect(unitsOf(playing).at(-1)).toEqual(['PING', 'a', 'b']);
  });

  test('health checks that come to be more than its own SELECT 1 are ones soon', () => {
    const playing = new Playing();
    for (let n = 0; n < 2_000; n++) playing.send({ sql: n % 2 === 0 ? 'PING' : 'a', at: n * 600 });
    const morning = 2_000_000;
    for (let n = 0; n < 70; n++) {
      playing.send({ sql: 'PING', at: morning + n * 600 }, { sql: 'a', at: morning + n * 600 + 2 });
    }
    const last = morning + 60_000;
    playing.send({ sql: 'PING', at: last }, { sql: 'a', at: last + 2 }, { sql: 'b', at: last + 400 });
    expect(unitsOf(playing).at(-1)).toEqual(['PING', 'a', 'b']);
  });

  test('health checks stay one where the application has its own SELECT 1 as well', () => {
    const playing = new Playing();
    for (let n = 0; n < 20; n++) {
      playing.send({ sql: 'PING', at: n * 500 }, { sql: n % 4 === 0 ? 'PING' : 'a', at: n * 500 + 2 });
    }
    playing.send({ sql: 'PING', at: 20_000 }, { sql: 'a', at: 20_002 }, { sql: 'b', at: 20_400 });
    expect(unitsOf(playing).at(-1)).toEqual(['PING', 'a', 'b']);
  });

  test('but not after an error: then the connection is looked at in the middle of a request', () => {
    const playing = new Playing().send(
      { sql: 'a', at: 0, sqlstate: '23505' },
      { sql: 'PING', at: 2 },
      { sql: 'b', at: 4 },
    );
    expect(unitsOf(playing)).toEqual([['a', 'PING', 'b']]);
  });

  test('ROLLBACK on return and DISCARD end one', () => {
    const playing = new Playing().send(
      { sql: 'BEGIN', at: 0 },
      { sql: 'a', at: 2 },
      { sql: 'COMMIT', at: 4 },
      { sql: 'BEGIN', at: 5.5 },
      { sql: 'b', at: 7 },
      { sql: 'ROLLBACK', at: 8 },
      { sql: 'BEGIN', at: 9.5 },
      { sql: 'c', at: 11 },
      { sql: 'COMMIT', at: 12 },
      { sql: 'DISCARD ALL', at: 13 },
      { sql: 'd', at: 14.5 },
    );
    expect(unitsOf(playing)).toEqual([
      ['BEGIN', 'a', 'COMMIT', 'BEGIN', 'b', 'ROLLBACK'],
      ['BEGIN', 'c', 'COMMIT', 'DISCARD ALL'],
      ['d'],
    ]);
  });
});

test('a session that works in transactions alone: each is one', () => {
  const playing = new Playing().send(
    ...[0, 20].flatMap((at): Sent[] => [
      { sql: 'BEGIN', at },
      { sql: 'a', at: at + 2 },
      { sql: 'COMMIT', at: at + 4 },
    ]),
  );
  expect(unitsOf(playing)).toHaveLength(2);
  expect(playing.ended[0].boundary).toBe('transaction');
});

describe('bursts', () => {
  /** Requests of five statements, `inside` ms apart, and `between` ms from one request to the next. */
  function bursts(requests: number, { inside, between }: { inside: number; between: number }): Playing {
    const playing = new Playing();
    let at = 0;
    for (let request = 0; request < requests; request++) {
      for (let n = 0; n < 5; n++, at += 1 + inside) playing.send({ sql: `s${n}`, at });
      at += between;
    }
    return playing;
  }

  test.each([
    { inside: 0.3, between: 15 },
    { inside: 2, between: 200 },
    { inside: 80, between: 1_500 },
  ])('the gap is learnt: $inside ms inside, $between ms between', ({ inside, between }) => {
    const playing = bursts(300, { inside, between });
    playing.pass(10_000);
    const last = playing.ended.slice(-100);
    expect(last.filter(({ statements }) => statements.length === 5)).toHaveLength(100);
    expect(last[0]).toMatchObject({ found: 'heuristic', boundary: 'burst' });
  });

  test('pauses of one kind teach nothing: the usual gap stands', () => {
    const playing = new Playing();
    for (let n = 0, at = 0; n < 500; n++, at += 2 + (n % 3)) playing.send({ sql: 'a', at });
    expect(unitsOf(playing)).toHaveLength(1);
  });

  test('a transaction is not cut, however long it pauses', () => {
    const playing = new Playing().send(
      { sql: 'a', at: 0 },
      { sql: 'BEGIN', at: 2 },
      { sql: 'b', at: 700 },
      { sql: 'COMMIT', at: 1_400 },
      { sql: 'c', at: 1_402 },
    );
    expect(unitsOf(playing)).toEqual([['a', 'BEGIN', 'b', 'COMMIT', 'c']]);
  });
});

describe('what is counted', () => {
  test('housekeeping is in the time alone, and a unit of nothing else is no request', () => {
    const playing = new Playing()
      .send({ sql: 'PING', at: 0, session: 'two' })
      .send({ sql: 'BEGIN', at: 0 }, { sql: 'a', at: 2, ms: 3, rows: 4 }, { sql: 'a', at: 6 }, { sql: 'COMMIT', at: 8 })
      .pass(5_000);
    expect(playing.requests).toHaveLength(1);
    expect(playing.requests[0]).toMatchObject({
      requests: 1,
      statements: 2,
      repeated: 1,
      rows: 5,
      serviceTotalNs: 6e6,
    });
    expect(playing.requests[0].serviceSquaredNs2).toBe(36e12);
  });

  test('a statement counts once per request, with its squares', () => {
    const playing = new Playing();
    for (const requestId of ['r1', 'r2', 'r3'])
      for (let n = 0; n < 4; n++) playing.send({ sql: 'a', at: n, requestId, session: requestId });
    playing.pass(5_000);
    const [row] = playing.units.statements.pending();
    expect(row).toMatchObject({ requests: 3, executions: 12, executionsSquared: 48, serviceSquaredNs2: 48e12 });
  });

  test('what its connection has left, and no id names, is over at once', () => {
    const playing = new Playing();
    playing.send({ sql: 'a', at: 0 }, { sql: 'b', at: 1, requestId: 'r' });
    playing.send({ sql: 'a', at: 100, session: 'two' }, { sql: 'b', at: 200, session: 'two' });
    expect(playing.ended.map(({ firstMs }) => firstMs - T0)).toEqual([100]);
    const late = playing.take({ sql: 'a', at: 300, session: 'two' });
    playing.send({ sql: 'a', at: 400, session: 'two' });
    expect(playing.ended.map(({ firstMs }) => firstMs - T0)).toEqual([100, 200]);
    playing.settle(late);
    playing.pass(0);
    expect(playing.ended.map(({ firstMs }) => firstMs - T0)).toEqual([100, 200, 300]);
    playing.close('two');
    expect(playing.ended.map(({ firstMs }) => firstMs - T0)).toEqual([100, 200, 300, 400]);
    expect(playing.pass(3_000).total).toEqual({ requests: 5, statements: 6 });
  });

  test('a long unit shows before its end, and is counted once', () => {
    const playing = new Playing();
    for (let at = 0; at < 6_000; at += 500) {
      playing.send({ sql: 'a', at, requestId: 'job' });
      playing.units.tick(1_800_000_000_000 + at + 1);
    }
    expect(playing.total).toEqual({ requests: 1, statements: 12 });
    expect(playing.requests[0].statementHistogram.count).toBe(0);
    playing.pass(3_000);
    expect(playing.requests[0]).toMatchObject({ requests: 1, statements: 12, statementsSquared: 144 });
    expect(playing.requests[0].statementHistogram.count).toBe(1);
  });

  test('sources and pools come when the session settles, also after the unit was quiet for long', () => {
    const playing = new Playing();
    const taken = playing.take({ sql: 'a', at: 0, requestId: 'r1' });
    playing.pass(2_000);
    expect(playing.requests).toEqual([]);
    playing.settle(taken);
    playing.pass(2_000);
    expect(playing.total).toEqual({ requests: 1, statements: 1 });
  });

  test('requests without a statement are those that the application counted', () => {
    const playing = new Playing().send({ sql: 'a', at: 0, requestId: 'r1', idle: 7 }).pass(3_000);
    expect(playing.requests[0].idleRequests).toBe(7);
  });
});

describe('bounds', () => {
  test('of one unit so many statements are kept; all are counted', () => {
    const playing = new Playing();
    const sent = limits.unitStatementsMax + 50;
    for (let at = 0; at < sent; at++) playing.send({ sql: `s${at % 7}`, at, requestId: 'job' });
    playing.pass(3_000);
    expect(playing.ended[0].statements).toHaveLength(limits.unitStatementsMax);
    expect(playing.ended[0].statementsDropped).toBe(50);
    expect(playing.units.counters.unitStatementsDroppedTotal).toBe(50);
    expect(playing.total).toEqual({ requests: 1, statements: sent });
  });

  test('of one request so many statements are told apart; the executions of the rest are counted', () => {
    const playing = new Playing();
    const beyond = 25;
    for (let at = 0; at < limits.requestStatementsMax + beyond; at++)
      playing.send({ sql: `s${at}`, at: at % 500, requestId: 'job' });
    playing.pass(3_000);
    expect(playing.units.statements.cappedTotal).toBe(beyond);
    expect(playing.total).toEqual({ requests: 1, statements: limits.requestStatementsMax + beyond });
  });

  test('of all routes so many are told apart, the rest is (other); none is lost', () => {
    const playing = new Playing();
    const sent = limits.routesMax + 5;
    for (let n = 0; n < sent; n++) playing.send({ sql: 'a', at: 0, requestId: `r${n}`, tags: { route: `/${n}` } });
    playing.pass(3_000);
    expect(playing.units.requests.cappedTotal).toBe(5);
    expect(playing.total.requests).toBe(sent);
  });

  test('so many statements of requests wait for a flush; the rest is counted', () => {
    const playing = new Playing();
    const each = limits.requestStatementsMax;
    const requests = limits.requestStatementRowsMax / each + 1;
    for (let n = 0; n < requests; n++)
      for (let k = 0; k < each; k++) playing.send({ sql: `s${n}x${k}`, at: k % 500, requestId: `r${n}` });
    playing.pass(3_000);
    expect([...playing.units.statements.pending()]).toHaveLength(limits.requestStatementRowsMax);
    expect(playing.units.statements.cappedTotal).toBe(each);
  });

  test('so many sources and pools of a route are told apart, the rest is the pool (other)', () => {
    const playing = new Playing();
    const pools = limits.requestPartsMax + 7;
    for (let n = 0; n < pools; n++)
      playing.send({ sql: 'a', at: 0, requestId: `r${n}`, session: `${n}`, tags: { route: '/' }, pool: `p${n}` });
    playing.pass(3_000);
    const parts = [...playing.units.requests.pending()].flatMap((row) => [...row.parts.values()]);
    expect(parts).toHaveLength(limits.requestPartsMax + 1);
    expect(parts.reduce((sum, { statements }) => sum + statements, 0)).toBe(pools);
  });

  test('requests beyond those that are remembered by their id count anew, and none is lost', () => {
    const playing = new Playing();
    const each = limits.unitsOpenMax / 2;
    const blocks = Math.ceil((2 * limits.requestsMax) / each) + 1;
    let at = 0;
    for (let block = 0; block < blocks; block++, at += 4_000) {
      for (let n = 0; n < each; n++) playing.send({ sql: 'a', at, requestId: `r${block}x${n}` });
      playing.pass(3_000);
    }
    playing.send({ sql: 'a', at, requestId: 'r0x0' }, { sql: 'a', at, requestId: `r${blocks - 1}x0` }).pass(3_000);
    // The first is forgotten and counts anew, the last goes on.
    expect(playing.total).toEqual({ requests: blocks * each + 1, statements: blocks * each + 2 });
  });

  test('a request is remembered in full behind thousands that are kept whole', () => {
    const playing = new Playing();
    // Their sessions stay, so that these are not written down.
    const idle = 5_000;
    for (let n = 0; n < idle; n++) playing.send({ sql: 'a', at: n / 10, session: `idle ${n}`, requestId: `i${n}` });
    for (let n = 0; n < 4; n++) playing.send({ sql: 'a', at: 600 + n, requestId: `r${n}` });
    playing.pass(3_000);
    for (let n = 0; n < 4; n++) playing.send({ sql: 'a', at: 4_000 + n, requestId: `r${n}` });
    playing.pass(3_000);
    const [row, ...others] = playing.requests;
    expect(others).toEqual([]);
    expect(row).toMatchObject({ requests: idle + 4, statements: idle + 8, statementsMax: 2, repeated: 4 });
  });

  test.each([
    [4, 'goes on', 5],
    [5, 'counts anew', 7],
  ])('with room for five ids, one that comes again after %i others %s', (others, _, requests) => {
    withLimits({ requestsMax: 5 }, () => {
      const playing = new Playing();
      let at = 0;
      // Wherever in its generation the id stands.
      for (let before = 0; before < 12; before++) {
        const earlier = playing.total.requests;
        for (let n = 0; n <= others; n++, at += 4_000)
          playing.send({ sql: 'a', at, requestId: `b${before}x${n}` }).pass(3_000);
        playing.send({ sql: 'a', at, requestId: `b${before}x0` }).pass(3_000);
        expect(playing.total.requests - earlier).toBe(requests);
        at += 8_000;
      }
    });
  });

  test('an open request is the same whatever comes beside it, and ends under its id once', () => {
    withLimits({ requestsMax: 5 }, () => {
      const playing = new Playing().send(
        { sql: 'BEGIN', at: 0, requestId: 'r0' },
        { sql: 'a', at: 1, requestId: 'r0' },
      );
      for (let n = 0; n < 40; n++) playing.send({ sql: 'b', at: 2 + n, session: 'two', requestId: `other${n}` });
      playing.send({ sql: 'c', at: 50, session: 'three', requestId: 'r0' }, { sql: 'COMMIT', at: 51, requestId: 'r0' });
      playing.pass(3_000);
      expect(playing.total.requests).toBe(41);
    });
  });

  test.each([
    ['idle', false],
    ['closed', true],
  ])('so many statements of ended requests are remembered, their connection %s', (_, isClosed) => {
    withLimits({ requestsStatementsMax: 15 }, () => {
      const playing = new Playing();
      const request = (name: string, at: number) => {
        for (let n = 0; n < 6; n++) playing.send({ sql: `SELECT ${n}`, at: at + n, requestId: name });
        if (isClosed) playing.close();
        playing.pass(3_000);
      };
      for (const [n, name] of ['one', 'two', 'three'].entries()) request(name, n * 4_000);
      // Three of six statements each are too many: the first is forgotten, the others are not.
      playing.send({ sql: 'again', at: 12_000, requestId: 'two' }, { sql: 'again', at: 12_001, requestId: 'three' });
      expect(playing.pass(3_000).total.requests).toBe(3);
      playing.send({ sql: 'again', at: 20_000, requestId: 'one' });
      expect(playing.pass(3_000).total.requests).toBe(4);
    });
  });

  test('too many open: the oldest ends early, and is counted', () => {
    const playing = new Playing();
    for (let n = 0; n < limits.unitsOpenMax + 30; n++) playing.send({ sql: 'a', at: 0, requestId: `r${n}` });
    expect([...playing.units.open()]).toHaveLength(limits.unitsOpenMax);
    expect(playing.units.counters.unitsCutTotal).toBe(30);
    playing.pass(3_000);
    expect(playing.total.requests).toBe(limits.unitsOpenMax + 30);
    expect([...playing.units.open()]).toEqual([]);
  });

  test('nor are more open where ended ones go on', () => {
    withLimits({ unitsOpenMax: 10 }, () => {
      const playing = new Playing();
      const all = (atMs: number): void => {
        for (let n = 0; n < 100; n++)
          playing.send({ sql: 'a', at: atMs + n, session: `s${n % 3}`, requestId: `r${n}` });
      };
      all(0);
      playing.pass(3_000);
      all(4_000);
      expect([...playing.units.open()]).toHaveLength(10);
      expect(playing.units.counters.unitsTotal).toBe(100);
    });
  });
});

/** A small generator with a seed, so that a failure can be run again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
  'any interleaving of the sessions of a request gives the same unit (seed %i)',
  (seed) => {
    const next = random(seed);
    const sessions = Array.from({ length: 4 }, (_, session) =>
      Array.from({ length: 6 }, (_, n): Sent => {
        const at = n * 10 + Math.floor(next() * 10);
        const route = next() < 0.5 ? { tags: { route: `/r${Math.floor(next() * 3)}` } } : {};
        const traceId = next() < 0.5 ? 't1' : '';
        return { sql: `s${Math.floor(next() * 5)}`, at, session: `${session}`, requestId: 'r1', traceId, ...route };
      }),
    );
    const played = () => {
      const left = sessions.map((list) => [...list]);
      const playing = new Playing();
      while (left.some((list) => list.length > 0)) {
        const list = left[Math.floor(next() * left.length)];
        const sent = list.shift();
        if (sent !== undefined) playing.send(sent);
      }
      playing.pass(3_000);
      return { unit: playing.ended, requests: playing.requests, statements: sorted(playing) };
    };
    const first = played();
    expect(first.unit).toHaveLength(1);
    for (let n = 0; n < 5; n++) expect(played()).toEqual(first);
  },
);

function sorted(playing: Playing) {
  return [...playing.units.statements.pending()].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
}
