// Postgres's test program for the pipeline mode of libpq.
// Batches with errors in them, aborted pipelines, rows one by one.
// Invariant: where the program can trace the protocol, the trace has to be the one that Postgres expects, message by
// message.
// Not here: where the source comes from (debian.mjs).
// Source: src/test/modules/libpq_pipeline/t/001_libpq_pipeline.pl.

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand, runOrThrow } from '../lib/run-command.mjs';
import { debianPostgres } from './debian.mjs';
import { regressServer } from './regress.mjs';

const ROWS = '700';

/** @param {string} program @param {import('./debian.mjs').DebianPostgres} debian @param {string} source */
async function compile(program, debian, source) {
  const file = path.join(source, 'libpq_pipeline.c');
  const libraries = [`-L${debian.lib}`, `-L${debian.developmentLib}`, '-lpgcommon', '-lpgport', '-l:libpq.so.5'];
  await runOrThrow('gcc', ['-O1', '-w', ...debian.includes, '-o', program, file, ...libraries]);
}

/** @param {import('./debian.mjs').DebianPostgres} debian @returns {import('./differential.mjs').Case} */
function pipelineCase(debian) {
  const source = path.join(debian.source, 'src', 'test', 'modules', 'libpq_pipeline');
  return {
    name: `libpq_pipeline ${debian.major}`,
    server: regressServer(debian),
    async run(target, postgres, note) {
      const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-compat-pipeline-'));
      const options = { cwd: directory, env: { PATH: process.env.PATH ?? '', ...debian.env } };
      try {
        const program = path.join(directory, 'libpq_pipeline');
        await compile(program, debian, source);
        const names = (await runOrThrow(program, ['tests'], options)).stdout.trim().split(/\s+/);
        /** @type {import('./comparison.mjs').Results} */
        const results = new Map();
        for (const name of names) {
          note(name);
          const expected = path.join(source, 'traces', `${name}.trace`);
          const trace = path.join(directory, `${name}.trace`);
          const traced = existsSync(expected);
          const address = `host=${target.host} port=${target.port} user=${postgres.user} dbname=postgres`;
          const flags = ['-r', ROWS, ...(traced ? ['-t', trace] : [])];
          const { code } = await runCommand(program, [...flags, name, address], options);
          results.set(name, { outcome: code === 0 ? 'passed' : 'failed' });
          if (!traced) continue;
          const same = existsSync(trace) && readFileSync(trace, 'utf8') === readFileSync(expected, 'utf8');
          results.set(`${name} trace`, { outcome: same ? 'passed' : 'failed' });
        }
        return results;
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    },
  };
}

/** @type {import('./suites.mjs').Suite} */
export const libpqPipeline = {
  name: 'libpq-pipeline',
  title: 'libpq_pipeline of Postgres',
  about: 'every test of the program, and its protocol traces',
  async prepare(note) {
    const debian = await debianPostgres(note);
    return 'missing' in debian ? debian : { version: debian.sourceVersion, cases: [pipelineCase(debian)] };
  },
};
