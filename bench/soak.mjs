// `npm run soak`: a million clients come and go, and pgwitness holds no more than before.
// They leave well and badly, beside ten thousand that stay. Every query and session is accounted for.
// Writes its section of docs/BENCHMARKS.md when nothing was made smaller. Exit 1 when something grows or is not
// accounted for.
// Not here: cost (main.mjs, growth.mjs), what the clients do (lib/soak-kinds.mjs).

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Authority } from '../scripts/lib/certificates.mjs';
import { optionsOf } from '../scripts/lib/options.mjs';
import { startPostgres } from '../scripts/lib/postgres.mjs';
import { inWords, openProgress } from '../scripts/lib/progress.mjs';
import { build } from '../scripts/lib/setup/build.mjs';
import { install } from '../scripts/lib/setup/install.mjs';
import { openTeardown } from '../scripts/lib/teardown.mjs';
import { startAskedChild } from './lib/asked-child.mjs';
import { figures } from './lib/counted.mjs';
import { commit, machine, table, writeSection } from './lib/document.mjs';
import { courses, HEAP_NOISE_BYTES, heldBy, openDescriptors, probedEnvironment } from './lib/held.mjs';
import { KINDS } from './lib/soak-kinds.mjs';
import { startEmptyRelay, startPgwitness, startStubServer } from './lib/tools.mjs';
import { mib } from './lib/units.mjs';

const WHOLE = { cycles: 1_000_000, 'postgres-cycles': 5_000, idle: 10_000 };
const USAGE = `npm run soak -- [--cycles N] [--postgres-cycles N] [--idle N]
  --cycles N            through the stub server (default 1000000)
  --postgres-cycles N   in front of a real Postgres (default 5000; 0 for none)
  --idle N              connections held at once (default 10000; 0 for none)`;
const values = optionsOf('soak', {
  usage: USAGE,
  options: { cycles: { type: 'string' }, 'postgres-cycles': { type: 'string' }, idle: { type: 'string' } },
});
const wanted = {
  cycles: Number(values.cycles ?? WHOLE.cycles),
  postgres: Number(values['postgres-cycles'] ?? WHOLE['postgres-cycles']),
  idle: Number(values.idle ?? WHOLE.idle),
};
if (Object.values(wanted).some((count) => !Number.isInteger(count) || count < 0) || wanted.cycles < 1000) {
  console.error('soak: --cycles needs a whole number from 1000, --postgres-cycles and --idle one from 0');
  process.exit(2);
}

const PROCESSES = 2;
const CONNECTIONS_AT_ONCE = 16;
const STAGES = 20;
const WARM_CYCLES_MIN = 2000;
/**
 * What ended takes a moment to be closed; the observer's own connections (the first look at its metrics) take five
 * seconds.
 */
const SETTLE_MS_MAX = 15_000;
const IDLE_HOLD_MS = 5_000;
/** Descriptors of a relay beside those of its sessions, two each; see proxy/relay/descriptors.ts. */
const DESCRIPTORS_BESIDE = 2_600;

/**
 * @typedef {import('./soak-load.mjs').Cycled} Cycled
 * @typedef {import('./lib/held.mjs').Held} Held
 * @typedef {import('./lib/tools.mjs').Tool} Tool
 * @typedef {{ relay: Held, observer: Held }} Both
 * @typedef {{ what: string, ok: boolean }} Finding
 */

const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-soak-'));
const authority = new Authority();
const files = { cert: path.join(directory, 'cert.pem'), key: path.join(directory, 'key.pem') };
const TLS_ARGS = ['--tls-cert', files.cert, '--tls-key', files.key];
const progress = openProgress();
const teardown = openTeardown();
/** @type {Finding[]} */
const findings = [];

/** @param {string} what @param {boolean} ok */
function check(what, ok) {
  findings.push({ what, ok });
  if (!ok) progress.say(`  ✗ ${what}`);
}

/** A process of clients. @param {{ host: string, port: number }} to */
async function startClients({ host, port }) {
  const script = new URL('./soak-load.mjs', import.meta.url).pathname;
  const { ask, stop } = startAskedChild(script, { what: 'a process of clients' });
  teardown.add(stop);
  await ask({ host, port, authority: authority.cert });
  return { ask, stop };
}

