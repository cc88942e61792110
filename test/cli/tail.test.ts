// The groups of `tail`: transactions, requests, repeats.

import { describe, expect, test } from 'vitest';
import { filterOf } from '../../cli/commands/tail.js';
import { groupText } from '../../cli/views/tail/tail.js';
import { TailGroups } from '../../cli/views/tail/tail-groups.js';
import type { TailExecutionJson } from '../../reports/forms/tail-json.js';

const SCREEN = { width: 80, colours: false };

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
    ...parts,
  };
}

describe('groups', () => {
  test('the statements of a transaction are one, and the next transaction another', () => {
    const groups = new TailGroups();
    const ended = groups.add([1, 2, 3, 1, 2].map((transaction_position) => execution({ transaction_position })));
    expect(ended.map(({ kind, executions }) => [kind, executions.length])).toEqual([['transaction', 3]]);
    const rest = groups.takeSilent(Date.parse('2026-03-01T09:00:00Z'));
    expect(rest.map(({ executions }) => executions.length)).toEqual([2]);
  });

  test('a request goes on over several transactions', () => {
    const groups = new TailGroups();
    const request = '4bf92f3577b34da6a3ce929d0e0e4736';
    groups.add([1, 2, 1].map((transaction_position) => execution({ transaction_position, request })));
    expect(groups.add([execution({ request: 'another' })])[0].executions).toHaveLength(3);
  });

  test('sessions are told apart', () => {
    const groups = new TailGroups();
    const both = ['r.1', 'r.2', 'r.1', 'r.2'].map((session, n) =>
      execution({ session, transaction_position: 1 + Math.floor(n / 2) }),
    );
    expect(groups.add(both)).toEqual([]);
    expect(groups.takeSilent(Date.parse('2026-03-01T09:00:00Z'))).toHaveLength(2);
  });

  test('what is outside a transaction stands alone, and what may go on waits', () => {
    const groups = new TailGroups();
    expect(groups.add([execution(), execution()])).toHaveLength(1);
    expect(groups.takeSilent(Date.parse('2026-03-01T07:00:00Z'))).toEqual([]);
  });
});

describe('view', () => {
  test('repeats are one line with their number and whole time', () => {
    const executions = [1, 2, 3, 4].map((transaction_position) => execution({ transaction_position }));
    const text = groupText({ kind: 'transaction', executions }, SCREEN);
    expect(text.split('\n')).toHaveLength(2);
    expect(text).toContain('08:00:00.123 · django:app@shop · transaction · 4 statements in 8.00 ms');
    expect(text).toContain('4×   8.00 ms raw/cursor  SELECT title');
  });

  test('no line is wider than the screen, and nothing steers the terminal', () => {
    const query = `SELECT \u001b[2J ${'x'.repeat(500)}`;
    const one = execution({ query, tags: { route: `/\u0007${'y'.repeat(200)}` } });
    const text = groupText({ kind: 'statement', executions: [one] }, SCREEN);
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  test('an error says its SQLSTATE', () => {
    const text = groupText({ kind: 'statement', executions: [execution({ sqlstate: '23505' })] }, SCREEN);
    expect(text).toContain('error 23505');
  });
});

describe('filters', () => {
  test('housekeeping is left out until it is asked for', () => {
    const one = execution({ source: 'housekeeping' });
    expect(filterOf({})(one)).toBe(false);
    expect(filterOf({ all: true })(one)).toBe(true);
    expect(filterOf({ source: 'housekeeping' })(one)).toBe(true);
  });

  test('route, tag and pool must all fit', () => {
    const one = execution({ tags: { route: '/books/', app: 'shop' } });
    expect(filterOf({ route: '/books/', tag: ['app=shop'], pool: 'django:app@shop' })(one)).toBe(true);
    expect(filterOf({ route: '/books/', tag: ['app=other'] })(one)).toBe(false);
    expect(filterOf({ pool: 'other' })(one)).toBe(false);
    expect(() => filterOf({ tag: ['app'] })).toThrow(/is not a tag/);
  });
});
