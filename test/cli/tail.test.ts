// The groups of `tail`, their lines, and which executions it shows.

import { describe, expect, test } from 'vitest';
import { groupText } from '../../cli/views/tail/tail.js';
import { isWanted, type TailFilter } from '../../cli/views/tail/tail-filter.js';
import { TailGroups } from '../../cli/views/tail/tail-groups.js';
import { collapsed } from '../../facts/words/repeats.js';
import type { TailExecutionJson } from '../../reports/forms/tail-json.js';

const SCREEN = { width: 80, colours: false };
const REQUEST = '4bf92f3577b34da6a3ce929d0e0e4736';

function execution(parts: Partial<TailExecutionJson> = {}): TailExecutionJson {
  return {
    at: '2026-03-01T08:00:00.123Z',
    session: 'r.1',
    pool: 'django:app@shop',
    source: 'raw',
    construct: 'cursor',
    fingerprint: 'a1b2c3d4e5f60718',
    query: 'SELECT title FROM book WHERE id = $1',
    service_ms: 2,
    rows: 1,
    sqlstate: '',
    transaction_position: 0,
    tags: {},
    request: '',
    unit: '1',
    boundary: 'burst',
    ...parts,
  };
}

describe('groups', () => {
  test('a unit of work is one, over its connections, in the order of its executions', () => {
    const groups = new TailGroups();
    groups.add([execution({ at: '2026-03-01T08:00:00.300Z' }), execution({ unit: '2' })], { nowMs: 1 });
    groups.add([execution({ session: 'r.2', at: '2026-03-01T08:00:00.200Z' })], { nowMs: 2 });
    const shown = groups.takeSilent(2);
    expect(shown.map(({ executions }) => executions.map(({ session }) => session))).toEqual([['r.1'], ['r.2', 'r.1']]);
  });

  test('what may go on waits, and what went on after all says so', () => {
    const groups = new TailGroups();
    groups.add([execution()], { nowMs: 5 });
    expect(groups.takeSilent(4)).toEqual([]);
    expect(groups.takeSilent(5)).toMatchObject([{ goesOn: false }]);
    groups.add([execution()], { nowMs: 9 });
    expect(groups.takeSilent(9)).toMatchObject([{ goesOn: true }]);
  });

  test('groups come out in the order in which they ended', () => {
    const groups = new TailGroups();
    const at = (ms: number) => `2026-03-01T08:00:00.${ms}Z`;
    groups.add(
      [
        execution({ unit: 'long', at: at(100) }),
        execution({ unit: 'short', at: at(200) }),
        execution({ unit: 'long', at: at(300) }),
      ],
      { nowMs: 1 },
    );
    expect(groups.takeSilent(1).map(({ executions }) => executions[0].unit)).toEqual(['short', 'long']);
  });

  test('sidecars are told apart, and sessions without a unit', () => {
    const groups = new TailGroups();
    groups.add([execution()], { nowMs: 1, from: 'http://a/' });
    groups.add([execution()], { nowMs: 1, from: 'http://b/' });
    groups.add(
      ['r.8', 'r.9'].map((session) => execution({ session, unit: '' })),
      { nowMs: 1 },
    );
    expect(groups.takeSilent(1)).toHaveLength(4);
  });
});

describe('repeats', () => {
  const shape = (text: string) =>
    collapsed([...text], (letter) => letter).map(({ items, place }) => `${items[0]}${items.length}${place[0]}`);

  test.each([
    ['AAAA', ['A4a']],
    ['ABC', ['A1a', 'B1a', 'C1a']],
    ['ABABAB', ['A3f', 'B3l']],
    ['xABBABBBABy', ['x1a', 'A3f', 'B6l', 'y1a']],
    ['ABCBCABCBC', ['A2f', 'B4i', 'C4l']],
    ['ABCDABCDA', ['A2f', 'B2i', 'C2i', 'D2l', 'A1a']],
  ])('%s', (text, lines) => {
    expect(shape(text)).toEqual(lines);
  });
});

function textOf(executions: TailExecutionJson[], screen = SCREEN): string {
  return groupText({ executions, goesOn: false }, screen);
}

