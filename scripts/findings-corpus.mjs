// Runs a part of Django's own tests through pgwitness and lists what is found in them.
// `node scripts/findings-corpus.mjs [APP …]`. Each test is one tagged request, so its route is the test's name.
// Invariant: it judges nothing; docs/FINDINGS.md has the verdicts of a person who read the tests.
// Not here: the tests' settings (compat/django_tagged_settings.py).

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compatPython, djangoTestEnvironment, sourceOf } from './compat/python-tests.mjs';
import { ROOT } from './lib/paths.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { openProgress } from './lib/progress.mjs';
import { runCommand, runOrThrow } from './lib/run-command.mjs';
import { build } from './lib/setup/build.mjs';
import { startSidecar } from './lib/sidecar.mjs';

/** What applications do: relations, loops, transactions, bulk writes. */
const APPS = [
  ...['basic', 'many_to_one', 'many_to_many', 'one_to_one', 'm2m_through', 'select_related', 'prefetch_related'],
  ...[
    'get_or_create',
    'update',
    'delete',
    'bulk_create',
    'queries',
    'aggregation',
    'transactions',
    'model_inheritance',
  ],
  ...['select_for_update', 'generic_relations', 'known_related_objects', 'reverse_lookup', 'model_formsets'],
];

const progress = openProgress();
const found = await progress.step('Python environment', compatPython);
if ('missing' in found) throw new Error(found.missing);
const { python } = found;
await progress.step('Build', build);
const source = await progress.step("Django's tests", () => sourceOf('Django', python));
const postgres = await progress.step('Postgres', () => startPostgres());
const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-findings-corpus-'));
try {
  const data = path.join(directory, 'data');
  const sidecar = await startSidecar({ upstream: postgres, data });
  const results = path.join(directory, 'results');
  const env = djangoTestEnvironment({ source, target: sidecar, results, directory });
  const wanted = process.argv.slice(2);
  const flags = ['--settings=django_tagged_settings', '--parallel=1', '--noinput', '--verbosity=1'];
  const { stderr } = await progress.step('Tests', () =>
    runCommand(python, ['runtests.py', ...flags, ...(wanted.length > 0 ? wanted : APPS)], {
      cwd: path.join(source, 'tests'),
      env,
    }),
  );
  await sidecar.stop();
  const tests = readFileSync(results, 'utf8').trim().split('\n').length;
  if (tests < 2) throw new Error(`runtests.py ran no test:\n${stderr.slice(-3000)}`);
  const asked = ['dist/cli/main.js', 'findings', '--json', '--data', data];
  const { stdout } = await runOrThrow(process.execPath, asked, { cwd: ROOT });
  tell(/** @type {Report} */ (JSON.parse(stdout)), tests);
} finally {
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exit();

/** @typedef {ReturnType<typeof import('../dist/reports/forms/findings-json.js').findingsJson>} Report */

/** @param {Report} report @param {number} tests */
function tell({ findings }, tests) {
  const counts = new Map();
  for (const { kind, confidence } of findings) {
    const key = `${kind} ${confidence}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  progress.say(`\n${tests} tests, ${findings.length} findings\n\n| kind | confidence | findings |\n|---|---|--:|`);
  for (const [key, count] of [...counts].sort()) progress.say(`| ${key.replace(' ', ' | ')} | ${count} |`);
  progress.say('');
  for (const { kind, confidence, routes, title } of findings)
    if (confidence === 'strong') progress.say(`${kind}\t${routes[0] ?? ''}\t${title}`);
}
