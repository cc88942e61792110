// `node scripts/prune.mjs FOLDER`: leaves what pgwitness needs to run in a built copy.
// Not here: which files these are (lib/release/runtime.mjs), building (build.mjs).

import path from 'node:path';
import { prune } from './lib/release/runtime.mjs';

const [folder, ...more] = process.argv.slice(2);
if (folder === undefined || more.length > 0) {
  process.stderr.write(
    'usage: node scripts/prune.mjs FOLDER (a copy: what pgwitness does not need to run is removed there)\n',
  );
  process.exit(2);
}
const { packages, removed } = prune(path.resolve(folder));
process.stdout.write(`${packages.length} packages stay, ${removed.length} were there for an installation alone\n`);
