// The user's rules: patterns, networks, and which of several holds.

import { describe, expect, test } from 'vitest';
import { type UserRule, UserRules, type UserSubject } from '../../analyzer/attribution/rules/rule-user.js';

const subject: UserSubject = {
  applicationName: 'worker-3',
  user: 'app',
  database: 'shop',
  tags: [['route', '/books/']],
  fingerprint: '0123456789abcdef',
  clientAddress: '::ffff:10.1.2.3',
  clientNetwork: 'web',
  driver: 'asyncpg',
  sqlMatches: [],
};

function matches(match: UserRule['match']): boolean {
  return new UserRules([{ name: 'r', match, set: { source: 'x' } }]).decide(subject).verdict !== undefined;
}

describe('patterns', () => {
  test.each([
    ['worker-3', true],
    ['worker', false],
    ['worker*', true],
    ['*-3', true],
    ['*ork*', true],
    ['*', true],
    ['W*', false],
  ])('%s', (pattern, expected) => {
    expect(matches({ application_name: pattern })).toBe(expected);
  });

  test('all that are given must match', () => {
    expect(matches({ user: 'app', database: 'shop', tag: { route: '/books*' }, fingerprint: '0123*' })).toBe(true);
    expect(matches({ user: 'app', database: 'other' })).toBe(false);
    expect(matches({ tag: { route: '/books*', job: '*' } })).toBe(false);
    expect(matches({ user: 'app', driver: 'asyncpg' })).toBe(true);
    expect(matches({ user: 'app', driver: 'psycopg3' })).toBe(false);
  });
});

describe('several rules', () => {
  test('the first source and pool count, tags add up', () => {
    const rules = new UserRules([
      { name: 'a', match: { user: 'app' }, set: { tags: { component: 'web' } } },
      {
        name: 'b',
        match: { user: 'app' },
        set: { source: 'celery', pool: 'jobs', tags: { component: 'job', tier: '2' } },
      },
      { name: 'c', match: { user: 'app' }, set: { source: 'flask', pool: 'other' } },
    ]);
    const decision = rules.decide(subject);
    expect(decision.verdict).toMatchObject({ source: 'celery', confidence: 'certain' });
    expect(decision.pool).toBe('jobs');
    expect(decision.tags).toEqual({ component: 'web', tier: '2' });
  });

  test('none that matches leaves everything as it was', () => {
    expect(new UserRules([]).decide(subject)).toEqual({ verdict: undefined, pool: '', tags: {} });
  });
});

describe('networks', () => {
  test.each([
    ['10.1.0.0/16', true],
    ['10.2.0.0/16', false],
    ['fd00::/8', false],
    ['web', true],
    ['we', false],
  ])('%s', (client_network, expected) => {
    expect(matches({ client_network })).toBe(expected);
  });
});

describe('expressions over the normalised text', () => {
  const sql = 'FROM "shop_(book|author)"';
  const rules = new UserRules([{ name: 'shop', match: { sql }, set: { source: 'shop' } }]);

  test('decide where they are found', () => {
    const found = rules.sqlMatches('SELECT 1 FROM "shop_author" WHERE id = ?');
    expect(found).toEqual([sql]);
    expect(rules.decide({ ...subject, sqlMatches: found }).verdict?.source).toBe('shop');
    expect(rules.decide({ ...subject, sqlMatches: rules.sqlMatches('SELECT 2') }).verdict).toBeUndefined();
  });

  test('what RE2 does not take is refused by name', () => {
    const match = { sql: '(?=a)' };
    expect(() => new UserRules([{ name: 'ahead', match, set: { source: 'x' } }])).toThrow(/invalid or unsupported/);
  });

  test('what makes other engines exponential is answered', () => {
    const slow = new UserRules([{ name: 'r', match: { sql: '^(a|a|aa)*$' }, set: { source: 'x' } }]);
    expect(slow.sqlMatches(`${'a'.repeat(30_000)}b`)).toEqual([]);
  });
});
