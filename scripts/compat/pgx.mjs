// pgx's own tests: the driver of Go, its low level, its pool, and database/sql on it.
// Its module on the proxy of Go holds them.
// Invariant: the module is only read; its version is pinned, and Go checks its hash.
// Not here: where Postgres comes from (debian.mjs).

import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CACHE } from '../lib/paths.mjs';
import { runCommand, runOrThrow } from '../lib/run-command.mjs';
import { debianPostgres } from './debian.mjs';
import { regressServer } from './regress.mjs';

const MODULE = 'github.com/jackc/pgx/v5';
const VERSION = 'v5.7.6';
const PACKAGES = ['.', './pgconn', './pgxpool', './stdlib'];
/** On a busy machine its timer runs after its end, and takes all tests of the package along. */
const LEFT_OUT = '^TestConnCopyFromConnectionTerminated$';
/** What the latest `go test` printed: the reasons of failures are in there. */
const PRINTED = path.join(CACHE, 'compat', 'go-test.log');
/** What testsetup/postgresql_setup.sql makes and these tests use. */
const SET_UP = [
  'create extension hstore',
  'create extension ltree',
  'create domain uint64 as numeric(20,0)',
  `create user " tricky, ' } "" \\ test user " superuser`,
];

/** @param {string} lines as `go test -json` prints them @returns {import('./comparison.mjs').Results} */
function goResults(lines) {
  /** @type {import('./comparison.mjs').Results} */
  const results = new Map();
  const outcomes = /** @type {const} */ ({ pass: 'passed', fail: 'failed', skip: 'skipped' });
  for (const line of lines.split('\n').filter((text) => text.startsWith('{'))) {
    const { Action, Package, Test } = /** @type {Record<string, string>} */ (JSON.parse(line));
    const outcome = outcomes[/** @type {keyof typeof outcomes} */ (Action)];
    if (Test !== undefined && outcome !== undefined) results.set(`${Package}.${Test}`, { outcome });
  }
  return results;
}

/** @param {{ debian: import('./debian.mjs').DebianPostgres, source: string }} from */
function pgxCase({ debian, source }) {
  return {
    name: `pgx ${VERSION.slice(1)}`,
    server: regressServer(debian),
    /** @type {import('./differential.mjs').Case['run']} */
    async run(target, postgres, note) {
      const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-compat-pgx-'));
      try {
        cpSync(source, directory, { recursive: true });
        await runOrThrow('chmod', ['-R', 'u+w', directory]);
        for (const statement of SET_UP) await postgres.query(statement);
        const address = `host=${target.host} port=${target.port} user=${postgres.user} dbname=postgres`;
        const flags = ['-json', '-count=1', '-p=1', `-skip=${LEFT_OUT}`];
        const { stdout, stderr } = await runCommand('go', ['test', ...flags, ...PACKAGES], {
          cwd: directory,
          env: { ...process.env, PGX_TEST_DATABASE: address, PGX_TEST_TCP_CONN_STRING: address },
          onLine: (line) => note(/"Test":"([^"/]+)/.exec(line)?.[1] ?? ''),
        });
        mkdirSync(path.dirname(PRINTED), { recursive: true });
        writeFileSync(PRINTED, stdout + stderr);
        const results = goResults(stdout);
        if (results.size === 0) throw new Error(`go ran no test: ${(stdout + stderr).trim().slice(-2_000)}`);
        return results;
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

/** Gets the module. @returns {Promise<{ missing: string } | { directory: string }>} */
async function moduleSource() {
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-compat-go-'));
  try {
    writeFileSync(path.join(directory, 'go.mod'), 'module compat\n');
    const found = await runCommand('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`], { cwd: directory });
    if (found.code !== 0) return { missing: `the proxy of Go does not give ${MODULE}: ${found.stderr.trim()}` };
    return { directory: JSON.parse(found.stdout).Dir };
  } catch (error) {
    return { missing: `there is no go: ${/** @type {Error} */ (error).message}` };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** @type {import('./suites.mjs').Suite} */
export const pgx = {
  name: 'pgx',
  title: "pgx's own tests",
  about: 'pgx, pgconn (a batch of 100,000 statements among them), pgxpool and stdlib',
  async prepare(note) {
    const debian = await debianPostgres(note);
    if ('missing' in debian) return debian;
    note('getting pgx');
    const source = await moduleSource();
    if ('missing' in source) return source;
    return { version: VERSION.slice(1), cases: [pgxCase({ debian, source: source.directory })] };
  },
};
