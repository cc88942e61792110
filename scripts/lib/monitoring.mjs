// Starts Debian's Prometheus and Alertmanager with the repository's own files.
// They listen on free loopback ports.
// Invariant: rules, routes and receivers are those that are shipped; only addresses, intervals and secrets' paths are
// replaced.
// Not here: what they scrape (stack.mjs).

import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { freePort } from './free-port.mjs';
import { ROOT } from './paths.mjs';
import { answers, startService } from './service.mjs';

/**
 * @typedef {{ seriesLabels: Record<string, string>, exemplars: { labels: Record<string, string>, value: string,
 *   timestamp: number }[] }} Exemplars
 * @typedef {{ metric: Record<string, string>, value: [number, string] }} Sample
 */
/** @template T @typedef {{ status: 'success', data: T } | { status: 'error', error: string }} Answer of Prometheus */

const DASHBOARDS = path.join(ROOT, 'dashboards');

/** @param {string} name @returns {string} its path; '' when it is not installed */
export function installed(name) {
  const places = [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/usr/local/bin'];
  return places.map((place) => path.join(place, name)).find((file) => existsSync(file)) ?? '';
}

/** @param {string} name @param {string} debianPackage */
function required(name, debianPackage) {
  const program = installed(name);
  if (program === '') throw new Error(`${name} is not installed: apt-get install ${debianPackage}`);
  return program;
}

/**
 * @param {{ targets: readonly string[], alertmanager?: string, scrapeSeconds?: number }} options addresses as host:port
 * @returns {Promise<import('./service.mjs').Service & { url: string }>} after it is ready
 */
export async function startPrometheus({ targets, alertmanager, scrapeSeconds = 1 }) {
  const program = required('prometheus', 'prometheus');
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-prometheus-'));
  const config = parse(readFileSync(path.join(DASHBOARDS, 'prometheus', 'prometheus.yml'), 'utf8'));
  config.global = {
    ...config.global,
    scrape_interval: `${1000 * scrapeSeconds}ms`,
    evaluation_interval: `${1000 * scrapeSeconds}ms`,
  };
  config.scrape_configs[0].static_configs[0].targets = targets;
  if (alertmanager === undefined) delete config.alerting;
  else config.alerting.alertmanagers[0].static_configs[0].targets = [alertmanager];
  writeFileSync(path.join(directory, 'prometheus.yml'), stringify(config));
  cpSync(path.join(DASHBOARDS, 'prometheus', 'rules.yml'), path.join(directory, 'rules.yml'));
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const service = await startService('Prometheus', {
    program,
    args: [
      `--config.file=${path.join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${path.join(directory, 'data')}`,
      `--web.listen-address=${address}`,
      '--enable-feature=exemplar-storage',
      '--log.level=warn',
    ],
    ready: () => answers(`${url}/-/ready`),
  });
  const stop = async () => {
    await service.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  return { ...service, stop, url };
}

/** @returns {Promise<import('./service.mjs').Service & { url: string, address: string }>} after it is ready */
export async function startAlertmanager() {
  const program = required('prometheus-alertmanager', 'prometheus-alertmanager');
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-alertmanager-'));
  const shipped = readFileSync(path.join(DASHBOARDS, 'alertmanager', 'alertmanager.yml'), 'utf8');
  writeFileSync(
    path.join(directory, 'alertmanager.yml'),
    shipped.replaceAll('/etc/alertmanager/secrets', path.join(directory, 'secrets')),
  );
  mkdirSync(path.join(directory, 'secrets'));
  for (const secret of ['smtp-password', 'slack-url']) {
    writeFileSync(path.join(directory, 'secrets', secret), 'http://127.0.0.1:9/none');
  }
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const service = await startService('Alertmanager', {
    program,
    args: [
      `--config.file=${path.join(directory, 'alertmanager.yml')}`,
      `--storage.path=${path.join(directory, 'data')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
      '--log.level=warn',
    ],
    ready: () => answers(`${url}/-/ready`),
  });
  const stop = async () => {
    await service.stop();
    rmSync(directory, { recursive: true, force: true });
  };
  return { ...service, stop, url, address };
}

/**
 * @param {string} url of a Prometheus
 * @param {string} selector of series
 * @returns {Promise<Exemplars[]>} of the last hour
 */
export async function queryExemplars(url, selector) {
  const now = Date.now() / 1e3;
  const range = { query: selector, start: `${now - 3600}`, end: `${now + 60}` };
  const response = await fetch(`${url}/api/v1/query_exemplars?${new URLSearchParams(range)}`);
  const body = /** @type {Answer<Exemplars[]>} */ (await response.json());
  if (body.status !== 'success') throw new Error(`${body.error}: ${selector}`);
  return body.data;
}

/**
 * @param {string} url of a Prometheus
 * @param {string} expr
 * @returns {Promise<Sample[]>} rejects with what Prometheus says of the expression
 */
export async function queryPrometheus(url, expr) {
  const response = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expr })}`);
  const body = /** @type {Answer<{ result: Sample[] }>} */ (await response.json());
  if (body.status !== 'success') throw new Error(`${body.error}: ${expr}`);
  return body.data.result;
}
