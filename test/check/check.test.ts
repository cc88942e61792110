// `pgwitness check` as a user runs it: forms, files, exit codes, and the same answer over HTTP.
// Not here: what is judged how (judge.test.ts).

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createLog } from '../../config/log.js';
import { Api } from '../../dashboards/http/api.js';
import { startHttp } from '../../dashboards/http/server.js';
import { build } from '../../scripts/lib/setup/build.mjs';
import { openReader } from '../../storage/sqlite/read/reader.js';
import { pgwitness } from '../cli/command.js';
import { temporaryDirectory } from '../storage/flushes.js';
import { CORE, ORM, RAW, storeOf, UNTIL_MS } from './judged.js';

beforeAll(() => build(() => {}));

const hostile = { caller: 'shop/a,b.py:12', route: 'x]]><failure>|`\n::error::y%' };
const store = () =>
  storeOf([
    { of: ORM, callsMs: [1, 1] },
    { of: CORE, tags: hostile },
    { of: RAW, minute: 2 },
  ]);
const UNTIL = ['--until', new Date(UNTIL_MS).toISOString()];
const NONE = ['--none', 'source=sqlalchemy', ...UNTIL];

describe('exit codes', () => {
  test.each([
    [['check'], 2, /there is no condition: check: give --none/],
    [['check', '--none', 'sqlalchemy'], 2, /"sqlalchemy" is not key=value: --none/],
    [['check', '--no-new', 'rows'], 2, /"rows" is not known: --no-new/],
    [['check', '--none', 'source=sqlalchmy'], 2, /"sqlalchmy" was never seen: --source: .*did you mean sqlalchemy/],
    [['check', ...NONE, '--report', 'result.txt'], 2, /does not say in which form: --report/],
    [['check', '--save', 'b.txt', '--report', 'r.md'], 2, /there is no condition to report: --report: give --none/],
    [['check', ...NONE, '--json', '--markdown'], 2, /two output formats/],
    [['check', '--baseline', '/nowhere.txt'], 3, /the baseline cannot be read \(ENOENT\).*--save FILE/],
    [['check', ...NONE, '--data', '/nowhere'], 3, /there is no data directory/],
  ])('%j', async (args, code, message) => {
    const data = args.includes('--data') ? [] : ['--data', store()];
    const ran = await pgwitness([...args, ...data]);
    expect(ran.stderr).toMatch(message);
    expect(ran.stdout).toBe('');
    expect(ran.code).toBe(code);
  });

  test('a check that holds', async () => {
    const { code, stdout } = await pgwitness([
      'check',
      '--none',
      'source=tool',
      '--max',
      'p95=10s',
      ...UNTIL,
      '--data',
      store(),
    ]);
    expect(stdout).toMatch(/^All 2 conditions hold\n\n {2}passed {5}--none source=tool\n/);
    expect(stdout).toContain('4 executions observed, 4 of the application; 0 not observed');
    expect(stdout).toContain('connections past pgwitness now: not looked at (no --dsn)');
    expect(code).toBe(0);
  });
});

