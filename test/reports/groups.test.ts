// Executions by route, pool and table, merged and as text, and the filters beside them.

import { describe, expect, test } from 'vitest';
import { groupsText } from '../../cli/views/groups.js';
import { reportGroups } from '../../reports/groups/groups.js';
import { decodeGroups, encodeGroups, mergeGroups } from '../../reports/groups/groups-codec.js';
import { groupsJson } from '../../reports/groups/groups-json.js';
import { answerGroups } from '../../reports/groups/identity-groups.js';
import { reportSeen } from '../../reports/groups/seen.js';
import { checkGroupBy, checkSeen } from '../../reports/groups/seen-filters.js';
import { answerStatements } from '../../reports/questions/answer-statements.js';
import { readStatementsQuery } from '../../reports/questions/grammar.js';
import { readGroupsQuery, writeGroupsQuery } from '../../reports/questions/groups-query.js';
import { reportTimeline } from '../../reports/timeline.js';
import { openSqliteStore } from '../../storage/sqlite/sqlite-store.js';
import { ORM, writeSampleStore } from '../cli/sample-store.js';
import { flushOf, openTestReader, rollupOf, tagsOf, temporaryDirectory } from '../storage/flushes.js';

function sample(more: (dataDir: string) => void = () => {}) {
  const data = temporaryDirectory();
  writeSampleStore(data);
  more(data);
  return openTestReader(data);
}

function groups(parameters: string, reader = sample()) {
  const query = readGroupsQuery(new URLSearchParams(parameters), { nowMs: 0 });
  const report = reportGroups(reader, { by: query.groupBy, filter: query.filter, hidden: new Set(query.hidden) });
  return { query, report, json: groupsJson(report, { ...query, by: query.groupBy }) };
}

describe('groups', () => {
  test('by a tag: its executions, and the rest without it; nothing is counted twice', () => {
    const { json, report } = groups('group-by=route');
    expect(json.groups.map(({ value }) => value).sort()).toEqual(['', '/books/']);
    expect(json.groups.reduce((sum, { calls, errors }) => sum + calls + errors, 0)).toBe(13);
    expect(report.groups.find(({ value }) => value === '')!.sources.get('raw')).toBe(5);
  });

  test('by pool, table and source', () => {
    expect(groups('group-by=pool').json.groups.map(({ value }) => value)).toEqual([
      'django:app@shop',
      'sqlalchemy:app@shop',
    ]);
    expect(groups('group-by=table').json.groups.map(({ value }) => value)).toEqual([
      'shop_order',
      'shop_book',
      'stock',
      'cart',
      '',
    ]);
    expect(groups('group-by=source&source=raw').json.groups).toMatchObject([{ value: 'raw', calls: 4, errors: 1 }]);
  });

  test('by a tag that has the name of something else, as tag:KEY', () => {
    const tags = { service: 'basket', pool: 'blue' };
    const reader = sample((dataDir) => {
      const store = openSqliteStore({ dataDir });
      const settings: [string, string][] = [['identity', '{"service":"shop","environment":"","instance":"one"}']];
      store.flush(flushOf({ tags: [tagsOf(tags, { fingerprint: ORM, source: 'django-orm' })], settings }));
      store.close();
    });
    const asked = { filter: {}, hidden: new Set<string>() };
    const valuesOf = (by: string) => answerGroups(reader, { by, ...asked }).groups.map(({ value }) => value);
    expect(valuesOf('service')).toEqual(['shop']);
    expect(valuesOf('tag:service')).toEqual(expect.arrayContaining(['basket', '']));
    expect(valuesOf('tag:pool')).toEqual(expect.arrayContaining(['blue', '']));
    expect(valuesOf('tag:route')).toEqual(valuesOf('route'));
    const { query, json } = groups('group-by=tag:service', reader);
    expect(readGroupsQuery(writeGroupsQuery(query), { nowMs: 0 }).groupBy).toBe('tag:service');
    expect(json.group_by).toBe('tag:service');
    const seen = reportSeen(reader);
    expect(() => checkGroupBy('tag:service', seen)).not.toThrow();
    expect(() => checkGroupBy('tag:joob', seen)).toThrow(/no statement has a tag "joob"/);
  });

  test('of a pool nothing is said of requests: they need not meet there', () => {
    for (const { requests } of groups('group-by=pool').json.groups) expect(requests).toBeNull();
  });

  test('travel and merge as they were', () => {
    const { report, query } = groups('group-by=route');
    const travelled = decodeGroups(JSON.parse(JSON.stringify(encodeGroups(report))));
    expect(travelled).toEqual(report);
    const twice = groupsJson(mergeGroups([report, travelled]), { ...query, by: 'route' });
    expect(twice.groups.reduce((sum, { calls, errors }) => sum + calls + errors, 0)).toBe(26);
    expect(() => decodeGroups({ form: '0' })).toThrow();
  });

  test('the question survives its writing; none is an error that says what to group by', () => {
    const { query } = groups('group-by=route&find=a+b&table=shop_*&limit=3');
    expect(readGroupsQuery(writeGroupsQuery(query), { nowMs: 0 })).toEqual(query);
    expect(() => groups('limit=3')).toThrow(/nothing to group by/);
    expect(() => groups('group-by=pool&tag=route=/books/')).toThrow(/not by pool/);
  });

  test.each([80, 120])('as text no line is wider than %i columns, and what is left out is said', (width) => {
    const { report, query } = groups('group-by=table&limit=2');
    const text = groupsText(report, { query, screen: { width, colours: false } });
    for (const line of text.split('\n')) expect([...line].length).toBeLessThanOrEqual(width);
    expect(text).toContain('2 more, ');
    expect(text).toContain('pgwitness top --table shop_order');
  });
});

