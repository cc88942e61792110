// Programs of Debian's packages that tests of the dashboards run.
// promtool, prometheus, amtool, alertmanager.
// Invariant: in CI they must be there; elsewhere tests that need them are skipped and a line says so.
// Not here: starting servers.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PACKAGES = {
  promtool: 'prometheus',
  prometheus: 'prometheus',
  amtool: 'prometheus-alertmanager',
  'prometheus-alertmanager': 'prometheus-alertmanager',
} as const;
export type Tool = keyof typeof PACKAGES;

/** True when all of them can be run. */
export function have(...tools: Tool[]): boolean {
  const missing = tools.filter((tool) => pathOf(tool) === '');
  if (missing.length === 0) return true;
  const packages = [...new Set(missing.map((tool) => PACKAGES[tool]))].join(' ');
  const what = `${missing.join(', ')} not installed: apt-get install ${packages}`;
  if (process.env.CI) throw new Error(`CI needs them: ${what}`);
  process.stderr.write(`tests are skipped: ${what}\n`);
  return false;
}

/** '' when it is not installed. */
export function pathOf(tool: Tool): string {
  const places = [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/usr/local/bin'];
  return places.map((place) => `${place}/${tool}`).find((path) => existsSync(path)) ?? '';
}

export function run(tool: Tool, args: readonly string[], options: { cwd?: string; input?: string } = {}) {
  const { status, stdout, stderr } = spawnSync(pathOf(tool), args, { ...options, encoding: 'utf8' });
  return { code: status, output: stdout + stderr };
}
