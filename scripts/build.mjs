// `npm run build`: packages installed and dist/ up to date.
// Exit 1 with the compiler's messages when it is not possible.

import { openProgress } from './lib/progress.mjs';
import { build } from './lib/setup/build.mjs';
import { install } from './lib/setup/install.mjs';

const progress = openProgress();
try {
  await progress.step('Packages', install);
  await progress.step('Build', build);
} catch (error) {
  progress.say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
