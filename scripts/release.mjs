// `npm run release [FOLDER]`: makes the files of a release and checks each by using it.
// Exit 1 when one cannot be made or does not work.
// Not here: publishing. The steps are in lib/release/.

import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { openProgress } from './lib/progress.mjs';
import { BASE_LINE, packContext, packPackage, packWheel, writeSums } from './lib/release/artefacts.mjs';
import { pinned } from './lib/release/base-image.mjs';
import { checkContext, checkPackage, checkSums, checkWheel } from './lib/release/checks.mjs';
import { environmentOfNode, hasNodePackages, NODE_MAJORS } from './lib/release/node-versions.mjs';
import { sbom } from './lib/release/sbom.mjs';
import { build } from './lib/setup/build.mjs';
import { headersEnvironment, install } from './lib/setup/install.mjs';

const folder = path.resolve(process.argv[2] ?? path.join(ROOT, 'release'));
const progress = openProgress();
const at = (/** @type {string} */ file) => path.join(folder, file);

async function release() {
  await progress.step('Packages', install);
  await progress.step('Build', build);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { name, version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const files = [await progress.step('Package', () => packPackage(folder))];

  const tag = BASE_LINE.exec(readFileSync(path.join(ROOT, 'Dockerfile'), 'utf8'))?.[1] ?? '';
  const base = pinned(tag);
  if ('reason' in base)
    progress.say(`  no registry told the digest of ${tag} (${base.reason}): the context names its tag`);
  const image = 'image' in base ? base.image : tag;
  const options = { name: `${name}-${version}`, base: image };
  files.push(await progress.step(`Context of the image, from ${image}`, () => packContext(folder, options)));

  const list = `${name}-${version}.cdx.json`;
  writeFileSync(at(list), `${JSON.stringify(await progress.step('SBOM', sbom), undefined, 2)}\n`);
  files.push(list);

  const wheel = await progress.step('Wheel', () => packWheel(folder));
  if ('reason' in wheel) progress.say(`  no wheel: ${wheel.reason}`);
  else files.push(wheel.file);
  writeSums(folder, files);

  const env = headersEnvironment();
  await progress.step('Check: the package, installed', () => checkPackage(at(files[0]), { env }));
  if (!hasNodePackages) progress.say('  not tried on other releases of Node: npm has them for Linux on x64');
  for (const major of hasNodePackages ? NODE_MAJORS : []) {
    const own = await progress.step(`Node ${major}`, () => environmentOfNode(major));
    await progress.step(`Check: the package, installed on Node ${major}`, () =>
      checkPackage(at(files[0]), { env: own }),
    );
  }
  await progress.step('Check: the context, unpacked', () => checkContext(at(files[1])));
  if ('file' in wheel) await progress.step('Check: the wheel, installed', () => checkWheel(at(wheel.file)));
  await progress.step('Check: the checksums', () => checkSums(folder));
  for (const file of [...files, 'SHA256SUMS']) {
    process.stdout.write(
      `${path.relative(process.cwd(), at(file))}  ${(statSync(at(file)).size / 1024).toFixed(0)} KiB\n`,
    );
  }
}

try {
  await release();
} catch (error) {
  progress.say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
