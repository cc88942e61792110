// Starts examples/shop: tables, data, then gunicorn with several workers.
// The caller chooses the database.
// Invariant: migrations and data go to `setupDatabase`, requests to `database`; they may be a server and a proxy in
// front of it.
// Not here: the requests (traffic.mjs), Postgres (../postgres.mjs), the interpreter (../setup/python.mjs).

import path from 'node:path';
import { freePort } from '../free-port.mjs';
import { ROOT, SHOP } from '../paths.mjs';
import { runOrThrow } from '../run-command.mjs';
import { answers, startService } from '../service.mjs';

/**
 * @typedef {object} Database
 * @property {string} host
 * @property {number} port
 * @property {string} [user]
 * @property {string} [password]
 * @property {string} [database]
 */

/** @param {Database} database @returns {NodeJS.ProcessEnv} what shop/settings.py reads */
export function shopEnvironment({ host, port, user = 'postgres', password = '', database = 'shop' }) {
  return {
    ...process.env,
    DJANGO_SETTINGS_MODULE: 'shop.settings',
    SHOP_DB_HOST: host,
    SHOP_DB_PORT: String(port),
    SHOP_DB_USER: user,
    SHOP_DB_PASSWORD: password,
    SHOP_DB_NAME: database,
  };
}

/**
 * Makes the tables and fills them. The database must exist and be empty.
 * @param {{ python: string, database: Database, env?: NodeJS.ProcessEnv }} options
 */
export async function prepareShop({ python, database, env = {} }) {
  const options = { cwd: SHOP, env: { ...shopEnvironment(database), ...env } };
  await runOrThrow(python, ['manage.py', 'migrate', '--verbosity', '0'], options);
  await runOrThrow(python, ['manage.py', 'seed'], options);
}

/**
 * @param {{ python: string, database: Database, workers?: number, port?: number, oracleLog?: string, tagged?: boolean,
 *   env?: NodeJS.ProcessEnv }} options
 *   `oracleLog`: the file the shop logs its statements to; `port`: preferred one; `tagged`: clients/python is on
 * @returns {Promise<import('../service.mjs').Service & { baseUrl: string }>} after /health answered
 */
export async function startShop({ python, database, workers = 3, port = 0, oracleLog = '', tagged = false, env = {} }) {
  const baseUrl = `http://127.0.0.1:${await freePort(port)}`;
  const service = await startService('the shop', {
    program: python,
    args: ['-m', 'gunicorn', '--config', 'gunicorn.conf.py', 'shop.wsgi'],
    cwd: SHOP,
    env: {
      ...shopEnvironment(database),
      SHOP_BIND: new URL(baseUrl).host,
      SHOP_WORKERS: String(workers),
      SHOP_ORACLE_LOG: oracleLog,
      ...(tagged ? { SHOP_TAGS: '1', PYTHONPATH: path.join(ROOT, 'clients', 'python') } : {}),
      ...env,
    },
    ready: () => answers(`${baseUrl}/health`),
  });
  return { ...service, baseUrl };
}
