// Tries docker-compose.yml as DEPLOY says to use it, from a copy of the repository.
// Invariant: each step waits for a state and never for a time; the compose file is the one that is shipped.
// Not here: the engine (engine.mjs); Grafana, of which there is no image without a registry.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchChromium } from '../lib/chromium.mjs';
import { ROOT } from '../lib/paths.mjs';
import { runOrThrow } from '../lib/run-command.mjs';
import { checkFleet } from './fleet.mjs';

/** Ports that are free, whatever runs on this machine; no Grafana. */
const OVERRIDE = `services:
  postgres: { ports: !override ['127.0.0.1::5432'] }
  pgwitness: { ports: !override ['127.0.0.1::6433', '127.0.0.1::6434'] }
  shop: { ports: !override ['127.0.0.1::8000'] }
  prometheus: { ports: !override ['127.0.0.1::9090'] }
  alertmanager: { ports: !override ['127.0.0.1::9093'] }
  grafana: { profiles: [registry] }
`;
const WAIT_SECONDS = 300;
const STATEMENT = /store_product/;

/** A copy of what git knows, or would. @returns {string} its folder */
function copyOfRepository() {
  const folder = mkdtempSync(path.join(tmpdir(), 'pgwitness-compose-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  for (const file of listed.split('\0').filter((name) => name !== '')) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    cpSync(path.join(ROOT, file), path.join(folder, file));
  }
  writeFileSync(path.join(folder, 'docker-compose.override.yml'), OVERRIDE);
  return folder;
}

/**
 * @template T
 * @param {string} what @param {() => Promise<T | undefined>} ask undefined or a rejection: not yet
 * @param {number} [seconds]
 * @returns {Promise<T>}
 */
async function until(what, ask, seconds = WAIT_SECONDS) {
  const end = Date.now() + seconds * 1000;
  for (let last = ''; ; ) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = `: ${error instanceof Error ? error.message : error}`;
    }
    if (Date.now() > end) throw new Error(`within ${seconds} s not ${what}${last}`);
    await sleep(500);
  }
}

/** @param {boolean} holds @param {string} what */
function must(holds, what) {
  if (!holds) throw new Error(what);
}

/** @param {import('./engine.mjs').Engine} engine @param {import('../lib/progress.mjs').Progress} progress */
export async function tryCompose(engine, progress) {
  const folder = copyOfRepository();
  const compose = (/** @type {string[]} */ ...args) => engine.docker(['compose', ...args], { cwd: folder });
  const trial = new Trial(engine, { compose, folder });
  try {
    await progress.step('deploy/make-secrets.sh', () => runOrThrow('sh', ['deploy/make-secrets.sh'], { cwd: folder }));
    await progress.step('docker-compose.fleet.yml, as Compose reads it', () => checkFleet(compose));
    await progress.step('docker compose build', () => compose('build'));
    await progress.step('the image', (note) => trial.image(note));
    await progress.step('docker compose up --wait', () => trial.up());
    await progress.step('a request through the shop, in the API', (note) => trial.request(note));
    await progress.step('… on the page, in Chromium', () => trial.page());
    await progress.step('… in Prometheus', (note) => trial.prometheus(note));
    await progress.step('an alert fires into Alertmanager', (note) => trial.alert(note));
    await progress.step('the sidecar is killed and comes back', (note) => trial.killed(note));
    await progress.step('down and up: the volume survives', (note) => trial.again(note));
    await progress.step('docker compose down --volumes', () => compose('down', '--volumes'));
  } catch (error) {
    const { stdout } = await compose('logs', '--no-color', '--tail', '25').catch(() => ({ stdout: '' }));
    throw new Error(`${error instanceof Error ? error.message : error}\n${stdout}`);
  } finally {
    await compose('down', '--volumes', '--timeout', '5').catch(() => {});
    rmSync(folder, { recursive: true, force: true });
  }
}

class Trial {
  #engine;
  #compose;
  #folder;

  /**
   * @param {import('./engine.mjs').Engine} engine
   * @param {{ compose: (...args: string[]) => Promise<{ stdout: string }>, folder: string }} options
   */
  constructor(engine, { compose, folder }) {
    this.#engine = engine;
    this.#compose = compose;
    this.#folder = folder;
  }

