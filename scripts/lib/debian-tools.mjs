// The programs that tests of the page and of the monitoring files run: Chromium, Prometheus, Alertmanager.
// Invariant: installs only in CI, only what is missing, and only as root on a system with apt-get; elsewhere those tests are skipped with a line.
// Not here: the tests' own look for them (test/kit/browser.ts, test/kit/debian-tools.ts).

import { installed } from './monitoring.mjs';
import { runCommand } from './run-command.mjs';

const PROGRAMS = {
  chromium: 'chromium',
  promtool: 'prometheus',
  'prometheus-alertmanager': 'prometheus-alertmanager',
};

/** @param {(text: string) => void} note @returns {Promise<void>} */
export async function debianTools(note) {
  const missing = Object.entries(PROGRAMS).filter(([program]) => installed(program) === '');
  if (missing.length === 0) return note('there');
  const packages = missing.map(([, name]) => name);
  const canInstall = process.env.CI && process.getuid?.() === 0 && installed('apt-get') !== '';
  if (!canInstall) return note(`not there: apt-get install ${packages.join(' ')}`);
  // Installing must not start the services.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  note(`apt-get install ${packages.join(' ')}`);
  const install = () =>
    runCommand('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], {
      env,
      onLine: (line) => note(line.slice(0, 60)),
    });
  let { code, stderr } = await install();
  if (code !== 0) {
    await runCommand('apt-get', ['update'], { env, onLine: (line) => note(line.slice(0, 60)) });
    ({ code, stderr } = await install());
  }
  if (code !== 0) throw new Error(`apt-get install ${packages.join(' ')} failed:\n${stderr.trim()}`);
  note('installed');
}
