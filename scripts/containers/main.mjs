// `npm run test:containers`: docker-compose.yml on a real engine: built, up, used, broken, down.
// `-- --prepare` only makes what takes minutes and needs no engine.
// Exit 1 when something does not work, NOT_TRIED when it cannot be tried here.
// Not here: the engine (engine.mjs), its images (base-images.mjs), what is tried (trial.mjs).

import { openProgress } from '../lib/progress.mjs';
import { install } from '../lib/setup/install.mjs';
import { Interrupted, openTeardown } from '../lib/teardown.mjs';
import { debianArchive, makeBaseImages } from './base-images.mjs';
import { buildCompose, obstacle, startEngine } from './engine.mjs';
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

/** @returns {Promise<string>} as run */
async function prepare() {
  const missing = (await obstacle()) || (await progress.step('Compose', buildCompose));
  if (missing === '') await progress.step('Debian', debianArchive);
  return missing;
}

const given = process.argv.slice(2);
const isPreparing = given[0] === '--prepare';
let exitCode = 0;
try {
  const unknown = given[isPreparing ? 1 : 0];
  if (unknown !== undefined) throw new Error(`unknown "${unknown}". Usage: npm run test:containers [-- --prepare]`);
  if (!isPreparing) await progress.step('Packages', install);
  const missing = await (isPreparing ? prepare() : run());
  if (missing !== '') {
    progress.say(`\n!!! CONTAINERS ARE NOT TESTED: ${missing}\n`);
    exitCode = NOT_TRIED;
  }
} catch (error) {
  const cause = teardown.signal.aborted ? teardown.signal.reason : error;
  exitCode = cause instanceof Interrupted ? cause.exitCode : 1;
  if (!(cause instanceof Interrupted)) progress.say(wordsOf(cause));
}
await teardown.close();
process.exit(exitCode);