describe('forms', () => {
  test('an earlier report does not outlive a check that ends without a result', async () => {
    const file = join(temporaryDirectory(), 'check.md');
    writeFileSync(file, 'passed');
    const { code } = await pgwitness(['check', ...NONE, '--report', file, '--data', '/nowhere']);
    expect(code).toBe(3);
    expect(existsSync(file)).toBe(false);
  });

  test('text names what speaks against it, and at which line of code', async () => {
    const { code, stdout } = await pgwitness(['check', ...NONE, '--data', store()]);
    expect(stdout).toMatch(/^The condition does not hold: 1 thing speaks against it\n/);
    expect(stdout).toContain(`  FAILED     --none source=sqlalchemy`);
    expect(stdout).toContain(`shop/a,b.py:12  ${CORE.slice(0, 8)}  SELECT id FROM stock`);
    expect(code).toBe(1);
  });

  test('JSON has the documented shape', async () => {
    const { stdout } = await pgwitness(['check', ...NONE, '--json', '--data', store()]);
    const result = JSON.parse(stdout);
    expect(Object.keys(result)).toEqual([
      'outcome',
      'window',
      'conditions',
      'failed',
      'not_shown',
      'allowed',
      'coverage',
    ]);
    expect(result).toMatchObject({
      outcome: 'failed',
      conditions: [{ condition: '--none source=sqlalchemy', outcome: 'failed' }],
      failed: [{ fingerprint: CORE, source: 'sqlalchemy', callers: ['shop/a,b.py:12'], executions: 1 }],
      not_shown: [],
      allowed: [],
      coverage: { executions: 4, of_application: 4, bypassing: null, baseline_not_seen: null },
    });
  });

  test('files, annotations, and text from traffic that breaks none of them', async () => {
    const directory = temporaryDirectory();
    const files = ['md', 'json', 'xml'].map((end) => join(directory, `check.${end}`));
    const none = ['--none', `source=sqlalchemy,route=${hostile.route}`, ...UNTIL];
    const args = ['check', ...none, '--data', store(), ...files.flatMap((file) => ['--report', file])];
    const { stdout, stderr, code } = await pgwitness(args, { env: { GITHUB_ACTIONS: 'true' } });
    expect(code).toBe(1);
    expect(stdout.split('\n').filter((line) => line.startsWith('::'))).toEqual([]);
    const [first, ...others] = stderr.trimEnd().split('\n');
    expect(first).toMatch(
      /^::error file=shop\/a%2Cb\.py,line=12,title=pgwitness --none source=sqlalchemy%2Croute=.*::1 execution of sqlalchemy at /,
    );
    expect(others).toEqual([]);
    const [markdown, json, junit] = files.map((file) => readFileSync(file, 'utf8'));
    expect(markdown).toMatch(/^## pgwitness: The condition does not hold: 1 thing speaks against it/);
    expect(markdown).toContain('\\<failure\\>\\|\\`');
    expect(JSON.parse(json).outcome).toBe('failed');
    expect(junit).toContain('<testsuites tests="1" failures="1" errors="0" skipped="0">');
    expect(junit.match(/<failure /g)).toHaveLength(1);
    expect(junit).toContain(']]&gt;&lt;failure&gt;');
  });

  test.each([['--markdown'], ['--format', 'markdown']])('%s', async (...flags) => {
    const { stdout } = await pgwitness(['check', ...NONE, ...flags, '--data', store()]);
    expect(stdout).toContain('| --none source=sqlalchemy | ❌ failed |');
    expect(stdout).toContain('### Looked at');
  });

  test('the answer is the same over HTTP', async () => {
    const dataDir = store();
    const reader = openReader(dataDir);
    const metrics = { contentType: 'text/plain', render: async () => '' };
    const address = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;
    const log = createLog({ level: 'silent' });
    const server = await startHttp({ address, metrics, api: new Api({ reader }), log });
    onTestFinished(async () => {
      await server.close();
      reader.close();
    });
    const args = ['check', ...NONE, '--max', 'errors=1%', '--no-new', 'handwritten', '--json'];
    const [here, there] = [
      await pgwitness([...args, '--data', dataDir]),
      await pgwitness([...args, '--url', `http://127.0.0.1:${server.address.port}`]),
    ];
    expect(there.stderr).toBe('');
    expect(JSON.parse(there.stdout)).toEqual(JSON.parse(here.stdout));
  });
});

describe('baselines', () => {
  test('--save writes sorted lines without counts, and --baseline alone asks for nothing new', async () => {
    const file = join(temporaryDirectory(), 'baseline.txt');
    const data = store();
    expect((await pgwitness(['check', '--save', file, '--data', data])).code).toBe(0);
    const saved = readFileSync(file, 'utf8');
    expect(saved.split('\n').slice(2)).toEqual([
      `handwritten raw cursor ${RAW} SELECT total(?) FROM shop_order`,
      'pool django:app@shop',
      'pool sqlalchemy:app@shop',
      'route x]]><failure>|` ::error::y%',
      `statement django-orm queryset ${ORM} SELECT "id" FROM "book"`,
      `statement sqlalchemy core ${CORE} SELECT id FROM stock`,
      '',
    ]);
    expect((await pgwitness(['check', '--baseline', file, '--data', data])).code).toBe(0);
    writeFileSync(file, saved.replace(/^handwritten.*\n/m, ''));
    const without = await pgwitness(['check', '--baseline', file, '--data', data]);
    expect(without.stdout).toContain('new handwritten statement of raw');
    expect(without.code).toBe(1);
  });

  test('a line that is none is refused by its number', async () => {
    const file = join(temporaryDirectory(), 'baseline.txt');
    writeFileSync(file, '# pgwitness baseline 1\nroute api/b\n<<<<<<< HEAD\n');
    const { code, stderr } = await pgwitness(['check', '--baseline', file, '--data', store()]);
    expect(stderr).toMatch(/"<<<<<<< HEAD" is not a line of a baseline: .*baseline\.txt:3/);
    expect(code).toBe(2);
  });

  test('nothing is saved of a window without traffic', async () => {
    const file = join(temporaryDirectory(), 'baseline.txt');
    const { code, stderr } = await pgwitness(['check', '--save', file, '--data', storeOf([])]);
    expect(stderr).toMatch(/nothing of the application ran/);
    expect(code).toBe(3);
  });
});

test('exceptions stand in the config file, each with its reason', async () => {
  const file = join(temporaryDirectory(), 'pgwitness.yaml');
  const exceptions = (match: string) => `exceptions:\n  - reason: stays until spring\n    match: ${match}\n`;
  writeFileSync(file, `${exceptions('{ source: sqlalchemy }')}${exceptions('{ pool: "sqlalchemy:*" }').slice(12)}`);
  const args = ['check', '--none', 'source=sqlalchemy,table=stock', ...UNTIL, '--config', file, '--data', store()];
  const { code, stdout } = await pgwitness(args);
  expect(stdout).toContain('Allowed\n  1 executions of sqlalchemy: SELECT id FROM stock (stays until spring)');
  expect(code).toBe(0);
  writeFileSync(file, exceptions('{ root: x }'));
  expect((await pgwitness(args)).stderr).toMatch(/unknown option "root": .*pgwitness\.yaml:3:14/);
});
