// Flame graphs of relay and observer under load, in front of a real Postgres.
// Writes docs/profiles/*.svg and docs/PROFILES.md.
// Run: npm run build && node bench/flame.mjs [--seconds N] [--only observer-prepared,…]
// With --only it draws those pictures again and prints what they show; the document stays as it is.
// Invariant: what is profiled was under the same load for a while before, and its profile holds nothing of the start.
// Not here: what a statement costs (main.mjs): sampling itself takes time, so a profile says where, not how much.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { optionsOf } from '../scripts/lib/options.mjs';
import { ROOT } from '../scripts/lib/paths.mjs';
import { startPostgres } from '../scripts/lib/postgres.mjs';
import { commit, machine, table } from './lib/document.mjs';
import { flameGraph, hottest, sharesOf, treeOf } from './lib/flame-graph.mjs';
import { startLoad } from './lib/measure.mjs';
import { startEmptyRelay, startPgwitness } from './lib/tools.mjs';
import { SCHEMA } from './lib/workloads.mjs';

const values = optionsOf('flame', {
  usage: 'node bench/flame.mjs [--seconds N] [--only PROFILE,…]',
  options: { seconds: { type: 'string', default: '5' }, only: { type: 'string', default: '' } },
});
const seconds = Number(values.seconds);
if (!(seconds > 0)) {
  console.error('flame: --seconds takes a number above 0');
  process.exit(2);
}
const PRELOAD = new URL('lib/profile-on-signal.mjs', import.meta.url).href;
const DOCUMENT = path.join(ROOT, 'docs', 'PROFILES.md');
const PICTURES = path.join(ROOT, 'docs', 'profiles');
const WARM_SECONDS = 3;
const WRITTEN_MS_MAX = 15_000;
const HOTTEST = 12;

/**
 * Which process under which workload.
 * @type {readonly { name: string, role: 'relay' | 'observer' | 'empty relay', workload: string, clients: number,
 *   warmSeconds?: number, about: string, remark?: string }[]}
 */
const PROFILES = [
  { name: 'relay-simple', role: 'relay', workload: 'simple', clients: 8, about: 'simple Query, a statement at a time' },
  {
    name: 'relay-prepared',
    role: 'relay',
    workload: 'prepared',
    clients: 8,
    about: 'Bind, Execute and Sync of a prepared statement',
  },
  {
    name: 'relay-copy-out',
    role: 'relay',
    workload: 'copy-out',
    clients: 2,
    about: 'COPY … TO STDOUT, 8 MB each time',
  },
  {
    name: 'relay-connect',
    role: 'relay',
    workload: 'connect',
    clients: 4,
    warmSeconds: 45,
    about: 'connections that ask once and leave',
  },
  {
    name: 'empty-connect',
    role: 'empty relay',
    workload: 'connect',
    clients: 4,
    warmSeconds: 45,
    about: 'the same connections, for comparison',
    remark: `For a connection that asks once, pgwitness and the empty relay make the same reads, writes and epoll calls (strace -c counts them), and one for the
client's address more; what pgwitness adds is code that runs once per connection: the first packet, the session, its records, and their collection.
Of what was tried, three things helped and stayed: a client's handle moves only after some reads, session records are not JSON, and a connection is
probed only once it has lasted. A larger young generation and collecting it with one thread made no difference that could be told from noise.`,
  },
  {
    name: 'observer-prepared',
    role: 'observer',
    workload: 'prepared',
    clients: 8,
    about: 'prepared statements, whose text is known by number',
  },
  {
    name: 'observer-distinct',
    role: 'observer',
    workload: 'distinct',
    clients: 8,
    about: 'texts with literals of their own',
  },
];

