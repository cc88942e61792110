// A real Postgres of its own: fresh data directory, loopback, a free port, gone when it is stopped.
// Invariant: nothing of a Postgres that the machine may have is read or touched.
// Not here: where the binaries come from (postgres-binaries.mjs).

import { spawnSync } from 'node:child_process';
import { appendFileSync, chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from './free-port.mjs';
import { runCommand, runOrThrow } from './run-command.mjs';
import { ordinaryUser } from './setup/ordinary-user.mjs';
import { postgresBinaries } from './setup/postgres-binaries.mjs';
import { connect } from './wire/client.mjs';

const START_TRIES = 3;
const START_TIMEOUT_SECONDS = 60;

/** For a server whose data nobody needs tomorrow. The time zone is the one of the official container image. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '128MB',
  max_connections: '200',
  timezone: 'Etc/UTC',
  log_timezone: 'Etc/UTC',
  unix_socket_directories: '',
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track_utility': 'on',
  'pg_stat_statements.max': '20000',
};

/** Members of this role need their password; everyone else on loopback is trusted. */
const SCRAM_ROLE = 'scram_users';

/**
 * @typedef {object} Postgres
 * @property {string} host
 * @property {number} port
 * @property {string} user a superuser without a password
 * @property {string} database
 * @property {string} version
 * @property {string} dataDirectory
 * @property {string} logFile
 * @property {(sql: string, database?: string) => Promise<(string | null)[][]>} query one simple Query on a connection
 *   of its own
 * @property {(name: string, password: string) => Promise<void>} createScramUser
 * @property {() => Promise<void>} stop
 */

/** @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

/**
 * @param {{ major?: number, binaries?: { bin: string, version: string }, port?: number, database?: string,
 *   settings?: Record<string, string>, hba?: readonly string[] }} [options]
 *   `binaries` are other ones than those of npm; `port` is the preferred one; `settings` win over those above; `hba`
 *   lines come before those made here
 * @returns {Promise<Postgres>} after the server answered
 */
export async function startPostgres(options = {}) {
  const { major, port: preferredPort = 0, database = 'postgres', settings = {}, hba = [] } = options;
  const user = await ordinaryUser();
  const { bin, version } = options.binaries ?? (await postgresBinaries({ major, user }));
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-postgres-'));
  if (user) chownSync(directory, user.uid, user.gid);
  const dataDirectory = path.join(directory, 'data');
  const logFile = path.join(directory, 'postgres.log');
  const asUser = { cwd: directory, ...user, env: { PATH: process.env.PATH ?? '', LC_ALL: 'C', TZ: 'Etc/UTC' } };
  const stopArgs = ['-D', dataDirectory, '-m', 'immediate', '-w', 'stop'];
  /** pg_ctl leaves the server in a session of its own, so it outlives a parent that forgets it. */
  const stopAtExit = () => {
    spawnSync(path.join(bin, 'pg_ctl'), stopArgs, { ...asUser, stdio: 'ignore' });
    rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', stopAtExit);
  const stop = async () => {
    process.removeListener('exit', stopAtExit);
    await runCommand(path.join(bin, 'pg_ctl'), stopArgs, asUser);
    rmSync(directory, { recursive: true, force: true });
  };

  try {
    const initdbArgs = ['-D', dataDirectory, '-U', 'postgres', '-E', 'UTF8', '--locale=C', '--auth=trust', '--no-sync'];
    await runOrThrow(path.join(bin, 'initdb'), initdbArgs, asUser);
    const lines = Object.entries({ ...SETTINGS, ...settings }).map(([name, value]) => `${name} = ${quoted(value)}\n`);
    appendFileSync(path.join(dataDirectory, 'postgresql.conf'), lines.join(''));
    const rules = [
      ...hba,
      `host all +${SCRAM_ROLE} 127.0.0.1/32 scram-sha-256`,
      'local all all trust',
      'host all all 127.0.0.1/32 trust',
      'host replication all 127.0.0.1/32 trust',
    ];
    writeFileSync(path.join(dataDirectory, 'pg_hba.conf'), `${rules.join('\n')}\n`);
    const host = '127.0.0.1';
    const port = await startOnFreePort({ bin, dataDirectory, logFile, asUser, preferredPort });

    /** @type {Postgres['query']} */
    const query = async (sql, queryDatabase = database) => {
      const client = await connect({
        host,
        port,
        startup: [
          ['user', 'postgres'],
          ['database', queryDatabase],
        ],
      });
      try {
        return (await client.query(sql)).rows;
      } finally {
        client.close();
      }
    };
    if (database !== 'postgres') await query(`CREATE DATABASE "${database.replaceAll('"', '""')}"`, 'postgres');
    if ('shared_preload_libraries' in settings === false) await query('CREATE EXTENSION pg_stat_statements');
    await query(`CREATE ROLE ${SCRAM_ROLE} NOLOGIN`);
    /** @type {Postgres['createScramUser']} */
    const createScramUser = async (name, password) => {
      const role = `"${name.replaceAll('"', '""')}"`;
      await query(
        `SET password_encryption = 'scram-sha-256'; CREATE ROLE ${role} LOGIN PASSWORD ${quoted(password)} IN ROLE ${SCRAM_ROLE}`,
      );
    };
    return { host, port, user: 'postgres', database, version, dataDirectory, logFile, query, createScramUser, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * @param {{ bin: string, dataDirectory: string, logFile: string, asUser: import('./run-command.mjs').CommandOptions,
 *   preferredPort: number }} options
 * @returns {Promise<number>} the port it listens on
 */
async function startOnFreePort({ bin, dataDirectory, logFile, asUser, preferredPort }) {
  for (let tries = 1; ; tries++) {
    const port = await freePort(preferredPort);
    const serverOptions = `-c listen_addresses=127.0.0.1 -p ${port}`;
    const args = [
      '-D',
      dataDirectory,
      '-l',
      logFile,
      '-w',
      '-t',
      String(START_TIMEOUT_SECONDS),
      '-o',
      serverOptions,
      'start',
    ];
    const { code } = await runCommand(path.join(bin, 'pg_ctl'), args, { ...asUser, output: 'ignore' });
    if (code === 0) return port;
    const log = readFileSync(logFile, 'utf8');
    // Another process took the port between the look and the start.
    if (log.includes('could not bind') && tries < START_TRIES) continue;
    throw new Error(
      `Postgres did not start on port ${port}. Its log says:\n${log.trim().split('\n').slice(-15).join('\n')}`,
    );
  }
}