/** @param {{ host: string, port: number }} upstream @param {readonly string[]} [args] */
async function startProbed(upstream, args = []) {
  const tool = await startPgwitness(upstream, [...TLS_ARGS, ...args], { env: probedEnvironment(directory) });
  teardown.add(tool.stop);
  return tool;
}

/**
 * Waits until nothing is open that was not open before.
 * @param {Tool} tool
 * @param {Both | undefined} before
 * @returns {Promise<Both>}
 */
async function held({ processes: { relay, observer } }, before) {
  const deadline = performance.now() + SETTLE_MS_MAX;
  if (before === undefined) await sleep(SETTLE_MS_MAX / 2);
  else {
    const settled = () =>
      openDescriptors(relay) <= before.relay.descriptors && openDescriptors(observer) <= before.observer.descriptors;
    while (!settled() && performance.now() < deadline) await sleep(100);
  }
  return { relay: await heldBy(directory, relay), observer: await heldBy(directory, observer) };
}

/**
 * @param {readonly { ask: (message: object) => Promise<any> }[]} clients
 * @param {number} cycles
 * @returns {Promise<Cycled>}
 */
async function cycle(clients, cycles) {
  const shares = clients.map((_, i) => Math.floor((cycles + i) / clients.length));
  const all = await Promise.all(
    clients.map(({ ask }, i) => ask({ cycles: shares[i], concurrency: CONNECTIONS_AT_ONCE })),
  );
  return sumOf(all);
}

/** @param {readonly Cycled[]} all @returns {Cycled} */
function sumOf(all) {
  const sum = { cycles: 0, sessions: 0, sessionsPerhaps: 0, sent: 0, cut: 0, failures: 0 };
  for (const one of all) for (const key of /** @type {(keyof typeof sum)[]} */ (Object.keys(sum))) sum[key] += one[key];
  return { ...sum, reasons: all.flatMap(({ reasons }) => reasons) };
}

/**
 * Until everything sent is accounted for and nothing is open, or time is up.
 * @param {Tool} tool
 * @param {number} sent
 */
async function accounted(tool, sent) {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const now = await figures(tool);
    const complete = now.all >= sent && now.sessionsOpen === 0 && now.pooled === 0;
    if (complete || performance.now() > deadline) {
      // What is too much would still come.
      await sleep(2_000);
      return figures(tool);
    }
    await sleep(500);
  }
}

/**
 * Checks what was counted against what the clients did.
 * @param {string} where
 * @param {Cycled} done
 * @param {Awaited<ReturnType<typeof figures>>} said
 */
function checkAccounts(where, done, said) {
  check(
    `${where}: every cycle went as it should (${done.failures} did not: ${done.reasons.join('; ')})`,
    done.failures === 0,
  );
  check(`${where}: ${done.sent} queries were sent, ${said.all} are accounted for`, said.all === done.sent);
  check(
    `${where}: ${done.cut} were left before their answer, ${said.lostByClosing} are counted as lost by that`,
    said.lostByClosing === done.cut,
  );
  check(
    `${where}: ${done.sessions} to ${done.sessions + done.sessionsPerhaps} sessions, ${said.sessions} were opened`,
    said.sessions >= done.sessions && said.sessions <= done.sessions + done.sessionsPerhaps,
  );
  check(
    `${where}: no session is open (relay ${said.sessionsOpen}, observer ${said.pooled})`,
    said.sessionsOpen + said.pooled === 0,
  );
  check(`${where}: none adrift (${said.adrift}), none opaque (${said.opaque})`, said.adrift + said.opaque === 0);
}

const mib1 = (/** @type {number} */ bytes) => mib(bytes, 1);
const count = (/** @type {number} */ value) => value.toLocaleString('en-US');
const verdict = (/** @type {boolean} */ isFlat) => (isFlat ? 'flat' : '**grows**');

