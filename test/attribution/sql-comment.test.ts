// Tags in SQL comments: reading them, and refusing what only looks like one.

import { describe, expect, test } from 'vitest';
import { NO_TAGS, Proof } from '../../analyzer/attribution/comments/sql-comment.js';
import { tagSetOf } from '../../analyzer/attribution/comments/tag-set.js';
import { loadConfig } from '../../config/config.js';
import { CONTEXT_KEYS, DIMENSION_KEYS } from '../../config/values/tag-keys.js';
import { tags } from './shape.js';

function pairs(sql: string): Record<string, string> {
  return Object.fromEntries(tags(sql).pairs);
}

describe('reading tags', () => {
  test('sqlcommenter behind the statement, decoded', () => {
    expect(
      pairs(`SELECT 1 /*controller='shop%3Abook%20list%27s',framework='django%3A5.2',route='%5Ebooks/%28%3FP'*/`),
    ).toEqual({
      controller: "shop:book list's",
      framework: 'django:5.2',
      route: '^books/(?P',
    });
  });

  test('unquoted values beside quoted ones', () => {
    expect(pairs(`select 1 /*db_driver='psycopg2%3A2.9.5',dbapi_threadsafety=2,libpq_version=150018*/`)).toEqual({
      db_driver: 'psycopg2:2.9.5',
      dbapi_threadsafety: '2',
      libpq_version: '150018',
    });
  });

  test('in front of a semicolon', () => {
    expect(pairs("select * from t /*a='b'*/;")).toEqual({ a: 'b' });
  });

  test('in front of the statement, as Datadog puts them', () => {
    expect(pairs("/*dddbs='pg',dde='staging',ddps='shop'*/ SELECT 1")).toEqual({
      dddbs: 'pg',
      dde: 'staging',
      ddps: 'shop',
    });
  });

  test('marginalia', () => {
    expect(pairs('SELECT 1 /*application:Shop,controller:books,action:index*/')).toEqual({
      application: 'Shop',
      controller: 'books',
      action: 'index',
    });
  });

  test('several comments, the first of equal keys kept', () => {
    expect(pairs("SELECT 1 /*route='a',framework='django%3A5'*/ /*route='b',dbapi_level='2.0'*/")).toEqual({
      route: 'a',
      framework: 'django:5',
      dbapi_level: '2.0',
    });
  });

  test('doubled percent signs decode as single ones', () => {
    expect(pairs("SELECT 1 /*framework='django%%3A5.2'*/")).toEqual({ framework: 'django:5.2' });
  });

  test('an escaped quote inside a value', () => {
    expect(pairs("SELECT 1 /*a='it\\'s',b='c'*/")).toEqual({ a: "it's", b: 'c' });
  });
});

describe('what is not tags', () => {
  test.each([
    'SELECT 1',
    'SELECT 1 /* slow, please fix */',
    'SELECT 1 /* note: this is slow */',
    "SELECT 1 /*a='b', and prose*/",
    "SELECT 1 /*a='b*/",
    "SELECT '/*a=1,route=x*/'",
    'SELECT $$/*route=x*/$$',
    "SELECT 1 /*route='x'*/ + 2",
    'SELECT 1 /**/',
    'SELECT 1 -- route=x',
  ])('%s', (sql) => {
    expect(tags(sql)).toBe(NO_TAGS);
  });
});

describe('what tags prove', () => {
  test.each([
    ["/*db_framework='sqlalchemy%3A2.0'*/", Proof.sqlalchemy],
    ["/*framework='django%3A5.2'*/", Proof.django],
    ["/*db_driver='django.db.backends.postgresql'*/", Proof.django],
    ["/*db_driver='psycopg2%3A2.9.5',dbapi_level='2.0'*/", Proof.driver],
    ["/*framework='flask%3A2.2'*/", Proof.none],
    ["/*framework='django%%3A5.2'*/", Proof.django | Proof.percentDoubled],
    ['/*application:Shop,controller:x*/', Proof.rails],
  ])('%s', (comment, proof) => {
    expect(tags(`SELECT 1 ${comment}`).proof).toBe(proof);
  });

  test("the clients' own package names source and construct", () => {
    expect(tags("SELECT 1 /*pgwitness_construct='extra',pgwitness_source='django-orm'*/")).toMatchObject({
      source: 'django-orm',
      construct: 'extra',
    });
  });

  test('a source that does not exist is not believed', () => {
    expect(tags("SELECT 1 /*pgwitness_source='root'*/").source).toBe('');
  });
});

describe('tag sets', () => {
  const keys = new Set(DIMENSION_KEYS);

  test('are canonical', () => {
    const one = tagSetOf(tags("SELECT 1 /*route='r',controller='c'*/"), keys);
    const other = tagSetOf(tags("SELECT 1 /*controller='c'*/ /*route='r'*/"), keys);
    expect(one).toBe('{"controller":"c","route":"r"}');
    expect(other).toBe(one);
  });

  test('are made of the keys of a default configuration', () => {
    const { config } = loadConfig({ flags: {}, env: {} });
    expect(config.dimensionKeys).toEqual(DIMENSION_KEYS);
    expect(config.contextKeys).toEqual(CONTEXT_KEYS);
    const all = DIMENSION_KEYS.map((key) => `${key}='${key}'`).join(',');
    expect(Object.keys(JSON.parse(tagSetOf(tags(`SELECT 1 /*${all}*/`), keys)))).toEqual(DIMENSION_KEYS);
  });

  test('leave out context, which differs each time', () => {
    expect(
      tagSetOf(tags("SELECT 1 /*traceparent='00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'*/"), keys),
    ).toBe('');
  });
});
