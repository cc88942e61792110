// Postgres's own regression tests, all of the installed major.
// psql runs each file, and pg_regress compares what it printed.
// Invariant: server, drivers and C functions are of one version, and so are the tests where Debian still has them.
// A failing test is compared by all it printed.
// Not here: where they come from (debian.mjs).
// Source: src/test/regress/GNUmakefile (installcheck-parallel).

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startPostgres } from '../lib/postgres.mjs';
import { runCommand, runOrThrow } from '../lib/run-command.mjs';
import { ordinaryUser } from '../lib/setup/ordinary-user.mjs';
import { debianPostgres } from './debian.mjs';

/** The output of pg_regress up to 15 ("test NAME ... ok"), and from 16 on (TAP). */
const LINES = [
  /^(?:test| {4,}) *(?<name>[\w-]+) +\.\.\. (?<word>ok|FAILED|failed)/gm,
  /^(?<word>ok|not ok) \d+ +[-+] (?<name>[\w-]+)/gm,
];

/** @param {string} output @param {(test: string) => string} printed @returns {import('./comparison.mjs').Results} */
export function regressResults(output, printed) {
  /** @type {import('./comparison.mjs').Results} */
  const results = new Map();
  for (const pattern of LINES) {
    for (const { groups } of output.matchAll(pattern)) {
      const { name, word } = /** @type {{ name: string, word: string }} */ (groups);
      results.set(name, word === 'ok' ? { outcome: 'passed' } : { outcome: 'failed', detail: printed(name) });
    }
  }
  return results;
}

/** The server that the tests of its own version expect. @param {import('./debian.mjs').DebianPostgres} debian */
export function regressServer(debian) {
  return () =>
    startPostgres({
      binaries: { bin: debian.bin, version: debian.version },
      settings: {
        // Room for each statement of the suites, and for the tests of two-phase commit.
        'pg_stat_statements.max': '100000',
        // Counted, and not shown by EXPLAIN, whose output is compared.
        compute_query_id: 'regress',
        max_prepared_transactions: '20',
      },
    });
}

/**
 * @param {import('./debian.mjs').DebianPostgres} debian
 * @param {(stage: string, asUser: object) => Promise<import('./comparison.mjs').Results>} work
 * @returns {Promise<import('./comparison.mjs').Results>} `stage` belongs to the user that the server runs as, and is
 *   gone afterwards
 */
export async function withStage(debian, work) {
  const user = await ordinaryUser();
  const stage = mkdtempSync(path.join(tmpdir(), 'pgwitness-compat-'));
  try {
    for (const name of ['regress', 'isolation'])
      cpSync(path.join(debian.source, 'src', 'test', name), path.join(stage, name), { recursive: true });
    mkdirSync(path.join(stage, 'out'));
    if (user) await runOrThrow('chown', ['-R', `${user.uid}:${user.gid}`, stage]);
    const env = { PATH: process.env.PATH ?? '', HOME: stage, ...debian.env };
    return await work(stage, { cwd: stage, env, ...user });
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

/** @param {import('./debian.mjs').DebianPostgres} debian @returns {import('./differential.mjs').Case} */
function regressCase(debian) {
  return {
    name: `Postgres ${debian.major} regress`,
    server: regressServer(debian),
    run: (target, _postgres, note) =>
      withStage(debian, async (stage, asUser) => {
        const library = path.join(stage, 'regress.so');
        const source = path.join(stage, 'regress', 'regress.c');
        await runOrThrow('gcc', ['-shared', '-fPIC', '-O1', '-w', ...debian.includes, '-o', library, source], asUser);
        for (const name of ['refint.so', 'autoinc.so'])
          cpSync(path.join(debian.extensions, name), path.join(stage, name));
        const out = path.join(stage, 'out');
        const { stdout, stderr } = await runCommand(
          path.join(debian.drivers, 'regress', 'pg_regress'),
          [
            `--host=${target.host}`,
            `--port=${target.port}`,
            '--user=postgres',
            `--bindir=${debian.bin}`,
            `--dlpath=${stage}`,
            `--inputdir=${path.join(stage, 'regress')}`,
            `--outputdir=${out}`,
            '--max-concurrent-tests=20',
            `--schedule=${path.join(stage, 'regress', 'parallel_schedule')}`,
          ],
          { ...asUser, onLine: (line) => note(line.trim().slice(0, 50)) },
        );
        const printed = (/** @type {string} */ test) => {
          const file = path.join(out, 'results', `${test}.out`);
          return existsSync(file) ? readFileSync(file, 'utf8').replaceAll(stage, '(stage)') : '';
        };
        const results = regressResults(stdout, printed);
        if (results.size === 0) throw new Error(`pg_regress ran no test:\n${stdout}${stderr}`);
        return results;
      }),
  };
}

/** @type {import('./suites.mjs').Suite} */
export const regress = {
  name: 'regress',
  title: 'Postgres core regression tests',
  about: 'every test of parallel_schedule, up to 20 at once, with psql of the same version',
  async prepare(note) {
    const debian = await debianPostgres(note);
    return 'missing' in debian ? debian : { version: debian.sourceVersion, cases: [regressCase(debian)] };
  },
};
