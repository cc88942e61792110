// psycopg 3's own tests.
// Neither PyPI's archives nor, everywhere, Debian's hold them: they run from a checkout that is named in
// PGWITNESS_PSYCOPG_SOURCE, against the psycopg that is installed.
// Invariant: the checkout is only read.
// Not here: running pytest.

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../lib/postgres.mjs';
import { compatPython, pinnedVersion, runPytest } from './python-tests.mjs';

/**
 * Left out: type checks, another database, tests of waiting times, and tests that put a proxy of their own in front
 * of the server.
 */
const MARKERS = 'not mypy and not crdb and not slow and not timing and not proxy';

/** @param {{ python: string, checkout: string }} options @returns {import('./differential.mjs').Case} */
function psycopgCase({ python, checkout }) {
  return {
    name: `psycopg ${pinnedVersion('psycopg')}`,
    server: () => startPostgres({ settings: { max_prepared_transactions: '20', 'pg_stat_statements.max': '100000' } }),
    async run(target, postgres, note) {
      const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-compat-psycopg-'));
      try {
        // Away from the packages of the checkout, so that the installed ones are tested.
        cpSync(path.join(checkout, 'tests'), path.join(directory, 'tests'), { recursive: true });
        cpSync(path.join(checkout, 'pyproject.toml'), path.join(directory, 'pyproject.toml'));
        const address = `host=${target.host} port=${target.port} user=${postgres.user} dbname=postgres`;
        return await runPytest({
          python,
          cwd: directory,
          args: [`--test-dsn=${address}`, '-m', MARKERS, 'tests'],
          note,
        });
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

/** @param {string} checkout @returns {string} the version that its tests are of */
function checkoutVersion(checkout) {
  const file = path.join(checkout, 'psycopg', 'pyproject.toml');
  return (existsSync(file) && /^version = "(.+)"$/m.exec(readFileSync(file, 'utf8'))?.[1]) || 'unknown version';
}

/** @type {import('./suites.mjs').Suite} */
export const psycopg = {
  name: 'psycopg',
  title: "psycopg 3's own tests",
  about: 'all but those marked slow, timing, proxy, crdb, mypy',
  async prepare(note) {
    const checkout = process.env.PGWITNESS_PSYCOPG_SOURCE ?? '';
    if (!existsSync(path.join(checkout, 'tests', 'conftest.py'))) {
      const version = pinnedVersion('psycopg');
      const what = `the archives on PyPI have no tests: clone psycopg/psycopg at ${version} and set PGWITNESS_PSYCOPG_SOURCE to the clone`;
      return { missing: checkout === '' ? what : `${checkout} has no tests/conftest.py; ${what}` };
    }
    const found = await compatPython(note);
    if ('missing' in found) return found;
    const version = `${pinnedVersion('psycopg')}, tests of ${checkoutVersion(checkout)}`;
    return { version, cases: [psycopgCase({ python: found.python, checkout })] };
  },
};
