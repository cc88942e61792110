// `npm run test:containers`: docker-compose.yml on a real engine: built, up, used, broken, down.
// Exit 1 when something does not work, NOT_TRIED when it cannot be tried here.
// Not here: the engine (engine.mjs), its images (base-images.mjs), what is tried (trial.mjs).

import { openProgress } from '../lib/progress.mjs';
import { install } from '../lib/setup/install.mjs';
import { Interrupted, openTeardown } from '../lib/teardown.mjs';
import { makeBaseImages } from './base-images.mjs';
import { startEngine } from './engine.mjs';
import { tryCompose } from './trial.mjs';

/** As automake's test drivers say "skipped". */
const NOT_TRIED = 77;

const progress = openProgress();
const teardown = openTeardown();

/** @param {unknown} error */
const wordsOf = (error) => (error instanceof Error ? error.message : String(error));

/** @returns {Promise<string>} why it cannot be tried here; '' when it was tried and works */
async function run() {
  const engine = await progress.step('An engine of its own', startEngine);
  if ('missing' in engine) return engine.missing;
  teardown.add(engine.stop);
  progress.say(`    ${engine.versions}`);
  try {
    await progress.step('Base images, made here', (note) => makeBaseImages(engine, note));
  } catch (error) {
    if (teardown.signal.aborted) throw error;
    return `the base images cannot be made: ${wordsOf(error)}`;
  }
  await tryCompose(engine, progress);
  progress.say('\nThe compose file works. Not tried: Grafana, whose image only a registry has.');
  return '';
}

const given = process.argv.slice(2);
let exitCode = 0;
try {
  if (given.length > 0) throw new Error(`unknown "${given[0]}". Usage: npm run test:containers`);
  await progress.step('Packages', install);
  const obstacle = await run();
  if (obstacle !== '') {
    progress.say(`\n!!! CONTAINERS ARE NOT TESTED: ${obstacle}\n`);
    exitCode = NOT_TRIED;
  }
} catch (error) {
  const cause = teardown.signal.aborted ? teardown.signal.reason : error;
  exitCode = cause instanceof Interrupted ? cause.exitCode : 1;
  if (!(cause instanceof Interrupted)) progress.say(wordsOf(cause));
}
await teardown.close();
process.exit(exitCode);
