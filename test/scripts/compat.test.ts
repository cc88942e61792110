// Comparing a suite's two runs: differences, and tests that are unsteady by themselves.

import { expect, test } from 'vitest';
import { differences, settled, totals } from '../../scripts/compat/comparison.mjs';
import { startCountingRelay } from '../../scripts/compat/counting-relay.mjs';
import { djangoResults } from '../../scripts/compat/django.mjs';
import { junitResults } from '../../scripts/compat/python-tests.mjs';
import { regressResults } from '../../scripts/compat/regress.mjs';
import { connect } from '../../scripts/lib/wire/client.mjs';
import { usePostgres } from '../kit/postgres.js';

const postgres = usePostgres();

type Results = Parameters<typeof totals>[0];

function results(entries: Record<string, 'passed' | 'failed' | 'skipped'>): Results {
  return new Map(Object.entries(entries).map(([name, outcome]) => [name, { outcome }]));
}

test('a test with another outcome, or in one run only, is a difference', () => {
  const direct = results({ same: 'passed', changed: 'passed', gone: 'skipped' });
  const proxied = results({ same: 'passed', changed: 'failed', new: 'passed' });
  expect(differences(direct, proxied).map(({ test, direct, proxied }) => [test, direct, proxied])).toEqual([
    ['changed', 'passed', 'failed'],
    ['gone', 'skipped', 'missing'],
    ['new', 'missing', 'passed'],
  ]);
});

test('two failures that printed different things differ', () => {
  const direct: Results = new Map([['t', { outcome: 'failed', detail: 'a\nb' }]]);
  const proxied: Results = new Map([['t', { outcome: 'failed', detail: 'a\nc' }]]);
  expect(differences(direct, proxied)).toMatchObject([{ test: 't', detail: 'line 2: "b" / "c"' }]);
  expect(differences(direct, new Map(direct))).toEqual([]);
});

test('what differed in one of two passes is unsteady, in both a difference', () => {
  const always = { test: 'always', direct: 'passed', proxied: 'failed' };
  const once = { test: 'once', direct: 'passed', proxied: 'failed' };
  expect(settled([[always, once], [always]])).toEqual({ differing: [always], unsteady: [once] });
  expect(settled([[]])).toEqual({ differing: [], unsteady: [] });
});

test('outcomes are counted', () => {
  expect(totals(results({ a: 'passed', b: 'failed', c: 'skipped', d: 'passed' }))).toEqual({
    tests: 4,
    passed: 2,
    failed: 1,
    skipped: 1,
  });
});

test.each([
  ['up to 15', 'test test_setup ... ok  10 ms\n     vacuum-no-cleanup   ... FAILED   5 ms\n'],
  ['from 16 on', 'ok 1         - test_setup     10 ms\nnot ok 2     + vacuum-no-cleanup     5 ms\n'],
])('reads what pg_regress prints %s', (_, output) => {
  const found = regressResults(output, (name) => `printed by ${name}`);
  expect([...found]).toEqual([
    ['test_setup', { outcome: 'passed' }],
    ['vacuum-no-cleanup', { outcome: 'failed', detail: 'printed by vacuum-no-cleanup' }],
  ]);
});

test('reads what pytest writes', () => {
  const xml = `<testsuite><testcase classname="t.A" name="ok[a&gt;b]" time="0.1"/>
    <testcase classname="t.A" name="bad" time="0"><failure message="x">y</failure></testcase>
    <testcase classname="t.A" name="bad" time="0"></testcase>
    <testcase classname="t.A" name="no" time="0"><skipped type="x" message="y"/></testcase></testsuite>`;
  expect([...junitResults(xml)].map(([name, { outcome }]) => [name, outcome])).toEqual([
    ['t.A::ok[a&gt;b]', 'passed'],
    ['t.A::bad', 'failed'],
    ['t.A::no', 'skipped'],
  ]);
});

test('a failed subtest fails its Django test', () => {
  const found = djangoResults('["a.T.one", "failed"]\n["a.T.one", "passed"]\n["a.T.two", "passed"]\n');
  expect([...found]).toEqual([
    ['a.T.one', { outcome: 'failed' }],
    ['a.T.two', { outcome: 'passed' }],
  ]);
});

test('the counting relay counts what the server answered, and the log-in is none of it', async () => {
  const relay = await startCountingRelay(postgres());
  const { host, port } = relay;
  const startup: [string, string][] = [
    ['user', 'postgres'],
    ['database', 'postgres'],
  ];
  const client = await connect({ host, port, startup });
  await client.query("SELECT repeat('x', 100000); SELECT 2");
  await client.query('SELECT nonsense').catch(() => {});
  await client.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => {});
  await connect({ host, port, startup: [...startup.slice(0, 1), ['database', 'nowhere']] }).catch(() => {});
  expect(relay.answered()).toEqual({ completed: 2, errors: 1, fatal: 1, suspended: 0, sessions: 1, replication: 0 });
  relay.close();
});
