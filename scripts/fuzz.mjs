// `npm run fuzz`: random and damaged streams against the tracker and the codec, as built.
// The reader of startup packets is among them.
// Prints the seed, the rate and how the cases ended. A case that fails is saved to test/fuzz/crashers/, in a form
// that `pgwitness trace` shows, and the exit code is 1.
// Or, by --kind conversations, conversations in which a COPY FROM STDIN fails, in random orders of both directions.
// Not here: relaying through sockets (test/fuzz/relay.test.ts).

import path from 'node:path';
import { runConversations } from './lib/fuzz/copy-witness.mjs';
import { runCases, saveCrasher } from './lib/fuzz/run.mjs';
import { optionsOf } from './lib/options.mjs';
import { build } from './lib/setup/build.mjs';

/** @import { Subject } from './lib/fuzz/witness.mjs' */

const USAGE = `npm run fuzz -- [--kind streams|conversations] [--cases N] [--seed N] [--from N]
  --kind K    streams (default), or conversations: a COPY FROM STDIN that fails, seen in three random orders
  --cases N   how many (default 100000)
  --seed N    the same cases for the same seed (default: another one each time)
  --from N    the number of the first case (default 0): --seed 7 --from 4711 --cases 1 is one case`;
const values = optionsOf('fuzz', {
  usage: USAGE,
  options: { kind: { type: 'string' }, cases: { type: 'string' }, seed: { type: 'string' }, from: { type: 'string' } },
});
const kind = values.kind ?? 'streams';
const cases = Number(values.cases ?? 100_000);
const seed = Number(values.seed ?? Date.now() % 1_000_000_007);
const first = Number(values.from ?? 0);
if (![cases, seed, first].every(Number.isSafeInteger) || cases < 1 || first < 0) {
  console.error('fuzz: --cases, --seed and --from are whole numbers, cases at least 1, from at least 0');
  process.exit(2);
}

if (kind !== 'streams' && kind !== 'conversations') {
  console.error(`fuzz: --kind ${kind} does not exist; it is streams or conversations`);
  process.exit(2);
}

await build(() => {});
const [session, names, texts, state, observation, codes, startup, reader, frames] = await Promise.all([
  import('../dist/proxy/session/session.js'),
  import('../dist/proxy/session/names.js'),
  import('../dist/proxy/session/texts.js'),
  import('../dist/proxy/session/session-state.js'),
  import('../dist/proxy/stream/observation.js'),
  import('../dist/proxy/wire/message-codes.js'),
  import('../dist/proxy/wire/startup-packet.js'),
  import('../dist/proxy/stream/reader.js'),
  import('../dist/proxy/stream/frames.js'),
]);
/** @satisfies {Record<keyof Subject, unknown>} */
const built = { ...session, ...names, ...texts, ...state, ...observation, ...codes, ...startup, ...reader, ...frames };
// The sources, compiled; their private members make them other types.
const subject = /** @type {Subject} */ (/** @type {unknown} */ (built));

console.log(`fuzz: ${cases} ${kind === 'streams' ? 'cases' : kind}${first > 0 ? ` from ${first}` : ''}, seed ${seed}`);
const startedMs = performance.now();
const ends = new Map();
let crashers = 0;
let most = 0;
const STEP = 20_000;
/** @param {string} name @param {Error} error @param {import('./lib/fuzz/cases.mjs').Case} it */
const onCrash = (name, error, it) => {
  const file = path.relative(process.cwd(), saveCrasher(name, it, error.message));
  console.error(`${name}: ${error.message}\n  saved; see it: npx pgwitness trace ${file}`);
};
for (let done = 0; done < cases && crashers === 0; ) {
  const take = Math.min(STEP, cases - done);
  const run = kind === 'streams' ? runCases : runConversations;
  const step = run(subject, { seed, from: first + done, cases: take, onCrash });
  for (const [end, count] of step.ends) ends.set(end, (ends.get(end) ?? 0) + count);
  crashers += step.crashers;
  most = Math.max(most, process.memoryUsage.rss());
  done += take;
  if (process.stdout.isTTY || done % (STEP * 10) === 0 || done === cases)
    console.log(`  ${done} cases, ${Math.round((done * 1000) / (performance.now() - startedMs))} a second`);
}
for (const [end, count] of [...ends].sort((a, b) => b[1] - a[1])) console.log(`  ${String(count).padStart(8)} ${end}`);
console.log(`fuzz: ${crashers} failed, at most ${Math.round(most / 2 ** 20)} MiB resident`);
process.exitCode = crashers > 0 ? 1 : 0;
