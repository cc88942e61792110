// Postgres's isolation tests: several sessions at once in fixed interleavings.
// Waits for locks and cancels are among them.
// Invariant: as regress.mjs.
// Not here: where the tests come from (debian.mjs).
// Source: src/test/isolation/README.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runCommand } from '../lib/run-command.mjs';
import { debianPostgres } from './debian.mjs';
import { regressResults, regressServer, withStage } from './regress.mjs';

/** @param {import('./debian.mjs').DebianPostgres} debian @returns {import('./differential.mjs').Case} */
function isolationCase(debian) {
  return {
    name: `Postgres ${debian.major} isolation`,
    server: regressServer(debian),
    run: (target, _postgres, note) =>
      withStage(debian, async (stage, asUser) => {
        const out = path.join(stage, 'out');
        const input = path.join(stage, 'isolation');
        const { stdout, stderr } = await runCommand(
          path.join(debian.drivers, 'isolation', 'pg_isolation_regress'),
          [
            `--host=${target.host}`,
            `--port=${target.port}`,
            '--user=postgres',
            `--bindir=${debian.bin}`,
            `--inputdir=${input}`,
            `--outputdir=${out}`,
            `--schedule=${path.join(input, 'isolation_schedule')}`,
          ],
          { ...asUser, onLine: (line) => note(line.trim().slice(0, 50)) },
        );
        const printed = (/** @type {string} */ test) => {
          const file = path.join(out, 'results', `${test}.out`);
          return existsSync(file) ? readFileSync(file, 'utf8') : '';
        };
        const results = regressResults(stdout, printed);
        if (results.size === 0) throw new Error(`pg_isolation_regress ran no test:\n${stdout}${stderr}`);
        return results;
      }),
  };
}

/** @type {import('./suites.mjs').Suite} */
export const isolation = {
  name: 'isolation',
  title: 'Postgres isolation tests',
  about: 'every specification of isolation_schedule',
  async prepare(note) {
    const debian = await debianPostgres(note);
    return 'missing' in debian ? debian : { version: debian.sourceVersion, cases: [isolationCase(debian)] };
  },
};
