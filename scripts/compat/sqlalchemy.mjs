// SQLAlchemy's tests of its PostgreSQL dialect, and its compliance suite.
// With three drivers.
// Invariant: as python-tests.mjs.
// Not here: the drivers' own tests. Set-up: README.unittests.rst of SQLAlchemy.

import { startPostgres } from '../lib/postgres.mjs';
import { compatPython, pinnedVersion, runPytest, sourceOf } from './python-tests.mjs';

const DRIVERS = ['psycopg2', 'psycopg', 'asyncpg'];
const TESTS = ['test/dialect/postgresql', 'test/dialect/test_suite.py', 'test/engine/test_transaction.py'];
const SETUP = ['CREATE SCHEMA test_schema', 'CREATE SCHEMA test_schema_2'];
const EXTENSIONS = ['hstore', 'citext', 'btree_gist'];

async function server() {
  const settings = { max_prepared_transactions: '20', 'pg_stat_statements.max': '100000' };
  const postgres = await startPostgres({ settings });
  await postgres.query('CREATE DATABASE test');
  const available = await postgres.query('SELECT name FROM pg_available_extensions');
  const wanted = EXTENSIONS.filter((name) => available.some(([has]) => has === name));
  const extensions = wanted.map((name) => `CREATE EXTENSION ${name}`);
  for (const sql of [...SETUP, ...extensions]) await postgres.query(sql, 'test');
  return postgres;
}

/**
 * @param {string} driver
 * @param {{ python: string, source: string }} options
 * @returns {import('./differential.mjs').Case}
 */
function driverCase(driver, { python, source }) {
  return {
    name: `SQLAlchemy ${pinnedVersion('SQLAlchemy')} on ${driver}`,
    server,
    run(target, postgres, note) {
      const url = `postgresql+${driver}://${postgres.user}@${target.host}:${target.port}/test`;
      return runPytest({ python, cwd: source, args: [`--dburi=${url}`, '--dropfirst', ...TESTS], note });
    },
  };
}

/** @type {import('./suites.mjs').Suite} */
export const sqlalchemy = {
  name: 'sqlalchemy',
  title: "SQLAlchemy's PostgreSQL dialect",
  about: `${TESTS.join(', ')}, with ${DRIVERS.join(', ')}`,
  async prepare(note) {
    const found = await compatPython(note);
    if ('missing' in found) return found;
    const options = { python: found.python, source: await sourceOf('SQLAlchemy', found.python) };
    return {
      version: pinnedVersion('SQLAlchemy'),
      cases: DRIVERS.map((driver) => driverCase(driver, options)),
    };
  },
};