describe('view', () => {
  const tags = { route: 'books/<int:id>', caller: 'shop/views.py:7' };

  test('the route comes first, then statements, time, line of code, pool and request', () => {
    const executions = [1, 2, 3, 4].map(() => execution({ tags, request: REQUEST }));
    const [head, ...lines] = textOf(executions, { width: 120, colours: false }).split('\n');
    expect(head).toBe(
      '08:00:00.123 · books/<int:id> · 4 statements in 8.00 ms · shop/views.py:7 · django:app@shop · request 4bf92f35',
    );
    expect(lines).toEqual(['     4× 8.00 ms raw/cursor  SELECT title FROM book WHERE id = $1']);
  });

  test('on a narrow screen the request goes, and the route stays', () => {
    const executions = [1, 2].map(() => execution({ tags, request: REQUEST }));
    expect(textOf(executions).split('\n')[0]).toBe(
      '08:00:00.123 · books/<int:id> · 2 statements in 4.00 ms · shop/views.py:7',
    );
  });

  test('a lone statement is one line', () => {
    expect(textOf([execution({ tags })], { width: 100, colours: false })).toBe(
      '08:00:00.123 · books/<int:id> · shop/views.py:7 · 2.00 ms raw/cursor  SELECT title FROM book WHERE …',
    );
  });

  test('a request on two pools says so, and which statement ran where', () => {
    const other = execution({ pool: 'sqlalchemy:app@shop', source: 'sqlalchemy', construct: 'core' });
    const [head, ...lines] = textOf([execution(), other], { width: 120, colours: false }).split('\n');
    expect(head).toContain('pools django:app@shop + sqlalchemy:app@shop');
    expect(lines[0]).toContain('raw/cursor  django:app@shop  SELECT');
    expect(lines[1]).toContain('sqlalchemy/core  sqlalchemy:app@shop  SELECT');
  });

  test('lines that take turns are held together, each with its own line of code', () => {
    const b = { fingerprint: 'b1b2c3d4e5f60718', query: 'SELECT name FROM author WHERE id = $1' };
    const one = execution({ tags });
    const two = execution({ ...b, tags: { ...tags, caller: 'shop/views.py:9' } });
    const lines = textOf([one, two, one, two], { width: 100, colours: false }).split('\n').slice(1);
    expect(lines).toEqual([
      ' ┌   2× 4.00 ms raw/cursor  shop/views.py:7  SELECT title FROM book WHERE id = $1',
      ' └   2× 4.00 ms raw/cursor  shop/views.py:9  SELECT name FROM author WHERE id = $1',
    ]);
  });

  test('no line is wider than the screen, and nothing steers the terminal', () => {
    const query = `SELECT \u001b[2J ${'x'.repeat(500)}`;
    const one = execution({ query, tags: { route: `/\u0007${'y'.repeat(200)}` } });
    for (const text of [textOf([one]), textOf([one, execution({ fingerprint: 'b' })])]) {
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    }
  });

  test('an error says its SQLSTATE and what that is', () => {
    const failed = textOf([execution({ sqlstate: '23505' })], { width: 120, colours: false });
    expect(failed).toContain('error 23505 unique_violation');
    expect(textOf([execution({ sqlstate: '22999' })], { width: 120, colours: false })).toContain(
      '22999 (data exception)',
    );
  });
});

describe('filters', () => {
  const wanted = (one: TailExecutionJson, filter: Partial<TailFilter>) =>
    isWanted(one, { minMs: 0, all: false, ...filter });

  test('housekeeping is left out until it is asked for', () => {
    const one = execution({ source: 'housekeeping' });
    expect(wanted(one, {})).toBe(false);
    expect(wanted(one, { all: true })).toBe(true);
    expect(wanted(one, { source: 'housekeeping' })).toBe(true);
  });

  test.each<[Partial<TailFilter>, boolean]>([
    [{ tags: [['route', 'books/*']], pool: 'django:app@shop' }, true],
    [{ tags: [['route', 'books/']] }, false],
    [{ tags: [['job', '*']] }, false],
    [{ pool: 'other' }, false],
    [{ construct: 'cursor' }, true],
    [{ construct: 'core' }, false],
    [{ handwritten: true }, true],
    [{ find: ['TITLE', 'book'] }, true],
    [{ find: ['title', 'author'] }, false],
    [{ table: 'bo*' }, true],
    [{ table: 'author' }, false],
    [{ minMs: 2 }, true],
    [{ minMs: 2.1 }, false],
  ])('%j: %s', (filter, fits) => {
    expect(wanted(execution({ tags: { route: 'books/<int:id>' } }), filter)).toBe(fits);
  });
});
