// The ledger: what an audit writes into it, that edits by people stay, which faults are told.
// Not here: the report made of it (../reports/migration.test.ts).

import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AuditAnswer, AuditedPlace } from '../../audit/answer.js';
import type { CodePlace } from '../../audit/catalogue.js';
import { groupOf, parseLedger, readLedger } from '../../audit/ledger/ledger.js';
import { updateLedger, withStates } from '../../audit/ledger/update.js';
import { emptyFacts } from '../../facts/statement-facts.js';
import { temporaryDirectory } from '../storage/flushes.js';

const [TOP, SALES, TREE] = ['aaaa000000000001', 'aaaa000000000002', 'aaaa000000000003'];

interface Given extends Partial<CodePlace> {
  fingerprints?: string[];
  ran?: string[];
}

let lines = 0;
function audited({ fingerprints = [], ran = [], ...parts }: Given): AuditedPlace {
  const line = parts.line ?? ++lines;
  const place: CodePlace = {
    id: `id-${line}`,
    file: 'store/reports.py',
    line,
    end_line: line,
    function: 'report',
    function_lines: [1, 40],
    kind: 'raw',
    in_migration: false,
    api: 'cursor.execute',
    statements: [],
    tables: ['store_order'],
    database: null,
    via: null,
    resolved: true,
    unresolved: null,
    ...parts,
  };
  const statements = ran.map((fingerprint) => emptyFacts(fingerprint, 'raw'));
  return {
    place,
    joined: { place, by: 'text', confidence: 'strong', statements, callers: [], fingerprints },
    seen: null,
    categories: [],
    complexity: place.kind === 'orm' ? null : 'orm',
    replacedBy: null,
    risk: { level: 'low', reasons: [] },
    tested: null,
    state: null,
  };
}

function answer(...places: AuditedPlace[]): AuditAnswer {
  return {
    catalogue: {
      version: 1,
      root: '.',
      routes: null,
      jobs: null,
      commands: null,
      places: places.map(({ place }) => place),
    },
    places,
    inferred: [],
    framework: [],
    unexplained: [],
    coverage: {
      routes: { seen: 0, all: null },
      jobs: { seen: 0, all: null },
      callers: { seen: 0, all: 0 },
      grade: 'insufficient',
      routesNotSeen: [],
      jobsNotSeen: [],
    },
    report: null,
  };
}

let file = '';
const text = (): string => readFileSync(file, 'utf8');
const states = (): string[] => readLedger(file).places.map(({ id, state }) => `${id} ${state}`);
beforeEach(() => {
  file = join(temporaryDirectory(), 'migration.yaml');
  lines = 0;
});

