// The server's own rules: what they may explain, and what they may not.
// Pure arithmetic on counts of both sides.

import { describe, expect, test } from 'vitest';
import { statementsOfBody } from '../../own-queries/function-bodies.js';
import { reconcile } from '../../own-queries/reconcile.js';
import { type Origin, originOf } from '../../own-queries/text-origin.js';

interface Counts {
  query: string;
  server?: [calls: number, rows: number];
  proxy?: [calls: number, rows: number];
  least?: [calls: number, rows: number];
  doubtful?: [calls: number, rows: number];
  beganAnew?: 'server' | 'proxy';
  origin?: Origin;
  isHousekeeping?: boolean;
}

function outcomeOf(
  { query, server, proxy, least, doubtful, beganAnew, origin, isHousekeeping }: Counts,
  traits: {
    major?: number;
    trackUtility?: boolean;
    deallocations?: number;
    notObserved?: number;
    bypassing?: number;
  } = {},
): string {
  const { major = 17, trackUtility = true, deallocations = 0, notObserved = 0, bypassing = 0 } = traits;
  const id = '0123456789abcdef';
  const command = query.split(' ')[0];
  const pair = ([calls, rows]: [number, number]) => ({ calls, rows });
  const counts = new Map(
    server === undefined ? [] : [[id, { query, command, ...pair(server), beganAnew: beganAnew === 'server', origin }]],
  );
  if (bypassing > 0) {
    counts.set('fedcba9876543210', {
      query: 'SELECT 9',
      command: 'SELECT',
      ...pair([bypassing, 0]),
      beganAnew: false,
      origin: undefined,
    });
  }
  const bounds = (most: [number, number]) => ({
    query,
    isHousekeeping,
    most: pair(most),
    least: pair(least ?? most),
    doubtful: doubtful && pair(doubtful),
    beganAnew: beganAnew === 'proxy',
  });
  const seen = proxy === undefined ? [] : [[id, bounds(proxy)] as const];
  const result = reconcile({ major, trackUtility, deallocations, counts }, { counts: new Map(seen), notObserved });
  const row = result.statements.find(({ fingerprint }) => fingerprint === id)!;
  return row.rule === '' ? row.outcome : `${row.outcome} by ${row.rule}`;
}

describe('equal or not', () => {
  test.each<[string, Counts, string]>([
    ['the same on both sides', { query: 'SELECT 1', server: [3, 3], proxy: [3, 3] }, 'equal'],
    [
      'between what must and what may be in the window',
      { query: 'SELECT 1', server: [4, 4], least: [3, 3], proxy: [5, 5] },
      'equal',
    ],
    [
      'beyond what may be in the window',
      { query: 'SELECT 1', server: [6, 6], least: [3, 3], proxy: [5, 5] },
      'unexplained',
    ],
    ['only the server', { query: 'SELECT 1', server: [2, 2] }, 'bypass'],
    ['only the proxy', { query: 'SELECT 1', proxy: [2, 2] }, 'unexplained'],
    ['one row more', { query: 'SELECT 1', server: [2, 2], proxy: [2, 3] }, 'unexplained'],
    ['one call more by the server', { query: 'SELECT 1', server: [3, 2], proxy: [2, 2] }, 'unexplained'],
  ])('%s', (_, counts, outcome) => {
    expect(outcomeOf(counts)).toBe(outcome);
  });
});

describe('where one side began to count anew', () => {
  const query = 'SELECT 1';
  test.each<[string, Counts, string]>([
    [
      'less than the whole minute of the reset',
      { query, server: [8, 8], least: [0, 0], doubtful: [28, 28], proxy: [28, 28] },
      'reset',
    ],
    [
      'nothing of the minute of the reset',
      { query, server: [8, 8], least: [8, 8], doubtful: [20, 20], proxy: [28, 28] },
      'reset',
    ],
    ['a statement that only that minute had', { query, least: [0, 0], doubtful: [3, 3], proxy: [3, 3] }, 'reset'],
    [
      'the calls of the whole minute, and not its rows',
      { query, server: [28, 8], least: [0, 0], doubtful: [28, 28], proxy: [28, 28] },
      'reset',
    ],
    [
      'the whole minute of the reset',
      { query, server: [28, 28], least: [8, 8], doubtful: [20, 20], proxy: [28, 28] },
      'equal',
    ],
    [
      'the whole minute of the reset, and part of what ran meanwhile',
      { query, server: [29, 29], least: [8, 8], doubtful: [20, 20], proxy: [30, 30] },
      'equal',
    ],
    [
      'less than must be in the window',
      { query, server: [7, 7], least: [8, 8], doubtful: [20, 20], proxy: [28, 28] },
      'unexplained',
    ],
    [
      'more than may be in the window',
      { query, server: [29, 29], least: [8, 8], doubtful: [20, 20], proxy: [28, 28] },
      'unexplained',
    ],
    ['a lower count of the server', { query, server: [3, 3], proxy: [3, 3], beganAnew: 'server' }, 'reset'],
    ['a lower count of pgwitness', { query, server: [3, 3], proxy: [3, 3], beganAnew: 'proxy' }, 'reset'],
    ['no count of the server any more', { query, server: [0, 0], proxy: [0, 0], beganAnew: 'server' }, 'reset'],
  ])('%s', (_, counts, outcome) => {
    expect(outcomeOf(counts)).toBe(outcome);
  });

  test('a lower count of a server that dropped entries is explained, one of pgwitness is not', () => {
    const counts: Counts = { query, server: [3, 3], proxy: [5, 5] };
    const dropped = { deallocations: 1 };
    expect(outcomeOf({ ...counts, beganAnew: 'server' }, dropped)).toBe('explained by entries-thrown-out');
    expect(outcomeOf({ ...counts, beganAnew: 'proxy' }, dropped)).toBe('reset');
  });
});