/** @param {string} where @param {readonly Both[]} samples @param {number} cycles */
function flatRows(where, samples, cycles) {
  const rows = [];
  for (const role of /** @type {const} */ (['relay', 'observer'])) {
    const course = courses(
      samples.map((both) => both[role]),
      cycles,
    );
    for (const [key, what, show] of /** @type {const} */ ([
      ['descriptors', 'descriptors', String],
      ['handles', 'handles', String],
      ['timers', 'timers', String],
      ['heapBytes', 'heap after a collection, MiB', mib1],
      ['residentBytes', 'RSS, MiB', mib1],
    ])) {
      const { first, last, isFlat } = course[key];
      rows.push([`${role}: ${what}`, show(first), show(last), verdict(isFlat)]);
      check(`${where}: ${role}: ${what}: ${show(first)}, then ${show(last)}`, isFlat);
    }
  }
  return rows;
}

async function manyCycles() {
  const stub = await startStubServer();
  teardown.add(stub.stop);
  const tool = await startProbed(stub);
  const clients = await Promise.all(Array.from({ length: PROCESSES }, () => startClients(tool)));
  const warm = Math.max(WARM_CYCLES_MIN, Math.floor(wanted.cycles / 10));
  const parts = [await progress.step(`${count(warm)} cycles to warm up`, () => cycle(clients, warm))];
  const samples = [await held(tool, undefined)];
  const startedMs = performance.now();
  let busyMs = 0;
  const bar = progress.bar(`${count(wanted.cycles)} cycles`, wanted.cycles);
  for (let stage = 0, done = 0; stage < STAGES; stage++) {
    const upTo = Math.floor((wanted.cycles * (stage + 1)) / STAGES);
    const beganMs = performance.now();
    parts.push(await cycle(clients, upTo - done));
    busyMs += performance.now() - beganMs;
    done = upTo;
    samples.push(await held(tool, samples[0]));
    bar.update(done);
  }
  bar.end(inWords(performance.now() - startedMs));
  const done = sumOf(parts);
  const said = await accounted(tool, done.sent);
  checkAccounts('stub server', done, said);
  const rows = flatRows('stub server', samples, wanted.cycles);
  for (const { stop } of clients) await stop();
  await tool.stop();
  await stub.stop();
  const shares = KINDS.map(({ what, percent }) => `${what} (${percent} %)`).join('; ');
  return `Of ${count(done.cycles)} clients, the first ${count(warm)} to warm up: ${shares}. ${PROCESSES * CONNECTIONS_AT_ONCE} at once, ${count(Math.round(wanted.cycles / (busyMs / 1000)))} a second, to a server that answers at
once. ${STAGES} times they were let end, and what the two processes of pgwitness held was looked at; the figures are medians of the first and the last
third of those looks.

${table(['', 'first third', 'last third', ''], rows)}

${accountsTable(done, said)}`;
}

/** @param {Cycled} done @param {Awaited<ReturnType<typeof figures>>} said */
function accountsTable(done, said) {
  return table(
    ['', 'clients did', 'pgwitness says'],
    [
      ['queries sent', count(done.sent), `${count(said.observed)} observed + ${count(said.lost)} not observed`],
      ['of these left before the answer', count(done.cut), `${count(said.lostByClosing)} connection_closed`],
      [
        'sessions',
        `${count(done.sessions)}, and ${count(done.sessionsPerhaps)} left in the login`,
        `${count(said.sessions)} opened, ${said.sessionsOpen + said.pooled} open`,
      ],
      ['went otherwise than they should', count(done.failures), `${said.adrift} adrift, ${said.opaque} opaque`],
    ],
  );
}

async function realServer() {
  const postgres = await startPostgres({ settings: { shared_preload_libraries: '', max_connections: '500' } });
  teardown.add(postgres.stop);
  const tool = await startProbed(postgres);
  const clients = await Promise.all(Array.from({ length: PROCESSES }, () => startClients(tool)));
  const parts = [await cycle(clients, 500)];
  const samples = [await held(tool, undefined)];
  for (let stage = 1; stage <= 5; stage++) {
    parts.push(await cycle(clients, Math.round(wanted.postgres / 5)));
    samples.push(await held(tool, samples[0]));
  }
  const done = sumOf(parts);
  const said = await accounted(tool, done.sent);
  checkAccounts(`Postgres ${postgres.version}`, done, said);
  const rows = flatRows(`Postgres ${postgres.version}`, samples, wanted.postgres).filter(
    ([what]) => !what.includes('MiB'),
  );
  for (const { stop } of clients) await stop();
  await tool.stop();
  await postgres.stop();
  return `The same in front of Postgres ${postgres.version}, ${count(done.cycles)} clients:

${table(['', 'first third', 'last third', ''], rows)}

${accountsTable(done, said)}`;
}

