// `npm run fuzz:lexer`: made-up SQL, read by the lexer as built and by Postgres' own scanner.
// `-- --cases 1000000 --seed 1` chooses the cases. Prints the seed, the rate and how the cases ended; the exit code
// is 1 when a case failed.
// Not here: the cases (lib/fuzz/sql-texts.mjs), who is asked (lib/fuzz/sql-scan.mjs).

import { Random } from './lib/fuzz/random.mjs';
import { compareWithScan, loadScanner } from './lib/fuzz/sql-scan.mjs';
import { textForScan } from './lib/fuzz/sql-texts.mjs';
import { optionsOf } from './lib/options.mjs';
import { build } from './lib/setup/build.mjs';

/** @import { Subject } from './lib/fuzz/sql-scan.mjs' */

const USAGE = `npm run fuzz:lexer -- [--cases N] [--seed N]
  --cases N   how many (default 100000)
  --seed N    the same cases for the same seed (default: another one each time)`;
const values = optionsOf('fuzz:lexer', {
  usage: USAGE,
  options: { cases: { type: 'string' }, seed: { type: 'string' } },
});
const cases = Number(values.cases ?? 100_000);
const seed = Number(values.seed ?? Date.now() % 1_000_000_007);
if (!Number.isSafeInteger(cases) || cases < 1 || !Number.isSafeInteger(seed)) {
  console.error('fuzz:lexer: --cases and --seed are whole numbers, cases at least 1');
  process.exit(2);
}

await build(() => {});
await loadScanner();
const built = await Promise.all([
  import('../dist/analyzer/sql/sql-lexer.js'),
  import('../dist/analyzer/sql/tokens.js'),
]);
const subject = /** @type {Subject} */ (/** @type {unknown} */ ({ ...built[0], ...built[1] }));

console.log(`fuzz:lexer: ${cases} cases, seed ${seed}`);
const startedMs = performance.now();
const ends = new Map();
let failed = 0;
for (let index = 0; index < cases && failed < 10; index++) {
  const random = Random.ofCase(seed, index);
  try {
    const end = compareWithScan(subject, textForScan(random));
    ends.set(end, (ends.get(end) ?? 0) + 1);
  } catch (error) {
    failed++;
    console.error(`case ${index}: ${error instanceof Error ? error.message : error}`);
  }
  if ((index + 1) % 100_000 === 0 || index + 1 === cases)
    console.log(`  ${index + 1} cases, ${Math.round(((index + 1) * 1000) / (performance.now() - startedMs))} a second`);
}
for (const [end, count] of [...ends].sort((a, b) => b[1] - a[1])) console.log(`  ${String(count).padStart(8)} ${end}`);
console.log(`fuzz:lexer: ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
