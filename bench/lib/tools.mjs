// The things compared: nothing in between, the empty relay, pgwitness, other proxies.
// The other poolers and proxies are those that are installed.
// Invariant: all stand in front of the same server, on loopback, with the settings that are printed in the report.
// Not here: load (load.mjs), which tools a scenario needs (scenarios.mjs).

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../../scripts/lib/free-port.mjs';
import { runCommand } from '../../scripts/lib/run-command.mjs';
import { startService } from '../../scripts/lib/service.mjs';
import { ordinaryUser } from '../../scripts/lib/setup/ordinary-user.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import { childrenOf } from './processes.mjs';

/**
 * @typedef {object} Tool
 * @property {string} name
 * @property {string} host
 * @property {number} port
 * @property {Record<string, number>} processes role → process id; none for `direct`
 * @property {string} [httpUrl] pgwitness alone
 * @property {string} [note] version or settings
 * @property {() => Promise<void>} stop
 */

const HOST = '127.0.0.1';
const EMPTY_RELAY = new URL('../empty-relay.mjs', import.meta.url).pathname;
const REUSING_RELAY = new URL('../reusing-relay.mjs', import.meta.url).pathname;
const MAIN = new URL('../../dist/cli/main.js', import.meta.url).pathname;
const STUB_SERVER = new URL('../stub-server.mjs', import.meta.url).pathname;

/** @param {number} port */
const accepts = (port) => async () =>
  new Promise((resolve) => {
    const socket = createConnection({ host: HOST, port });
    const settle = (/** @type {boolean} */ open) => {
      socket.destroy();
      resolve(open);
    };
    socket.on('connect', () => settle(true));
    socket.on('error', () => settle(false));
  });

/** @param {string} script @param {readonly (number | string)[]} args @param {number} port */
function startNode(script, args, port) {
  return startService(path.basename(script), {
    program: process.execPath,
    args: [script, ...args.map(String)],
    ready: /** @type {() => Promise<boolean>} */ (accepts(port)),
  });
}

/** @returns {Promise<{ host: string, port: number, pid: number, stop: () => Promise<void> }>} */
export async function startStubServer() {
  const port = await freePort();
  const service = await startNode(STUB_SERVER, [port], port);
  return { host: HOST, port, pid: service.pid, stop: service.stop };
}

/** @param {{ host: string, port: number }} upstream @returns {Tool} */
export function direct({ host, port }) {
  return { name: 'direct', host, port, processes: {}, stop: async () => {} };
}

const temporary = () => mkdtempSync(path.join(tmpdir(), 'pgwitness-bench-'));

/** Its directory goes with it. @param {() => Promise<void>} stop @param {string} directory */
const withDirectory = (stop, directory) => async () => {
  await stop();
  rmSync(directory, { recursive: true, force: true });
};

/** @param {{ port: number }} upstream @returns {Promise<Tool>} */
export const startEmptyRelay = (upstream) => startScript('empty relay', EMPTY_RELAY, upstream);

/** The empty relay with pgwitness's way of reading. @param {{ port: number }} upstream @returns {Promise<Tool>} */
export const startReusingRelay = (upstream) => startScript('empty relay, buffers reused', REUSING_RELAY, upstream);

/** @param {string} name @param {string} script @param {{ port: number }} upstream @returns {Promise<Tool>} */
async function startScript(name, script, upstream) {
  const port = await freePort();
  const { pid, stop } = await startNode(script, [port, upstream.port], port);
  return { name, host: HOST, port, processes: { relay: pid }, stop };
}

/**
 * @param {{ host: string, port: number }} upstream
 * @param {readonly string[]} [args] of `run`
 * @param {{ data?: string, env?: NodeJS.ProcessEnv }} [how] `data` is a directory that is the tool's from now on
 * @returns {Promise<Tool>}
 */
export async function startPgwitness(upstream, args = [], { data = temporary(), env = process.env } = {}) {
  const all = ['--log-level', 'error', ...args];
  const { pid, port, httpUrl, stop } = await startSidecar({ upstream, data, args: all, env });
  const [observer] = childrenOf(pid);
  return {
    name: 'pgwitness',
    host: HOST,
    port,
    processes: { relay: pid, observer },
    httpUrl,
    stop: withDirectory(stop, data),
  };
}

/**
 * Our relay without an observer process. `relay alone` tracks sessions and counts every statement as not observed,
 * since its observer never
 * comes; `observing off` looks at nothing.
 * @param {{ host: string, port: number }} upstream
 * @param {'relay alone' | 'observing off'} name
 * @returns {Promise<Tool>}
 */
