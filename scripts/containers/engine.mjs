// A Docker engine of its own, and Compose 2 for it.
// Invariant: nothing of an engine that the machine may have is touched; all that this one keeps is in one temporary
// folder, which is removed.
// Not here: the images (base-images.mjs), what is tried in it (trial.mjs).

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { installed } from '../lib/monitoring.mjs';
import { CACHE } from '../lib/paths.mjs';
import { runCommand, runOrThrow } from '../lib/run-command.mjs';
import { startService } from '../lib/service.mjs';

/** Later ones cannot be installed from their source by `go install`. */
const COMPOSE = '2.29.7';
const COMPOSE_SOURCE = `github.com/docker/compose/v2/cmd@v${COMPOSE}`;
const SYSTEM_SOCKET = '/var/run/docker.sock';

/**
 * @typedef {object} Engine
 * @property {(args: readonly string[], options?: import('../lib/run-command.mjs').CommandOptions) =>
 *   Promise<import('../lib/run-command.mjs').CommandResult>} docker rejects with the end of what it said
 * @property {string} versions of engine and Compose
 * @property {() => Promise<void>} stop
 */

/** Debian's packages have these. */
const PROGRAMS = {
  dockerd: 'docker.io',
  docker: 'docker.io',
  containerd: 'containerd',
  iptables: 'iptables',
  debootstrap: 'debootstrap',
};

/** @param {string} name */
const programOf = (name) =>
  installed(name) || ['/usr/sbin', '/sbin'].map((place) => path.join(place, name)).find(existsSync);

/** @returns {Promise<string>} why no engine can be started here; '' where one can */
export async function obstacle() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return `this is ${process.platform} on ${process.arch}`;
  if (process.getuid?.() !== 0) return 'only root can start dockerd and debootstrap';
  const packages = Object.entries(PROGRAMS).filter(([name]) => programOf(name) === undefined);
  if (packages.length > 0) {
    const names = [...new Set(packages.map(([, debian]) => debian))].join(' ');
    return `${packages.map(([name]) => name).join(', ')} not installed: apt-get install --no-install-recommends ${names}`;
  }
  if (existsSync(SYSTEM_SOCKET) && (await runCommand('docker', ['-H', `unix://${SYSTEM_SOCKET}`, 'info'])).code === 0)
    return `an engine runs at ${SYSTEM_SOCKET} already, and two would share its bridge and its rules`;
  return '';
}

/** @returns {string} the folder whose `cmd` is Compose */
const composePlace = () => path.join(CACHE, `compose-${COMPOSE}`);

/**
 * Builds Compose, once.
 * @param {(text: string) => void} note
 * @returns {Promise<string>} why there is none; '' when it is there
 */
export async function buildCompose(note) {
  const place = composePlace();
  if (existsSync(path.join(place, 'cmd'))) return '';
  if (!installed('go') && !existsSync('/usr/local/go/bin/go'))
    return 'Go is not installed, and Compose 2 is built with it';
  note(`building Compose ${COMPOSE}, two minutes`);
  const env = { ...process.env, GOBIN: place, PATH: `${process.env.PATH}:/usr/local/go/bin` };
  const { code, stderr } = await runCommand('go', ['install', COMPOSE_SOURCE], { env });
  return code === 0 ? '' : `Compose cannot be built: ${stderr.trim().split('\n').at(-1)}`;
}

/**
 * Compose as a plugin of the docker command, in a folder that DOCKER_CONFIG may name.
 * @param {string} folder @param {(text: string) => void} note
 * @returns {Promise<string>} why there is none; '' when it is there
 */
async function compose(folder, note) {
  const lacking = await buildCompose(note);
  if (lacking !== '') return lacking;
  mkdirSync(path.join(folder, 'cli-plugins'), { recursive: true });
  symlinkSync(path.join(composePlace(), 'cmd'), path.join(folder, 'cli-plugins', 'docker-compose'));
  return '';
}

/**
 * @param {(text: string) => void} note
 * @returns {Promise<Engine | { missing: string }>} why there is none, where there is none
 */
export async function startEngine(note) {
  const missing = await obstacle();
  if (missing !== '') return { missing };
  const place = mkdtempSync(path.join(tmpdir(), 'pgwitness-engine-'));
  const at = (/** @type {string} */ name) => path.join(place, name);
  const lacking = await compose(at('config'), note);
  if (lacking !== '') {
    rmSync(place, { recursive: true, force: true });
    return { missing: lacking };
  }
  const host = `unix://${at('sock')}`;
  const env = { ...process.env, DOCKER_HOST: host, DOCKER_CONFIG: at('config'), COMPOSE_PROGRESS: 'plain' };
  const flags = ['--data-root', at('data'), '--exec-root', at('exec'), '--pidfile', at('pid'), '-H', host];
  let service;
  try {
    service = await startService('dockerd', {
      program: programOf('dockerd') ?? '',
      args: flags,
      ready: async () => (await runCommand('docker', ['info'], { env })).code === 0,
      timeoutMs: 60_000,
    });
  } catch (error) {
    rmSync(place, { recursive: true, force: true });
    return { missing: `dockerd does not start: ${error instanceof Error ? error.message : error}` };
  }
  const docker = (/** @type {readonly string[]} */ args, options = {}) =>
    runOrThrow('docker', args, { ...options, env });
  const stop = async () => {
    await service.stop();
    await unmountBelow(place);
    rmSync(place, { recursive: true, force: true });
  };
  const { stdout: engine } = await docker(['version', '--format', '{{.Server.Version}}']);
  const { stdout: driver } = await docker(['info', '--format', '{{.Driver}}']);
  return { docker, stop, versions: `Docker ${engine.trim()} (${driver.trim()}), Compose ${COMPOSE}` };
}

/** What a killed container may leave mounted cannot be removed. @param {string} place */
async function unmountBelow(place) {
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n').reverse()) {
    const mounted = line.split(' ')[1] ?? '';
    if (mounted.startsWith(`${place}/`)) await runCommand('umount', ['--lazy', mounted]);
  }
}
