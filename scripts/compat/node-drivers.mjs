// Runs the same short programs of node-postgres and postgres.js, direct and proxied.
// Against Postgres 14 to 18, compared by what they returned.
// Invariant: a program's value is the same each time it runs, so it is compared as it is.
// Not here: the programs (node-pg.mjs, postgres-js.mjs).

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../lib/paths.mjs';
import { startPostgres } from '../lib/postgres.mjs';
import { embeddedPostgres, VERSIONS } from './embedded-postgres.mjs';
import { NODE_PG } from './node-pg.mjs';
import { SCRAM } from './node-programs.mjs';
import { POSTGRES_JS } from './postgres-js.mjs';

const TIMEOUT_MS = 30_000;

/** @param {string} name */
function installedVersion(name) {
  return JSON.parse(readFileSync(path.join(ROOT, 'node_modules', name, 'package.json'), 'utf8')).version;
}

/**
 * @param {import('./node-programs.mjs').Program} program @param {import('./node-programs.mjs').Server} server
 * @returns {Promise<import('./comparison.mjs').TestResult>}
 */
async function result(program, server) {
  const late = sleep(TIMEOUT_MS, undefined, { ref: false }).then(() => {
    throw new Error(`no end within ${TIMEOUT_MS / 1000} s`);
  });
  try {
    return { outcome: 'passed', detail: JSON.stringify(await Promise.race([program(server), late]), undefined, 1) };
  } catch (error) {
    return { outcome: 'failed', detail: String(error) };
  }
}

/** @param {string} version @returns {import('./differential.mjs').Case} */
function serverCase(version) {
  return {
    name: `Node drivers on Postgres ${Number.parseInt(version, 10)}`,
    async server() {
      const postgres = await startPostgres({ binaries: await embeddedPostgres(version) });
      await postgres.createScramUser(SCRAM.user, SCRAM.password);
      return postgres;
    },
    async run(target, postgres, note) {
      const server = { host: target.host, port: target.port, user: postgres.user, database: postgres.database };
      /** @type {import('./comparison.mjs').Results} */
      const results = new Map();
      for (const [driver, programs] of /** @type {const} */ ([
        ['pg', NODE_PG],
        ['postgres', POSTGRES_JS],
      ])) {
        for (const [name, program] of Object.entries(programs)) {
          note(`${driver}: ${name}`);
          results.set(`${driver}: ${name}`, await result(program, server));
        }
      }
      return results;
    },
  };
}

/** @type {import('./suites.mjs').Suite} */
export const nodeDrivers = {
  name: 'node-drivers',
  title: 'node-postgres and postgres.js',
  about: 'short programs for each feature of the two drivers, compared by what they return, on five majors of Postgres',
  async prepare(note) {
    for (const version of VERSIONS) {
      note(`Postgres ${version} from npm`);
      await embeddedPostgres(version);
    }
    return {
      version: `pg ${installedVersion('pg')}, postgres ${installedVersion('postgres')}`,
      cases: VERSIONS.map(serverCase),
    };
  },
};