describe('audit writes', () => {
  test('a new ledger has the places that are to move, and no others', () => {
    const { added } = updateLedger(
      file,
      answer(audited({ line: 3, fingerprints: [TOP], ran: [SALES] }), audited({ line: 9, kind: 'orm', api: 'filter' })),
      '2026-11-02',
    );
    const { places, history, target } = readLedger(file);
    expect(added.map(({ id }) => id)).toEqual(['id-3']);
    expect(places).toEqual([
      expect.objectContaining({
        id: 'id-3',
        at: 'store/reports.py:3',
        function: 'report',
        kind: 'raw',
        complexity: 'orm',
        state: 'todo',
        statements: [TOP, SALES],
        tables: ['store_order'],
        function_lines: [1, 40],
      }),
    ]);
    expect(target).toBe('django-orm');
    expect(history).toEqual([{ on: '2026-11-02', todo: 1, doing: 0, done: 0, stays: 0, gone: 0 }]);
    expect(text()).toMatch(/^# The ledger of the migration/);
  });

  test('what a person wrote stays, to the comment and the key that nobody knows', () => {
    updateLedger(file, answer(audited({ line: 3, fingerprints: [TOP] }), audited({ line: 5 })), '2026-11-02');
    chmodSync(file, 0o600);
    const edited = text()
      .replace(
        'state: todo',
        "state: stays # agreed on Monday\n    reason: 'recursive'\n    owner: team-b\n    sprint: 12",
      )
      .replace('version: 1', "version: 1\ngroups:\n  'store/*': Reports # one team");
    writeFileSync(file, edited);
    const again = answer(audited({ line: 7, id: 'id-3', fingerprints: [TOP], ran: [SALES] }), audited({ line: 5 }));
    updateLedger(file, again, '2026-11-02');
    expect(text()).toContain('state: stays # agreed on Monday');
    expect(text()).toContain("'store/*': Reports # one team");
    const [first] = readLedger(file).places;
    expect(first).toMatchObject({ at: 'store/reports.py:7', owner: 'team-b', sprint: 12, statements: [TOP, SALES] });
    expect(readLedger(file).history).toHaveLength(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const before = text();
    updateLedger(file, again, '2026-11-02');
    expect(text()).toBe(before);
    expect(withStates(again, readLedger(file)).places.map(({ state }) => state)).toEqual(['stays', 'todo']);
  });

  test('an entry follows its place to another file, and through another text', () => {
    updateLedger(
      file,
      answer(audited({ line: 3, fingerprints: [TOP] }), audited({ line: 5, function: 'tree', fingerprints: [TREE] })),
      '2026-11-02',
    );
    writeFileSync(file, text().replaceAll('state: todo', 'state: doing'));
    const { moved, added, gone } = updateLedger(
      file,
      answer(
        audited({ line: 30, id: 'new-1', file: 'store/sales.py', function: 'sales', fingerprints: [TOP] }),
        audited({ line: 6, id: 'new-2', function: 'tree', fingerprints: [SALES] }),
      ),
      '2026-11-03',
    );
    expect(moved.map(({ at }) => at)).toEqual(['store/sales.py:30', 'store/reports.py:6']);
    expect({ added, gone }).toEqual({ added: [], gone: [] });
    expect(states()).toEqual(['new-1 doing', 'new-2 doing']);
  });

  test('a place that left is done where the ORM is in its function, else gone; one that is back is todo', () => {
    const left = [audited({ line: 3 }), audited({ line: 5, function: 'tree' }), audited({ line: 8, function: 'kept' })];
    updateLedger(file, answer(...left), '2026-11-02');
    writeFileSync(file, text().replace(/state: todo(?![\s\S]*state: todo)/, 'state: stays\n    reason: copy'));
    const orm = audited({ line: 4, kind: 'orm', api: 'filter', function_lines: [2, 30] });
    const { done, gone } = updateLedger(file, answer(orm), '2026-11-09');
    expect([done, gone].map((entries) => entries.map(({ id }) => id))).toEqual([['id-3'], ['id-5']]);
    expect(states()).toEqual(['id-3 done', 'id-5 gone', 'id-8 stays']);
    expect(readLedger(file).places.map((entry) => entry.function_lines)).toEqual([
      [2, 30],
      [1, 40],
      [1, 40],
    ]);
    expect(readLedger(file).places.map(({ in_code }) => in_code)).toEqual([false, false, false]);
    const { back } = updateLedger(file, answer(orm, left[1]), '2026-11-10');
    expect(back.map(({ id }) => id)).toEqual(['id-5']);
    expect(states()[1]).toBe('id-5 todo');
    expect(readLedger(file).history.map(({ on, todo, gone: n }) => [on, todo, n])).toEqual([
      ['2026-11-02', 3, 0],
      ['2026-11-09', 0, 1],
      ['2026-11-10', 1, 0],
    ]);
  });

  test('other code is refused, and the ledger is as it was', () => {
    updateLedger(file, answer(audited({ line: 3 })), '2026-11-02');
    const before = text();
    const other = answer(audited({ line: 3, file: 'reports.py' }));
    expect(() => updateLedger(file, other, '2026-11-03')).toThrow('no file of the ledger is in this code');
    expect(text()).toBe(before);
  });
});

describe('reading', () => {
  const entry = 'id: a\n    at: store/a.py:1\n    function: f\n    kind: raw\n';
  const ledger = (rest: string): string => `version: 1\nplaces:\n  - ${entry}${rest}`;

  test.each([
    ['no YAML', 'a: [', 'migration.yaml:1'],
    ['another version', 'version: 2', 'migration.yaml:1'],
    ['an unknown state', ledger('    state: finished\n'), 'migration.yaml:7'],
    ['what stays without a reason', ledger('    state: stays\n'), 'migration.yaml:7'],
    ['a pair with an unknown key', ledger('    new: {path: /a}\n'), 'migration.yaml:7'],
    ['a place twice', `${ledger('')}  - ${entry}`, 'migration.yaml:7'],
  ])('%s is told with its line', (_, content, where) => {
    expect(() => parseLedger(content, 'migration.yaml')).toThrow(expect.objectContaining({ where }));
  });

  test('a group is the own one, else that of the first pattern, else the first folder', () => {
    const groups = { 'store/views/*': 'Views' };
    expect(groupOf({ at: 'store/views/a.py:1', group: 'Sales' }, { groups })).toBe('Sales');
    expect(groupOf({ at: 'store/views/a.py:1', group: null }, { groups })).toBe('Views');
    expect(groupOf({ at: 'store/models.py:1', group: null }, { groups })).toBe('store');
  });
});
