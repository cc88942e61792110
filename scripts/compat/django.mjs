// Django's own tests of what talks to a database, on Django's Postgres backend with psycopg 3.
// Invariant: one process, so that the tests run in the same order each time.
// Not here: settings and results (django_settings.py).

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../lib/postgres.mjs';
import { runCommand } from '../lib/run-command.mjs';
import { compatPython, djangoTestEnvironment, pinnedVersion, sourceOf } from './python-tests.mjs';

const LABELS = [
  ...[
    'backends',
    'queries',
    'transactions',
    'transaction_hooks',
    'aggregation',
    'aggregation_regress',
    'postgres_tests',
  ],
  ...['raw_query', 'bulk_create', 'db_functions', 'expressions', 'expressions_case', 'expressions_window', 'lookup'],
  ...['custom_lookups', 'model_fields', 'schema', 'introspection', 'select_for_update', 'migrations', 'inspectdb'],
  ...['basic', 'ordering', 'prefetch_related', 'select_related', 'update', 'delete', 'get_or_create', 'async'],
];

/** @param {string} lines as django_settings.py writes them @returns {import('./comparison.mjs').Results} */
export function djangoResults(lines) {
  /** @type {import('./comparison.mjs').Results} */
  const results = new Map();
  for (const line of lines.split('\n')) {
    if (line === '') continue;
    const [test, outcome] = JSON.parse(line);
    // One entry per failing subtest, and one for the test.
    if (results.get(test)?.outcome !== 'failed') results.set(test, { outcome });
  }
  return results;
}

/** @param {{ python: string, source: string }} options @returns {import('./differential.mjs').Case} */
function djangoCase({ python, source }) {
  return {
    name: `Django ${pinnedVersion('Django')}`,
    server: () => startPostgres(),
    async run(target, _postgres, note) {
      const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-compat-django-'));
      try {
        const file = path.join(directory, 'results');
        const env = djangoTestEnvironment({ source, target, results: file, directory });
        const flags = ['--settings=django_settings', '--parallel=1', '--noinput', '--verbosity=2'];
        const { stdout, stderr } = await runCommand(python, ['runtests.py', ...flags, ...LABELS], {
          cwd: path.join(source, 'tests'),
          env,
          onLine: (line) => note(line.slice(0, 60)),
        });
        const results = existsSync(file) ? djangoResults(readFileSync(file, 'utf8')) : new Map();
        if (results.size === 0) throw new Error(`runtests.py ran no test:\n${(stdout + stderr).slice(-3000)}`);
        return results;
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

/** @type {import('./suites.mjs').Suite} */
export const django = {
  name: 'django',
  title: "Django's own tests",
  about: `psycopg 3; ${LABELS.join(', ')}`,
  async prepare(note) {
    const found = await compatPython(note);
    if ('missing' in found) return found;
    const source = await sourceOf('Django', found.python);
    return { version: pinnedVersion('Django'), cases: [djangoCase({ python: found.python, source })] };
  },
};
