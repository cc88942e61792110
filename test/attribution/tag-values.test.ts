// Values of comment tags keep routes and names, and no id or token of a path.

import { describe, expect, test } from 'vitest';
import { readComments } from '../../analyzer/attribution/comments/sql-comment.js';
import { tagSetOf } from '../../analyzer/attribution/comments/tag-set.js';
import { keptTagValue } from '../../analyzer/attribution/comments/tag-values.js';
import { lex } from '../../analyzer/sql/sql-lexer.js';
import { SqlTokens } from '../../analyzer/sql/tokens.js';
import { DIMENSION_KEYS } from '../../config/values/tag-keys.js';

describe('a path with an id', () => {
  test.each([
    ['/orders/42/items/7', '/orders/{id}/items/{id}'],
    ['/archive/2024-01-15/', '/archive/{id}/'],
    ['/reset/MQ/bx2k9q-1f3d5c7b9a0e2d4f6a8b0c2d/', '/reset/MQ/{id}/'],
    ['/u/9f8b3c2a-1d4e-4f6a-8b0c-2d4f6a8b0c2d', '/u/{id}'],
    ['/u/9f8b3c2a1d4e4f6a8b0c2d4f6a8b0c2d/x', '/u/{id}/x'],
    ['/s/01ARZ3NDEKTSV4RRFFQ69G5FAV', '/s/{id}'],
    ['/i/V1StGXR8_Z5jdHi6B-myT', '/i/{id}'],
    ['/t/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.SflKxwRJSMeKKF2QT4', '/t/{id}'],
    ['/invite/ann@example.org', '/invite/{id}'],
    ['/key/sk_live_51H8xYzAbCdEfGh2', '/key/{id}'],
    ['/search?q=secret&page=2', '/search'],
    ['/page#token=abc', '/page'],
    ['https://shop.example/orders/42', 'https://shop.example/orders/{id}'],
  ])('%s', (value, kept) => {
    expect(keptTagValue(value)).toBe(kept);
  });
});

describe('a value without one', () => {
  test.each([
    '/books/',
    '/api/v1/password_reset/confirm/',
    '^articles/(?P<year>[0-9]{4})/(?P<slug>[\\w-]+)/?$',
    '/book/<int:pk>/edit',
    '/users/:id',
    '/users/{user_id}',
    'GET /orders/[id]',
    'shop/views.py:120',
    'app/models/book.rb:12:in `show`',
    'OrdersController#show',
    'shop.views.BookListView',
    'getUserProfileSettingsForAdministrators',
    'import_users_2024_01_15_batch_12',
    'OAuth2Callback',
    '42',
    '',
  ])('%s', (value) => {
    expect(keptTagValue(value)).toBe(value);
  });
});

test('a name that is a token by itself', () => {
  expect(keptTagValue('9f8b3c2a-1d4e-4f6a-8b0c-2d4f6a8b0c2d')).toBe('{id}');
});

test('a long value is cut, and what is cut off is not looked at', () => {
  expect(keptTagValue(`/a/${'b'.repeat(5_000)}`)).toHaveLength(1_000);
  expect(keptTagValue(`/a/${'b/'.repeat(5_000)}42`)).not.toContain('{id}');
});

test('tag sets of requests to one route are one set; the version of the application stays', () => {
  const setOf = (route: string): string => {
    const tokens = new SqlTokens();
    const sql = `SELECT 1 /*app_version='9f8b3c2a1d4e4f6a8b0c2d4f6a8b0c2d',route='${encodeURIComponent(route)}'*/`;
    lex(Buffer.from(sql), tokens);
    return tagSetOf(readComments(tokens), new Set(DIMENSION_KEYS));
  };
  expect(setOf('/orders/42')).toBe('{"app_version":"9f8b3c2a1d4e4f6a8b0c2d4f6a8b0c2d","route":"/orders/{id}"}');
  expect(setOf('/orders/43')).toBe(setOf('/orders/42'));
});