describe('rules by version and setting', () => {
  test('DEALLOCATE is not counted before 17', () => {
    const counts: Counts = { query: 'DEALLOCATE p', proxy: [1, 0] };
    expect(outcomeOf(counts, { major: 16 })).toBe('explained by deallocate-not-counted');
  });

  test('rows of a suspended portal differ before 16 only', () => {
    const counts: Counts = { query: 'SELECT 1', server: [1, 10], proxy: [1, 50] };
    expect(outcomeOf(counts, { major: 15 })).toBe('explained by suspended-portal-rows');
    expect(outcomeOf(counts, { major: 16 })).toBe('unexplained');
  });

  test('track_utility off explains a missing utility statement, not a missing SELECT', () => {
    expect(outcomeOf({ query: 'BEGIN', proxy: [5, 0] }, { trackUtility: false })).toBe(
      'explained by track-utility-off',
    );
    expect(outcomeOf({ query: 'SELECT 1', proxy: [5, 5] }, { trackUtility: false })).toBe('unexplained');
  });

  test('a prepared utility statement may be short on the server, never on the proxy', () => {
    expect(outcomeOf({ query: 'COMMIT', server: [1, 0], proxy: [9, 0] })).toBe('explained by prepared-utility-once');
    expect(outcomeOf({ query: 'COMMIT', server: [9, 0], proxy: [1, 0] })).toBe('unexplained');
  });

  test('entries that were thrown out explain what the server lacks, not what it has', () => {
    expect(outcomeOf({ query: 'SELECT 1', server: [1, 1], proxy: [9, 9] }, { deallocations: 1 })).toBe(
      'explained by entries-thrown-out',
    );
    expect(outcomeOf({ query: 'SELECT 1', server: [9, 9], proxy: [1, 1] }, { deallocations: 1 })).toBe('unexplained');
  });

  test('what was not observed explains as many calls and no more', () => {
    const counts: Counts = { query: 'SELECT 1', server: [9, 9], proxy: [4, 4] };
    expect(outcomeOf(counts, { notObserved: 5 })).toBe('explained by not-observed');
    expect(outcomeOf(counts, { notObserved: 4 })).toBe('unexplained');
  });
});

describe('what no client sent through pgwitness', () => {
  test('an origin explains what the server has more, alone or beside the proxy, and nothing that it lacks', () => {
    const query = 'SELECT ? FROM ONLY "a"."b" x';
    const origin = 'foreign-key-check';
    expect(outcomeOf({ query, server: [9, 9], origin })).toBe('explained by foreign-key-check');
    expect(outcomeOf({ query, server: [9, 9], proxy: [2, 2], origin })).toBe('explained by foreign-key-check');
    expect(outcomeOf({ query, server: [1, 1], proxy: [2, 2], origin })).toBe('unexplained');
  });

  test('housekeeping may be more on the server by as much as bypassed, other statements may not', () => {
    const begin: Counts = { query: 'BEGIN', server: [9, 0], proxy: [4, 0], isHousekeeping: true };
    expect(outcomeOf(begin, { bypassing: 5 })).toBe('explained by housekeeping-of-bypassing');
    expect(outcomeOf(begin, { bypassing: 4 })).toBe('unexplained');
    expect(outcomeOf({ ...begin, isHousekeeping: false }, { bypassing: 5 })).toBe('unexplained');
  });

  const check = 'FROM ONLY "public"."book" x WHERE "id" OPERATOR(pg_catalog.=) ? FOR KEY SHARE OF x';
  test.each<[string, string, Origin | undefined]>([
    [`SELECT ? ${check}`, 'SELECT public.book', 'foreign-key-check'],
    ['DELETE FROM ONLY "public"."book" WHERE ? OPERATOR(pg_catalog.=) "author"', '', 'foreign-key-check'],
    [
      'UPDATE ONLY "public"."book" SET "author" = NULL WHERE ? OPERATOR(pg_catalog.=) "author"',
      '',
      'foreign-key-check',
    ],
    ['SELECT ? FROM "public"."book" x WHERE "id" = ? FOR KEY SHARE OF x', 'SELECT public.book', undefined],
    ['SELECT * FROM book WHERE name OPERATOR(pg_catalog.~) ?', 'SELECT book', undefined],
    ['SELECT relname FROM pg_class', 'SELECT pg_class', 'catalogue-look-up'],
    ['SELECT relname FROM pg_class, book', 'SELECT pg_class book', undefined],
    ['SELECT ?', 'SELECT', undefined],
  ])('%s', (query, summary, origin) => {
    expect(originOf({ raw: query, query, summary, command: query.split(' ')[0] })).toBe(origin);
  });

  test('statements of a body in PL/pgSQL', () => {
    const body = `-- a; comment
      DECLARE n int; BEGIN
      IF NEW.id > 1 THEN INSERT INTO log SELECT id FROM book RETURNING id INTO n; END IF;
      WITH a AS (SELECT 1) SELECT a.b, (SELECT 2) INTO STRICT n, NEW.x FROM a;
      FOR n IN SELECT id FROM book LOOP PERFORM f('x;y'); END LOOP; RETURN NULL; END`;
    expect(statementsOfBody(body).map((text) => text.replace(/ *([(),.]) */g, '$1'))).toEqual([
      'INSERT INTO log SELECT id FROM book RETURNING id',
      'WITH a AS(SELECT 1)SELECT a.b,(SELECT 2)FROM a',
      'SELECT id FROM book',
      "SELECT f('x;y')",
    ]);
  });
});
