// Writes docs/CONFIGURATION.md from the table of options.
// Run it after a change to config/options.ts: node scripts/config-doc.mjs

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './lib/paths.mjs';
import { build } from './lib/setup/build.mjs';

await build(() => {});
const { configDoc } = await import('../dist/config/config-doc.js');
writeFileSync(path.join(ROOT, 'docs', 'CONFIGURATION.md'), configDoc());
