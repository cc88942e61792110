import { describe, expect, test } from 'vitest';
import { type UserRule, UserRules, type UserSubject } from '../../analyzer/attribution/rule-user.js';

const subject: UserSubject = {
  applicationName: 'worker-3',
  user: 'app',
  database: 'shop',
  tags: [['route', '/books/']],
  fingerprint: '0123456789abcdef',
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