/** Soft limit of open files; every process of Node raises it to the hard one. */
function descriptorLimit() {
  const found = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return Number(found?.[1] ?? 1024);
}

async function idleConnections() {
  const perRelay = Math.floor((descriptorLimit() - DESCRIPTORS_BESIDE) / 2);
  if (perRelay < 100) throw new Error(`the limit of open files is ${descriptorLimit()}: raise it (ulimit -n)`);
  const relays = Math.ceil(wanted.idle / perRelay);
  const stub = await startStubServer();
  teardown.add(stub.stop);
  const share = Math.ceil(wanted.idle / relays);
  const reference = await heldByEmptyRelay(stub, share);
  /** @type {{ tool: Tool, clients: Awaited<ReturnType<typeof startClients>>[], before: Both }[]} */
  const sites = [];
  for (let i = 0; i < relays; i++) {
    const tool = await startProbed(stub, ['--max-connections', String(share)]);
    const clients = await Promise.all(Array.from({ length: PROCESSES }, () => startClients(tool)));
    // Everything is compiled, and buffers have grown, before it is looked.
    await Promise.all(clients.map(({ ask }) => ask({ idle: Math.min(200, Math.floor(share / 4)) })));
    await Promise.all(clients.map(({ ask }) => ask({ leave: true })));
    sites.push({ tool, clients, before: await held(tool, undefined) });
  }
  const warmed = 2 * Math.min(200, Math.floor(share / 4));
  const rows = [];
  for (const [index, { tool, clients, before }] of sites.entries()) {
    const ofThis = Math.min(share, wanted.idle - index * share);
    const first = await holdIdle({ tool, clients, before }, ofThis);
    const second = await holdIdle({ tool, clients, before: first.after }, ofThis);
    const queries = 2 * ofThis;
    const said = await accounted(tool, queries);
    check(
      `idle: ${queries} queries, ${said.observed} observed, ${said.lost} lost`,
      said.observed === queries && said.lost === 0,
    );
    check(`idle: ${queries + warmed} sessions, ${said.sessions} opened`, said.sessions === queries + warmed);
    check(`idle: no session is left (${said.sessionsOpen}, ${said.pooled})`, said.sessionsOpen + said.pooled === 0);
    for (const role of /** @type {const} */ (['relay', 'observer'])) {
      const all = [before, first.open, first.after, second.open, second.after].map((both) => both[role]);
      const counts = (/** @type {'descriptors' | 'handles'} */ key) => all.map((at) => at[key]).join(' / ');
      for (const key of /** @type {const} */ (['descriptors', 'handles']))
        check(`idle: ${role}: ${key} ${counts(key)}`, all[2][key] <= all[0][key] && all[4][key] <= all[0][key]);
      // Tables that grew for so many are kept and serve again: the second time nothing may come on top.
      const heaps = all.map((at) => mib1(at.heapBytes)).join(' / ');
      check(`idle: ${role}: heap ${heaps} MiB`, all[4].heapBytes - all[2].heapBytes < HEAP_NOISE_BYTES);
      const each = (/** @type {'heapBytes' | 'residentBytes'} */ key) =>
        ((all[1][key] - all[0][key]) / ofThis / 1024).toFixed(1);
      rows.push([
        `${role}${relays > 1 ? ` ${index + 1}` : ''}, ${count(ofThis)} connections`,
        each('heapBytes'),
        each('residentBytes'),
        counts('descriptors'),
        counts('handles'),
        heaps,
      ]);
    }
  }
  for (const { tool, clients } of sites) {
    for (const { stop } of clients) await stop();
    await tool.stop();
  }
  await stub.stop();
  rows.unshift([`empty relay, ${count(share)} connections`, '–', reference.toFixed(1), '–', '–', '–']);
  const split =
    relays > 1
      ? `The limit of open files, ${count(descriptorLimit())}, lets one relay hold ${count(perRelay)}: they were shared among ${relays}. `
      : '';
  return `${count(wanted.idle)} connections log in, wait for ${IDLE_HOLD_MS / 1000} s, ask one query each and leave, every other one by a reset; then all of it once
more. ${split}Before, while they wait, after, while they wait again, and after that:

${table(['', 'heap each, KiB', 'RSS each, KiB', 'descriptors', 'handles', 'heap MiB'], rows)}`;
}

