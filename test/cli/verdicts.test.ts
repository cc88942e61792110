// The forms for CI: JUnit XML and GitHub's annotations, of audit, findings and progress.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { build } from '../../scripts/lib/setup/build.mjs';
import { temporaryDirectory } from '../kit/sidecar.js';
import { pgwitness, type Ran } from './command.js';
import { writeSampleStore } from './sample-store.js';

const place = (id: string, line: number, parts: object) => ({
  id,
  file: 'store/a,b.py',
  line,
  end_line: line,
  function: `f<${id}>`,
  kind: 'raw',
  in_migration: false,
  api: 'cursor.execute',
  statements: [{ sql: 'SELECT 1 FROM stock', holes: false, form: 'statement', reverse: false }],
  tables: ['stock'],
  database: null,
  via: null,
  resolved: true,
  unresolved: null,
  ...parts,
});

let folder: string;
beforeAll(async () => {
  await build(() => {});
  folder = temporaryDirectory('verdicts');
  writeSampleStore(join(folder, 'data'));
  const places = [
    place('a', 3, { unresolved: 'its text is "100 %"\nof it' }),
    place('b', 5, {}),
    place('c', 7, { kind: 'sqlalchemy' }),
    place('d', 9, { kind: 'orm' }),
  ];
  const code = { version: 1, root: 'shop', routes: null, jobs: null, commands: null, places };
  writeFileSync(join(folder, 'audit.json'), JSON.stringify(code));
  const entry = (id: string, line: number, rest: string): string =>
    `  - {id: ${id}, at: 'store/a,b.py:${line}', function: 'f<${id}>', kind: raw, ${rest}}\n`;
  const ledger =
    entry('b', 5, 'state: done') + entry('c', 7, 'state: stays, reason: copy') + entry('e', 9, 'state: doing');
  writeFileSync(join(folder, 'migration.yaml'), `version: 1\nplaces:\n${ledger}`);
});

const ran = (...args: string[]): Promise<Ran> => pgwitness(args, { cwd: folder });

test('audit: work left is a warning, what is done and still there an error, what stays neither', async () => {
  const github = await ran('audit', '--code', 'audit.json', '--static', '--format', 'github');
  expect(github.stdout.trim().split('\n')).toEqual([
    '::warning file=shop/store/a%2Cb.py,line=3,title=raw SQL%3A f<a> (a)::to move (orm): its text is "100 %25" of it',
    '::error file=shop/store/a%2Cb.py,line=5,title=raw SQL%3A f<b> (b)::the ledger says done, and it is still in the code',
  ]);
  const junit = await ran('audit', '--code', 'audit.json', '--static', '--format', 'junit');
  expect(junit.stdout).toContain('<testsuite name="audit" tests="3" failures="1" errors="0" skipped="1">');
  expect(junit.stdout).toContain(
    'name="f&lt;a&gt; (a)" file="shop/store/a,b.py" line="3" time="0"><skipped message="to move',
  );
  expect(junit.stdout).toContain('its text is &quot;100 %&quot; of it"/></testcase>');
  expect(junit.stdout).toContain('name="f&lt;c&gt; (c)" file="shop/store/a,b.py" line="7" time="0"/>');
});

test('progress: what is still in the code is an error; findings: nothing to say is nothing', async () => {
  const progress = await ran('progress', '--data', 'data', '--format', 'github');
  expect(progress.stdout.trim().split('\n')).toEqual([
    '::error file=store/a%2Cb.py,line=5,title=store%3A f<b> (b)::done, and yet: it is still in the code',
    '::warning file=store/a%2Cb.py,line=9,title=store%3A f<e> (e)::doing',
  ]);
  expect((await ran('findings', '--data', 'data', '--format', 'github')).stdout).toBe('');
  expect((await ran('findings', '--data', 'data', '--format', 'junit')).stdout).toContain('tests="0" failures="0"');
});

test('a command that judges nothing has no such form', async () => {
  const { code, stderr } = await ran('top', '--data', 'data', '--format', 'junit');
  expect(code).toBe(2);
  expect(stderr).toContain('"junit" is not known: --format: use one of text, json, markdown, csv');
});

test('audit --tests says what a run of the tests reaches', async () => {
  const { stdout } = await ran('audit', '--code', 'audit.json', '--static', '--tests', 'data');
  expect(stdout).toContain('The tests reach 0 of 4 places.');
  const json = await ran('audit', '--code', 'audit.json', '--static', '--tests', 'data', '--json');
  expect(JSON.parse(json.stdout).places.map(({ tested }: { tested: boolean }) => tested)).toEqual(Array(4).fill(false));
});