export async function startBareRelay(upstream, name) {
  const directory = temporary();
  const port = await freePort();
  const health = `${HOST}:${await freePort()}`;
  const addresses = [
    '--listen',
    `${HOST}:${port}`,
    '--upstream',
    `${upstream.host}:${upstream.port}`,
    '--health',
    health,
  ];
  const command =
    name === 'relay alone'
      ? ['relay', '--socket', path.join(directory, 'none.sock')]
      : ['run', '--observe', 'off', '--data', directory];
  const { pid, stop } = await startService(`pgwitness ${command[0]}`, {
    program: process.execPath,
    args: [MAIN, ...command, ...addresses, '--log-level', 'error'],
    ready: /** @type {() => Promise<boolean>} */ (accepts(port)),
  });
  return {
    name,
    host: HOST,
    port,
    processes: { relay: pid },
    stop: withDirectory(stop, directory),
  };
}

/**
 * `run --relays N`: relay1 …, the observer, and the supervisor where there are several.
 * @param {{ host: string, port: number }} upstream @param {number} relays @returns {Promise<Tool>}
 */
export async function startRelays(upstream, relays) {
  const tool = await startPgwitness(upstream, ['--relays', String(relays)]);
  const name = relays === 1 ? '1 relay' : `${relays} relays`;
  if (relays === 1) return { ...tool, name };
  const supervisor = tool.processes.relay;
  /** @type {Record<string, number>} */
  const processes = { supervisor };
  for (const pid of childrenOf(supervisor)) {
    const isRelay = readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('relay-main.js');
    processes[isRelay ? `relay${Object.keys(processes).length}` : 'observer'] = pid;
  }
  return { ...tool, name, processes };
}

/**
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {Promise<string | undefined>} first line of its version; undefined when it is not installed
 */
async function versionOf(program, args) {
  try {
    const { code, stdout } = await runCommand(program, args, {});
    return code === 0 ? stdout.split('\n')[0].split(/[ ,]+/).slice(0, 3).join(' ') : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Session mode, no limit that the bench could meet.
 * @param {{ host: string, port: number }} upstream
 * @returns {Promise<Tool | undefined>}
 */
export async function startPgbouncer(upstream) {
  const version = await versionOf('pgbouncer', ['--version']);
  if (version === undefined) return undefined;
  const port = await freePort();
  const settings = [
    '[databases]',
    `* = host=${upstream.host} port=${upstream.port} user=postgres`,
    '[pgbouncer]',
    `listen_addr = ${HOST}`,
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = session',
    'default_pool_size = 2000',
    'max_client_conn = 4000',
    'log_connections = 0',
    'log_disconnections = 0',
    'ignore_startup_parameters = extra_float_digits',
  ];
  return startWithFile({ name: 'PgBouncer, session mode', version, program: 'pgbouncer', port }, settings, (file) => [
    '-q',
    file,
  ]);
}

/** TCP mode, one thread. @param {{ host: string, port: number }} upstream @returns {Promise<Tool | undefined>} */
export async function startHaproxy(upstream) {
  const version = await versionOf('haproxy', ['-v']);
  if (version === undefined) return undefined;
  const port = await freePort();
  const settings = [
    'global',
    '  nbthread 1',
    '  maxconn 4000',
    'defaults',
    '  mode tcp',
    '  timeout connect 10s',
    '  timeout client 1h',
    '  timeout server 1h',
    'listen pg',
    `  bind ${HOST}:${port}`,
    `  server pg ${upstream.host}:${upstream.port}`,
  ];
  return startWithFile({ name: 'HAProxy, TCP mode', version, program: 'haproxy', port }, settings, (file) => [
    '-db',
    '-q',
    '-f',
    file,
  ]);
}

/**
 * @param {{ name: string, version: string, program: string, port: number }} tool
 * @param {readonly string[]} settings
 * @param {(file: string) => string[]} args
 * @returns {Promise<Tool>}
 */
async function startWithFile({ name, version, program, port }, settings, args) {
  const directory = temporary();
  const file = path.join(directory, `${program}.conf`);
  writeFileSync(file, `${settings.join('\n')}\n`);
  const user = await ordinaryUser();
  // PgBouncer refuses to run as root, and reads its settings itself.
  const command = user === undefined ? [program, ...args(file)] : asUser(user, [program, ...args(file)]);
  if (user !== undefined) await runCommand('chown', ['-R', String(user.uid), directory], {});
  const { pid, stop } = await startService(program, {
    program: command[0],
    args: command.slice(1),
    env: process.env,
    ready: /** @type {() => Promise<boolean>} */ (accepts(port)),
  });
  return {
    name,
    host: HOST,
    port,
    processes: { relay: pid },
    note: version,
    stop: withDirectory(stop, directory),
  };
}

/** setpriv replaces itself by the program, so the process measured is the program. */
function asUser(/** @type {{ uid: number, gid: number }} */ { uid, gid }, /** @type {string[]} */ command) {
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', ...command];
}