/**
 * They log in, wait, ask once and leave.
 * @param {{ tool: Tool, clients: Awaited<ReturnType<typeof startClients>>[], before: Both }} site
 * @param {number} connections
 * @returns {Promise<{ open: Both, after: Both }>}
 */
async function holdIdle({ tool, clients, before }, connections) {
  const { relay, observer } = tool.processes;
  await Promise.all(clients.map(({ ask }, i) => ask({ idle: Math.floor((connections + i) / clients.length) })));
  await sleep(IDLE_HOLD_MS);
  const open = { relay: await heldBy(directory, relay), observer: await heldBy(directory, observer) };
  const used = open.relay.descriptors - before.relay.descriptors;
  check(`idle: ${connections} connections take two descriptors each (${used})`, used === 2 * connections);
  const answered = await Promise.all(clients.map(({ ask }) => ask({ ask: true })));
  const answers = answered.reduce((sum, each) => sum + each.answered, 0);
  check(`idle: ${connections} connections are answered (${answers})`, answers === connections);
  await Promise.all(clients.map(({ ask }) => ask({ leave: true })));
  return { open, after: await held(tool, before) };
}

/** KiB each. @param {{ host: string, port: number }} stub @param {number} connections */
async function heldByEmptyRelay(stub, connections) {
  const { residentBytes } = await import('./lib/processes.mjs');
  const empty = await startEmptyRelay(stub);
  teardown.add(empty.stop);
  const clients = await startClients(empty);
  await clients.ask({ idle: 100 });
  await clients.ask({ leave: true });
  const before = residentBytes(empty.processes.relay);
  await clients.ask({ idle: connections });
  await sleep(IDLE_HOLD_MS);
  const each = (residentBytes(empty.processes.relay) - before) / connections / 1024;
  await clients.ask({ leave: true });
  await clients.stop();
  await empty.stop();
  return each;
}

async function main() {
  const { cert, key } = authority.issue(['localhost', '127.0.0.1']);
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
  await progress.step('Packages', install);
  await progress.step('Build', build);
  const startedMs = performance.now();
  const parts = [await manyCycles()];
  if (wanted.postgres > 0) parts.push(await progress.step(`${count(wanted.postgres)} cycles to Postgres`, realServer));
  if (wanted.idle > 0) parts.push(await progress.step(`${count(wanted.idle)} idle connections`, idleConnections));
  const text = [
    '## Soak',
    `\`npm run soak\` at ${commit()}, ${machine()}; ${inWords(performance.now() - startedMs)}. Heap and handles are what each process says of itself after
a collection, descriptors are those of /proc. A heap is flat when it grew by less than 1 MiB and 4 bytes per cycle: no object is kept per client.
RSS, which grows in steps until the heap has its room, is flat when it grew by less than 24 MiB and as much from the second third on. Counts are flat when they are the same.`,
    ...parts,
  ].join('\n\n');
  console.log(text);
  const failed = findings.filter(({ ok }) => !ok);
  const isWhole =
    wanted.cycles >= WHOLE.cycles && wanted.postgres >= WHOLE['postgres-cycles'] && wanted.idle >= WHOLE.idle;
  if (isWhole) progress.say(`written: ${writeSection('soak', text)}`);
  progress.say(`${findings.length - failed.length} of ${findings.length} checks hold`);
  for (const { what } of failed) progress.say(`  ✗ ${what}`);
  if (failed.length > 0) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  progress.say(error instanceof Error ? error.message : String(error));
  process.exitCode = 3;
} finally {
  await teardown.close();
  rmSync(directory, { recursive: true, force: true });
}
process.exit();
