// Startup parameters keep their names, and the values of known settings alone.

import { expect, test } from 'vitest';
import { keptStartup } from '../../analyzer/sessions/startup-values.js';

const keptOptions = (options: string): string => keptStartup([['options', options]])[0][1];

test.each([
  ['-c search_path=tenant_1,public', '-c search_path=tenant_1,public'],
  ['-c my.token=hunter2', '-c my.token=?'],
  ['-cmy.token=hunter2 -c statement_timeout=5000', '-cmy.token=? -c statement_timeout=5000'],
  ['--my.token=hunter2 --statement-timeout=5s', '--my.token=? --statement-timeout=5s'],
  ['-c my.token=hunter2\\ and\\ more -c jit=off', '-c my.token=? -c jit=off'],
  ['-c  TimeZone=UTC\t-c enable_seqscan=off', '-c  TimeZone=UTC\t-c enable_seqscan=off'],
  ['endpoint=ep-cool-1234', 'endpoint=?'],
  ['hunter2', '?'],
  ['-c hunter2', '-c ?'],
  ['-c my.token', '-c ?'],
  ['-e -fs -S 4096', '-e -fs -S ?'],
  ['-c my.token=a=b', '-c my.token=?'],
  ['', ''],
])('%s', (options, kept) => {
  expect(keptOptions(options)).toBe(kept);
});

test('other parameters', () => {
  expect(
    keptStartup([
      ['user', 'app'],
      ['database', 'shop'],
      ['application_name', 'web'],
      ['client_encoding', "'utf-8'"],
      ['DateStyle', 'ISO'],
      ['my.token', 'hunter2'],
      ['_pq_.x', 'hunter2'],
      ['replication', 'database'],
    ]),
  ).toEqual([
    ['user', 'app'],
    ['database', 'shop'],
    ['application_name', 'web'],
    ['client_encoding', "'utf-8'"],
    ['DateStyle', 'ISO'],
    ['my.token', '?'],
    ['_pq_.x', '?'],
    ['replication', 'database'],
  ]);
});
