// `npm run fuzz -- --cases 1000000 --seed 1`: random and damaged streams against the tracker, the startup reader and the codec, as built.
// Prints the seed, the rate and how the cases ended; a case that fails is saved to test/fuzz/crashers/ and the exit code is 1.
// Not here: relaying through sockets (test/fuzz/relay.test.ts).

import { build } from './lib/build.mjs';
import { runCases, saveCrasher } from './lib/fuzz/run.mjs';
import { optionsOf } from './lib/options.mjs';

/** @import { Subject } from './lib/fuzz/witness.mjs' */

const USAGE = `npm run fuzz -- [--cases N] [--seed N]
  --cases N   how many (default 100000)
  --seed N    the same cases for the same seed (default: another one each time)`;
const values = optionsOf('fuzz', { usage: USAGE, options: { cases: { type: 'string' }, seed: { type: 'string' } } });
const cases = Number(values.cases ?? 100_000);
const seed = Number(values.seed ?? Date.now() % 1_000_000_007);
if (!Number.isSafeInteger(cases) || cases < 1 || !Number.isSafeInteger(seed)) {
  console.error('fuzz: --cases and --seed are whole numbers, cases at least 1');
  process.exit(2);
}

await build(() => {});
const [session, names, texts, state, execution, codes, startup, reader, frames] = await Promise.all([
  import('../dist/proxy/session/session.js'),
  import('../dist/proxy/session/names.js'),
  import('../dist/proxy/session/texts.js'),
  import('../dist/proxy/session/session-state.js'),
  import('../dist/proxy/session/execution.js'),
  import('../dist/proxy/wire/message-codes.js'),
  import('../dist/proxy/wire/startup-packet.js'),
  import('../dist/proxy/stream/reader.js'),
  import('../dist/proxy/stream/frames.js'),
]);
/** @satisfies {Record<keyof Subject, unknown>} */
const built = { ...session, ...names, ...texts, ...state, ...execution, ...codes, ...startup, ...reader, ...frames };
// The sources, compiled; their private members make them other types.
const subject = /** @type {Subject} */ (/** @type {unknown} */ (built));

console.log(`fuzz: ${cases} cases, seed ${seed}`);
const startedMs = performance.now();
const ends = new Map();
let crashers = 0;
let most = 0;
const STEP = 20_000;
for (let from = 0; from < cases && crashers === 0; from += STEP) {
  const step = runCases(subject, {
    seed,
    from,
    cases: Math.min(STEP, cases - from),
    onCrash: (name, error, it) => console.error(`${error.message}\n  saved: ${saveCrasher(name, it, error.message)}`),
  });
  for (const [end, count] of step.ends) ends.set(end, (ends.get(end) ?? 0) + count);
  crashers += step.crashers;
  most = Math.max(most, process.memoryUsage.rss());
  const done = Math.min(from + STEP, cases);
  if (process.stdout.isTTY || done % (STEP * 10) === 0 || done === cases)
    console.log(`  ${done} cases, ${Math.round((done * 1000) / (performance.now() - startedMs))} a second`);
}
for (const [end, count] of [...ends].sort((a, b) => b[1] - a[1])) console.log(`  ${String(count).padStart(8)} ${end}`);
console.log(`fuzz: ${crashers} failed, at most ${Math.round(most / 2 ** 20)} MiB resident`);
process.exitCode = crashers > 0 ? 1 : 0;