  /** @param {(text: string) => void} note */
  async image(note) {
    const run = (/** @type {string[]} */ ...args) => this.#engine.docker(['run', '--rm', ...args]);
    const flags = ['--read-only', '--cap-drop', 'ALL', '--network', 'none'];
    const { stdout: version } = await run(...flags, 'pgwitness:local', 'version');
    const look = 'id -u; for name in npm npx yarn corepack curl wget apt; do command -v $name; done; true';
    const { stdout } = await run(...flags, '--entrypoint', 'sh', 'pgwitness:local', '-c', look);
    must(stdout.trim() === '10001', `the image is to run as 10001 without tools, and has: ${stdout}`);
    const { stdout: bytes } = await this.#engine.docker([
      'image',
      'inspect',
      '--format',
      '{{.Size}}',
      'pgwitness:local',
    ]);
    note(`${version.trim()}, ${Math.round(Number(bytes) / 1e6)} MB`);
  }

  up() {
    return this.#compose('up', '--build', '--wait', '--wait-timeout', String(WAIT_SECONDS));
  }

  /** @param {string} service @param {number} port @returns {Promise<string>} */
  async #url(service, port) {
    const { stdout } = await this.#compose('port', service, String(port));
    return `http://${stdout.trim()}`;
  }

  #token() {
    return readFileSync(path.join(this.#folder, 'deploy', 'secrets', 'http-token'), 'utf8').trim();
  }

  /** @param {string} url @param {Record<string, string>} [headers] @returns {Promise<any>} */
  async #json(url, headers = {}) {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
    must(response.ok, `${url}: ${response.status}`);
    return response.json();
  }

  /** Executions of statements on the shop's products, by source, as the API tells them. @returns {Promise<number>} */
  async #observed() {
    const url = `${await this.#url('pgwitness', 6434)}/api/v1/statements?limit=0&source=django-orm`;
    const { statements } = await this.#json(url, { authorization: `Bearer ${this.#token()}` });
    return statements
      .filter((/** @type {{ query: string }} */ { query }) => STATEMENT.test(query))
      .reduce((/** @type {number} */ sum, /** @type {{ calls: number }} */ { calls }) => sum + calls, 0);
  }

  async #visit() {
    const response = await fetch(`${await this.#url('shop', 8000)}/products`, { signal: AbortSignal.timeout(10_000) });
    must(response.ok, `the shop answers ${response.status}`);
    return response.text();
  }

  /** @param {(text: string) => void} note */
  async request(note) {
    await until('a page of the shop', () => this.#visit());
    const refused = await fetch(`${await this.#url('pgwitness', 6434)}/api/v1/status`);
    must(refused.status === 401, `without its token the API answers ${refused.status}`);
    const seen = await until('observed', async () => (await this.#observed()) || undefined);
    note(`${seen} executions of the ORM on store_product`);
  }

  async page() {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.goto(await this.#url('pgwitness', 6434));
      await page.locator('input[type=password]').fill(this.#token());
      await page.keyboard.press('Enter');
      await page.getByText('store_product').first().waitFor({ timeout: 30_000 });
    } finally {
      await browser.close();
    }
  }

  /** @param {(text: string) => void} note */
  async prometheus(note) {
    const prometheus = await this.#url('prometheus', 9090);
    const query = encodeURIComponent('sum(pgwitness_statements_total{source="django-orm"})');
    const value = await until('scraped', async () => {
      const { data } = await this.#json(`${prometheus}/api/v1/query?query=${query}`);
      return Number(data.result[0]?.value[1] ?? 0) || undefined;
    });
    const { data } = await this.#json(`${prometheus}/api/v1/rules`);
    note(`${value} executions, ${data.groups.length} groups of rules`);
    must(data.groups.length > 0, 'Prometheus has no rules');
  }

  /** Host's ids of the relay and of what it started. */
  async #processes() {
    const { stdout: id } = await this.#compose('ps', '--quiet', 'pgwitness');
    const { stdout } = await this.#engine.docker(['inspect', '--format', '{{.State.Pid}}', id.trim()]);
    const relay = Number(stdout);
    const children = readFileSync(`/proc/${relay}/task/${relay}/children`, 'utf8').trim().split(' ').map(Number);
    return { container: id.trim(), relay, observer: children[0] };
  }

  /** @param {(text: string) => void} note */
  async alert(note) {
    const kills = 4;
    for (let killed = 0; killed < kills; killed++) {
      const { observer } = await until('an observer', async () => {
        const processes = await this.#processes();
        return processes.observer > 0 ? processes : undefined;
      });
      process.kill(observer, 'SIGKILL');
      await until('another observer', async () => {
        const now = (await this.#processes()).observer;
        return now > 0 && now !== observer ? now : undefined;
      });
      must((await this.#visit()) !== '', 'the shop says nothing while the observer restarts');
    }
    const alertmanager = await this.#url('alertmanager', 9093);
    const name = await until('an alert', async () => {
      const alerts = await this.#json(`${alertmanager}/api/v2/alerts`);
      const names = alerts.map((/** @type {{ labels: Record<string, string> }} */ { labels }) => labels.alertname);
      return names.find((/** @type {string} */ one) => one === 'PgwitnessObserverRestarting');
    });
    note(`${name}, after ${kills} kills of the observer that the shop did not notice`);
  }

  /** @param {(text: string) => void} note */
  async killed(note) {
    const { container, relay } = await this.#processes();
    const before = await until('the API after the kills', async () => (await this.#observed()) || undefined);
    process.kill(relay, 'SIGKILL');
    const state = '{{.RestartCount}} {{.State.Health.Status}}';
    await until('healthy again', async () => {
      const { stdout } = await this.#engine.docker(['inspect', '--format', state, container]);
      return stdout.trim() === '1 healthy' ? true : undefined;
    });
    await until('the shop again', () => this.#visit());
    const after = await until('more observed than before', async () => {
      const now = await this.#observed();
      return now > before ? now : undefined;
    });
    note(`${before} executions before, ${after} after`);
  }

  /** @param {(text: string) => void} note */
  async again(note) {
    const before = await this.#observed();
    await this.#compose('down');
    await this.up();
    const after = await until('what was stored before', async () => {
      const now = await this.#observed();
      return now >= before ? now : undefined;
    });
    note(`${after} executions, ${before} of them from before`);
  }
}
