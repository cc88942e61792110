// `npm test`: packages, build, Python environment, then vitest with the arguments given.
// Exit code is vitest's.

import path from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { openProgress } from './lib/progress.mjs';
import { runCommand } from './lib/run-command.mjs';
import { build } from './lib/setup/build.mjs';
import { install } from './lib/setup/install.mjs';
import { pythonEnvironment } from './lib/setup/python.mjs';

const progress = openProgress();
try {
  await progress.step('Packages', install);
  await progress.step('Build', build);
  const found = await progress.step('Python environment', pythonEnvironment);
  if ('missing' in found) {
    if (process.env.CI) throw new Error(`CI needs Python: ${found.missing}`);
    progress.say(`  tests with Django and SQLAlchemy are skipped: ${found.missing}`);
  }
  const vitest = path.join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
  const { code } = await runCommand(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
    cwd: ROOT,
    output: 'inherit',
  });
  process.exitCode = code;
} catch (error) {
  progress.say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