describe('filters', () => {
  const rows = (parameters: string, reader = sample()): string[] =>
    answerStatements(reader, readStatementsQuery(new URLSearchParams(parameters), { nowMs: 0 })).statements.map(
      ({ query }) => query,
    );

  test('words of the text, whatever their case, and a table with *', () => {
    expect(rows('find=SHOP_ORDER+pg_sleep')).toHaveLength(1);
    expect(rows('find=100%25')).toEqual([]);
    expect(rows('table=shop_*')).toHaveLength(2);
    expect(rows('table=shop')).toEqual([]);
  });

  test('* in the value of a tag, and nothing else is special there', () => {
    expect(rows('tag=route=/bo*')).toHaveLength(1);
    expect(rows('tag=route=/book?/')).toEqual([]);
  });

  test('a caller by its line, whatever function stands behind it', () => {
    const reader = sample((dataDir) => {
      const store = openSqliteStore({ dataDir });
      const tags = [tagsOf({ caller: 'views.py:41 books' }, { fingerprint: ORM, source: 'django-orm' })];
      store.flush(flushOf({ tags }));
      store.close();
    });
    for (const caller of ['views.py:41', 'views.py:41+books', '*views.py:41'])
      expect(rows(`tag=caller=${caller}`, reader), caller).toHaveLength(1);
    expect(rows('tag=caller=views.py:4', reader)).toEqual([]);
    expect(() => checkSeen({ tags: [['caller', 'views.py:41']] }, reportSeen(reader))).not.toThrow();
  });

  test('a pool with a tag where each statement ran in one pool', () => {
    expect(rows('pool=django:app@shop&tag=route=/books/')).toHaveLength(1);
    expect(rows('pool=sqlalchemy:app@shop&tag=route=/books/')).toEqual([]);
  });

  test('a trend is of the executions that the filter asks for', () => {
    const reader = sample((dataDir) => {
      const store = openSqliteStore({ dataDir });
      store.flush(flushOf({ rollups: [rollupOf({ fingerprint: ORM, source: 'django-orm', callsNs: [1e6] })] }));
      store.close();
    });
    const calls = (more: object): number =>
      reportTimeline(reader, { fingerprint: ORM, ...more }).points.reduce((sum, point) => sum + point.calls, 0);
    const tagged = tagsOf({ route: '/books/' }, { fingerprint: ORM, source: 'django-orm' }).calls;
    expect(calls({ tags: [['route', '/books/']] })).toBe(tagged);
    expect(calls({ tags: [['route', '/other/']] })).toBe(0);
    expect(calls({})).toBe(4);
  });

  test('a value never seen is an error that names those seen, and the near one', () => {
    const seen = reportSeen(sample());
    expect(() => checkSeen({ source: 'Raw' }, seen)).toThrow('"Raw" was never seen');
    try {
      checkSeen({ source: 'Raw' }, seen);
    } catch (error) {
      expect(error).toMatchObject({
        where: '--source',
        hint: expect.stringMatching(/seen: .*raw.*did you mean raw\?$/),
      });
    }
    expect(() => checkSeen({ tags: [['route', 'books']] }, seen)).toThrow(/"route=books" was never seen/);
    expect(() => checkSeen({ tags: [['rout', 'x']] }, seen)).toThrow(/no statement has a tag "rout"/);
    expect(() => checkGroupBy('joob', seen)).toThrow(/no statement has a tag "joob"/);
  });

  test('names that pgwitness knows are right though unseen, and so is what was seen', () => {
    const seen = reportSeen(sample());
    for (const filter of [
      { source: 'tool' },
      { construct: 'rawsql' },
      { pool: 'django:app@shop' },
      { table: 'shop_*' },
    ])
      expect(() => checkSeen(filter, seen)).not.toThrow();
    expect(() => checkSeen({ tags: [['route', '/b*']] }, seen)).not.toThrow();
    expect(() => checkGroupBy('table', seen)).not.toThrow();
  });
});