const only = values.only === '' ? undefined : values.only.split(',');
const unknown = only?.find((name) => !PROFILES.some((profile) => profile.name === name));
if (unknown !== undefined) {
  console.error(`flame: --only ${unknown}: no such profile; there are ${PROFILES.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}

const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-flame-'));
process.env.PGWITNESS_PROFILE_DIR = directory;
const postgres = await startPostgres({ settings: { shared_preload_libraries: '' } });
try {
  for (const statement of SCHEMA.split(';')) await postgres.query(statement);
  mkdirSync(PICTURES, { recursive: true });
  const parts = [];
  for (const profile of PROFILES) if (only?.includes(profile.name) ?? true) parts.push(await drawn(profile));
  const text = `# Where the time goes

\`node bench/flame.mjs\` at ${commit()}, Postgres ${postgres.version} on loopback, ${machine()}. Each process was profiled for
${seconds} s under load, after ${WARM_SECONDS} s of the same (connections: more, until nothing is compiled any more); a quarter of a millisecond between
samples. A picture says where a process's main thread spends its time, not how much that is: sampling costs too, so for that see
[BENCHMARKS.md](BENCHMARKS.md). Microseconds are per statement (or connection), to compare one part with another. Read from above: a box stands below what called it and is as wide as
its share; opened by itself in a browser, a box says its name, file and share when pointed at.

${parts.join('\n\n')}
`;
  if (only === undefined) {
    writeFileSync(DOCUMENT, text);
    console.log(`written: ${DOCUMENT}`);
  } else console.log(parts.join('\n\n'));
} finally {
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
}
process.exit();

/** @param {(typeof PROFILES)[number]} profile @returns {Promise<string>} its part of the document */
async function drawn({ name, role, workload, clients, warmSeconds = WARM_SECONDS, about, remark }) {
  const isEmpty = role === 'empty relay';
  // Before the tool alone: the load and the server are not profiled.
  process.env.NODE_OPTIONS = `--import ${PRELOAD}`;
  const tool = isEmpty ? await startEmptyRelay(postgres) : await startPgwitness(postgres);
  delete process.env.NODE_OPTIONS;
  try {
    const load = await startLoad({ workload, clients }, tool);
    await load.run({ seconds: warmSeconds });
    const running = load.run({ seconds: seconds + 0.5 });
    const pid = tool.processes[isEmpty ? 'relay' : role];
    process.kill(pid, 'SIGUSR2');
    await sleep(seconds * 1000);
    process.kill(pid, 'SIGUSR2');
    const tree = treeOf(await written(pid));
    const { statements, elapsedMs } = await running;
    await load.stop();
    const eachUs = tree.totalUs / ((statements / elapsedMs) * seconds * 1000);
    const file = path.join(PICTURES, `${name}.svg`);
    writeFileSync(file, flameGraph(tree, `${role}: ${about}`));
    console.log(`written: ${file}, ${Math.round(statSync(file).size / 1000)} kB`);
    const percent = (/** @type {number} */ share) => (share * 100).toFixed(1);
    const groups = sharesOf(tree).filter(([, share]) => share >= 0.005);
    const functions = hottest(tree, HOTTEST);
    return `## ${role[0].toUpperCase()}${role.slice(1)}: ${about}

![flame graph of the ${role}: ${about}](profiles/${name}.svg)

${eachUs.toFixed(1)} µs each: ${groups.map(([group, share]) => `${group} ${percent(share)} % (${(eachUs * share).toFixed(1)} µs)`).join(', ')}.

${table(
  ['function itself, without what it calls', 'of', '%'],
  functions.map(({ name: called, file: where, share }) => [`\`${called}\``, where || 'native', percent(share)]),
)}${remark === undefined ? '' : `\n\n${remark}`}`;
  } finally {
    await tool.stop();
  }
}

/** @param {number} pid @returns {Promise<import('./lib/flame-graph.mjs').CpuProfile>} */
async function written(pid) {
  const file = path.join(directory, `${pid}.cpuprofile`);
  const untilMs = performance.now() + WRITTEN_MS_MAX;
  while (!existsSync(file)) {
    if (performance.now() > untilMs)
      throw new Error(`process ${pid} wrote no profile within ${WRITTEN_MS_MAX / 1000} s`);
    await sleep(50);
  }
  const profile = JSON.parse(readFileSync(file, 'utf8'));
  if (profile.error !== undefined) throw new Error(`process ${pid} could not be profiled: ${profile.error}`);
  return profile;
}
