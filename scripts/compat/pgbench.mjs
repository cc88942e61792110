// Runs pgbench: bulk load, the three protocol modes, pipelines, reconnects, errors.
// The bulk load is COPY; one run is paced.
// Invariant: what is compared is what does not depend on speed: transactions, failures, messages, and the books that
// have to balance.
// Not here: figures of speed (bench/).

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from '../lib/run-command.mjs';
import { debianPostgres } from './debian.mjs';
import { regressServer } from './regress.mjs';

const LOAD = ['-n', '-c', '8', '-j', '2', '-t', '50'];

/** Own scripts, by name. */
const SCRIPTS = {
  pipeline:
    '\\startpipeline\nSELECT 1;\nSELECT count(*) FROM pgbench_branches;\nINSERT INTO pgbench_history (tid, bid, aid, delta) VALUES (1, 1, 1, 0);\nSELECT 2;\n\\endpipeline\n',
  results:
    "SELECT repeat('x', 1000000) AS text \\gset\nSELECT generate_series(1, 2000);\nSELECT 7 AS seven \\gset\nSELECT :seven + 1;\n",
  error: 'BEGIN;\nSELECT 1 / 0;\nEND;\n',
};

/** @param {(script: keyof typeof SCRIPTS) => string} file @returns {[string, string[]][]} name and arguments */
function runs(file) {
  /** @type {[string, string[]][]} */
  const modes = ['simple', 'extended', 'prepared'].flatMap((mode) =>
    ['tpcb-like', 'simple-update', 'select-only'].map(
      (builtin) => /** @type {[string, string[]]} */ ([`${builtin}, ${mode}`, [...LOAD, '-M', mode, '-b', builtin]]),
    ),
  );
  return [
    ['load on the server', ['-i', '-I', 'dtGvpf', '-s', '1', '-q']],
    ['load by COPY', ['-i', '-s', '4', '-q']],
    ...modes,
    ['pipeline, extended', [...LOAD, '-M', 'extended', '-f', file('pipeline')]],
    ['pipeline, prepared', [...LOAD, '-M', 'prepared', '-f', file('pipeline')]],
    ['results into variables', ['-n', '-c', '4', '-j', '2', '-t', '20', '-M', 'extended', '-f', file('results')]],
    ['a connection per transaction', ['-n', '-c', '4', '-j', '2', '-t', '20', '-C', '-S']],
    ['paced', ['-n', '-c', '4', '-j', '2', '-t', '50', '-R', '200', '-S']],
    ...['simple', 'extended'].map(
      (mode) =>
        /** @type {[string, string[]]} */ ([`error, ${mode}`, ['-n', '-t', '1', '-M', mode, '-f', file('error')]]),
    ),
  ];
}

/** What pgbench says that is the same each time. @param {{ code: number, stdout: string, stderr: string }} result */
function summary({ code, stdout, stderr }) {
  const counts = stdout.match(/^number of (transactions actually processed|failed transactions): \S+/gm) ?? [];
  const errors = stderr.match(/ERROR: .*|FATAL: .*/g) ?? [];
  return [`exit code ${code}`, ...counts, ...errors].join('\n');
}

/** The comment keeps it out of what is counted below. */
const BOOKS = `SELECT /* pg_stat_statements */ (SELECT sum(abalance) FROM pgbench_accounts) = (SELECT sum(delta) FROM pgbench_history)
  AND (SELECT count(*) FROM pgbench_accounts) = 400000, (SELECT count(*) FROM pgbench_history)`;
const CALLS = `SELECT sum(calls) FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%' AND query NOT IN ('BEGIN', 'END')`;
/**
 * BEGIN and END that were executed: two per transaction of two scripts in three modes, and one before each error.
 * pg_stat_statements counts them only at the first execution of a prepared statement (it clears the query id of the
 * cached utility statement).
 */
const TRANSACTION_CONTROL = 2 * 2 * 3 * 400 + 2;

/** @param {import('./debian.mjs').DebianPostgres} debian @returns {import('./differential.mjs').Case} */
function pgbenchCase(debian) {
  return {
    name: `pgbench ${debian.major}`,
    server: regressServer(debian),
    async run(target, postgres, note) {
      const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-compat-pgbench-'));
      try {
        for (const [name, text] of Object.entries(SCRIPTS)) writeFileSync(path.join(directory, name), text);
        await postgres.query('SELECT pg_stat_statements_reset()');
        const address = ['-h', target.host, '-p', String(target.port), '-U', postgres.user];
        const options = { cwd: directory, env: { PATH: process.env.PATH ?? '', ...debian.env } };
        /** @type {import('./comparison.mjs').Results} */
        const results = new Map();
        for (const [name, args] of runs((script) => path.join(directory, script))) {
          note(name);
          const result = await runCommand(path.join(debian.bin, 'pgbench'), [...address, ...args, 'postgres'], options);
          const wanted = name.startsWith('error') ? 2 : 0;
          results.set(name, { outcome: result.code === wanted ? 'passed' : 'failed', detail: summary(result) });
        }
        const [[balanced, entries]] = await postgres.query(BOOKS);
        results.set('the books balance', {
          outcome: balanced === 't' ? 'passed' : 'failed',
          detail: `${entries} entries`,
        });
        return results;
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
    async audit(postgres, { observed, answered }) {
      // Postgres does not count statements that failed.
      const calls = Number((await postgres.query(CALLS))[0][0]);
      const seen = observed - answered.errors - TRANSACTION_CONTROL;
      return calls === seen ? [] : [`pg_stat_statements has ${calls} calls besides BEGIN and END, pgwitness ${seen}`];
    },
  };
}

/** @type {import('./suites.mjs').Suite} */
export const pgbench = {
  name: 'pgbench',
  title: 'pgbench',
  about:
    'load by COPY, simple, extended and prepared, pipelines, -C, --rate, errors; calls equal to pg_stat_statements',
  async prepare(note) {
    const debian = await debianPostgres(note);
    return 'missing' in debian ? debian : { version: debian.version, cases: [pgbenchCase(debian)] };
  },
};
