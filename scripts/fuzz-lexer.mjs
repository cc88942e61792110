// `npm run fuzz:lexer`: made-up SQL, read by the lexer, by Postgres' own scanner and by a server.
// `-- --cases 1000000 --seed 1` chooses the cases. Prints the seed, the rate and how the cases ended; the exit code
// is 1 when a case failed.
// Not here: the cases (lib/fuzz/sql-texts.mjs), who is asked (lib/fuzz/sql-scan.mjs, lib/fuzz/sql-server.mjs).

import { Random } from './lib/fuzz/random.mjs';
import { compareWithScan, loadScanner } from './lib/fuzz/sql-scan.mjs';
import { compareWithServer, connectAll } from './lib/fuzz/sql-server.mjs';
import { textForScan } from './lib/fuzz/sql-texts.mjs';
import { optionsOf } from './lib/options.mjs';
import { startPostgres } from './lib/postgres.mjs';
import { build } from './lib/setup/build.mjs';

/** @import { Subject as ScanSubject } from './lib/fuzz/sql-scan.mjs' */
/** @import { Subject as ServerSubject } from './lib/fuzz/sql-server.mjs' */

const USAGE = `npm run fuzz:lexer -- [--cases N] [--seed N]
  --cases N   how many (default 100000)
  --seed N    the same cases for the same seed (default: another one each time)`;
const values = optionsOf('fuzz:lexer', {
  usage: USAGE,
  options: { cases: { type: 'string' }, seed: { type: 'string' } },
});
/** More are of no use. */
const FAILED_MAX = 10;
const cases = Number(values.cases ?? 100_000);
const seed = Number(values.seed ?? Date.now() % 1_000_000_007);
if (!Number.isSafeInteger(cases) || cases < 1 || !Number.isSafeInteger(seed)) {
  console.error('fuzz:lexer: --cases and --seed are whole numbers, cases at least 1');
  process.exit(2);
}

await build(() => {});
await loadScanner();
const [lexer, tokens, clientText, { Fingerprinter }] = await Promise.all([
  import('../dist/analyzer/sql/sql-lexer.js'),
  import('../dist/analyzer/sql/tokens.js'),
  import('../dist/analyzer/texts/client-text.js'),
  import('../dist/analyzer/fingerprint/fingerprint.js'),
]);
const fingerprinter = await Fingerprinter.load({ analyse: () => undefined });
const built = { ...lexer, ...tokens, ...clientText, fingerprinter };
// The sources, compiled; their private members make them other types.
const subject = /** @type {ScanSubject & ServerSubject} */ (/** @type {unknown} */ (built));

console.log(`fuzz:lexer: ${cases} cases, seed ${seed}`);
const startedMs = performance.now();
/** @type {Map<string, number>} */
const ends = new Map();
let failed = 0;
/** @param {string} end @param {number} count */
const count = (end, count) => ends.set(end, (ends.get(end) ?? 0) + count);
/** @param {number} index @param {Error} error @param {Buffer} text */
const fail = (index, error, text) => {
  failed++;
  console.error(`case ${index}: ${error.message}\n  ${JSON.stringify(text.toString('latin1'))}`);
};

/** A step asks the scanner for its first half, the server for the other. */
const STEP = 2_000;
const server = await startPostgres();
try {
  const asked = await connectAll(server);
  for (let from = 0; from < cases && failed < FAILED_MAX; from += STEP) {
    const to = Math.min(from + STEP, cases);
    const middle = (from + to) >> 1;
    for (let index = from; index < middle; index++) byScan(index);
    const step = asked[(from / STEP) % asked.length];
    const indexes = Array.from({ length: to - middle }, (_, i) => middle + i);
    const answered = await compareWithServer(subject, step, {
      randoms: indexes.map((index) => Random.ofCase(seed, index)),
      failed: (i, error, text) => fail(indexes[i], error, text),
    });
    count(`the server's values, ${step.encoding}, backslash escapes ${step.backslashEscapes ? 'on' : 'off'}`, answered);
    count('refused by the server', indexes.length - answered);
    if (to % (100 * STEP) === 0 || to === cases)
      console.log(`  ${to} cases, ${Math.round((to * 1000) / (performance.now() - startedMs))} a second`);
  }
  for (const { client } of asked) client.close();
} finally {
  await server.stop();
}
for (const [end, total] of [...ends].sort((a, b) => b[1] - a[1])) console.log(`  ${String(total).padStart(8)} ${end}`);
console.log(`fuzz:lexer: ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** @param {number} index */
function byScan(index) {
  const text = textForScan(Random.ofCase(seed, index));
  try {
    count(`by the scanner: ${compareWithScan(subject, text)}`, 1);
  } catch (error) {
    fail(index, error instanceof Error ? error : new Error(String(error)), text);
  }
}
