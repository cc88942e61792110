// Leads observers and their store through several lives, while calls to the disk fail.
// Run by test/faults/disk-calls.test.ts: `node store-life.mjs DIRECTORY HOW CALLS FIRST STEP SECONDS`. It takes the
// calls in an order of its own, of those every STEP-th from the FIRST one on, until so many seconds are over. For each
// it prints a line of JSON: what was sent, what is stored, what was acknowledged.
// Invariant: it does what a relay and `pgwitness run` do: it starts an observer again that could not start, counts as
// lost what none took, and sends nothing twice. Not here: what must come out.

import {
  accessSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { assemble } from '../../../dist/observer/assemble.js';
import { emptyStatement } from '../../../dist/proxy/stream/observation.js';
import { reportStatements } from '../../../dist/reports/statements.js';
import { noteUnusable } from '../../../dist/storage/sqlite/file/reserve.js';
import { openReader } from '../../../dist/storage/sqlite/read/reader.js';
import { setMark } from '../../../dist/storage/sqlite/write/mark-writer.js';
import { StoreError } from '../../../dist/storage/store-error.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const RELAY = 'relay-1';
const BURST = 5;
/** A relay starts its observer again and again; here more often than one fault can last. */
const STARTS_MAX = 3;

const quiet = () => {};

/** The relay's end: what it sent, and what of it is acknowledged. */
class Relay {
  sent = 0;
  acknowledged = 0;
  #sequence = 0;
  #sessions = 0;
  /** @type {Array<{ sequence: number, executions: number }>} */
  #waiting = [];
  /** @type {Map<string, { minute: number, reason: string, count: number }>} */
  #losses = new Map();

  /** @param {number} sequence */
  acknowledge(sequence) {
    while (this.#waiting.length > 0 && this.#waiting[0].sequence <= sequence) {
      this.acknowledged += this.#waiting.shift()?.executions ?? 0;
    }
  }

  /** An observer begins or ended: what the one before did not acknowledge is lost. @param {number} nowMs */
  isAlone(nowMs) {
    for (const { executions } of this.#waiting.splice(0)) this.#lose('observer_lost', executions, nowMs);
  }

  /** @param {string} reason @param {number} count @param {number} nowMs */
  #lose(reason, count, nowMs) {
    const minute = Math.floor(nowMs / MINUTE_MS);
    const key = `${minute} ${reason}`;
    const loss = this.#losses.get(key) ?? { minute, reason, count: 0 };
    loss.count += count;
    this.#losses.set(key, loss);
  }

  /** A session of some statements. @param {any} observer undefined = none runs @param {number} nowMs */
  burst(observer, nowMs) {
    this.sent += BURST;
    if (observer === undefined) return this.#lose('observer_down', BURST, nowMs);
    const sessionId = ++this.#sessions;
    const say = (/** @type {object} */ observation) => observer.observe(RELAY, observation);
    for (const loss of this.#losses.values()) say({ kind: 'loss', ...loss });
    say({ ...OPENED, sessionId, openedAtMs: nowMs });
    say({ ...READY, sessionId, backendPid: sessionId, transactionSinceMs: nowMs });
    for (let n = 0; n < BURST; n++) {
      const text = Buffer.from(`SELECT ${'x'.repeat(n + 1)} FROM book_${sessionId} WHERE id = 1`);
      say({ ...emptyStatement(), sessionId, completedAtMs: nowMs, text, ...SELECTED, serviceNs: 1000 * (n + 1) });
    }
    say({ kind: 'session-closed', sessionId, closedAtMs: nowMs, by: 'client' });
    this.#waiting.push({ sequence: ++this.#sequence, executions: BURST });
    observer.batchTaken(RELAY, this.#sequence);
  }
}

const OPENED = {
  kind: 'session-opened',
  resumed: false,
  clientAddress: '127.0.0.1',
  protocolVersion: 196_608,
  startup: [
    ['user', 'app'],
    ['database', 'shop'],
  ],
};
const READY = {
  kind: 'session-ready',
  serverVersion: '17.0',
  applicationName: '',
  clientEncoding: 'UTF8',
  serverTimeZone: 'Etc/UTC',
  backslashEscapes: false,
  transactionStatus: 'I',
};
const SELECTED = {
  completions: [{ command: 'SELECT', rows: 1 }],
  transactionBefore: 'I',
  transactionAfter: 'I',
};

/** Everything that happened while one call failed. */
class Lives {
  relay = new Relay();
  /** @type {string[]} errors that are no StoreError, at what the disk said */
  defects = [];
  stuck = 0;
  /** @type {string[]} */
  movedAside = [];
  starts = 0;
  /** @type {any} */
  running;
  dataDir;
  nowMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 100 * HOUR_MS;

  /** @param {string} dataDir */
  constructor(dataDir) {
    this.dataDir = dataDir;
  }

  /** Does what may fail as a StoreError. @template T @param {string} what @param {() => T} act */
  attempt(what, act) {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof StoreError)) this.defects.push(`${what}: ${/** @type {Error} */ (error).stack}`);
      return undefined;
    }
  }

  async start() {
    for (let n = 0; n < STARTS_MAX && this.running === undefined; n++) {
      this.starts++;
      this.running = await this.#startOnce();
    }
  }

  async #startOnce() {
    const log = {
      debug: quiet,
      info: quiet,
      warn: quiet,
      error: (/** @type {string} */ message, /** @type {{ code?: string }} */ values) => {
        if (values.code === 'stuck') this.stuck++;
        if (message.includes('damaged')) this.movedAside.push(JSON.stringify(values));
      },
      child: () => log,
      setLevel: quiet,
    };
    try {
      const parts = {
        log,
        relays: { count: 1, ended: {} },
        acknowledge: (/** @type {string} */ _relay, /** @type {number} */ sequence) => this.relay.acknowledge(sequence),
        watchesClock: false,
      };
      const assembled = await assemble({ ...CONFIG, dataDir: this.dataDir }, parts);
      this.relay.isAlone(this.nowMs);
      this.relay.acknowledge(assembled.observer.relayBegins(RELAY, this.nowMs));
      return assembled;
    } catch (error) {
      // As observer/main.ts.
      if (!(error instanceof StoreError)) this.defects.push(`start: ${/** @type {Error} */ (error).stack}`);
      noteUnusable(this.dataDir, this.nowMs);
      return undefined;
    }
  }

  /** @param {number} ms */
  burst(ms) {
    this.nowMs += ms;
    this.relay.burst(this.running?.observer, this.nowMs);
    this.attempt('flush', () => this.running?.observer.flush(this.nowMs));
  }

  /** Upkeep runs every five seconds, behind a flush. */
  upkeep(times = 2) {
    for (let n = 0; n < times; n++) {
      this.nowMs += 6_000;
      this.attempt('flush', () => this.running?.observer.flush(this.nowMs));
    }
  }

  read() {
    this.attempt('read', () => {
      const reader = openReader(this.dataDir);
      try {
        reportStatements(reader);
      } finally {
        reader.close();
      }
    });
  }

  /** In order, as observer/service.ts. */
  end() {
    const ending = this.running;
    this.running = undefined;
    if (ending === undefined) return;
    this.attempt('end', () => {
      ending.observer.relayEnds(RELAY, false, this.nowMs);
      ending.observer.lastFlush(this.nowMs, { linksWereClosed: true });
    });
    this.attempt('close', () => ending.store.close());
  }

  /** What a kill -9 leaves: the files as they are now, without the process. */
  killed() {
    const crashed = `${this.dataDir}-crashed`;
    mkdirSync(crashed, { recursive: true });
    for (const file of existsSync(this.dataDir) ? readdirSync(this.dataDir) : []) {
      if (!file.endsWith('-shm')) copyFileSync(path.join(this.dataDir, file), path.join(crashed, file));
    }
    // Only so that this process holds nothing of it.
    this.attempt('close', () => this.running?.store.close());
    this.running = undefined;
    this.dataDir = crashed;
  }
}

const CONFIG = {
  rules: [],
  pools: [],
  clientNetworks: [],
  findings: { thresholds: [], accepted: [], readOnly: [], migrated: [] },
  dimensionKeys: ['route'],
  contextKeys: [],
  topSeries: 5,
  retention: { minutesMs: HOUR_MS, hoursMs: 24 * HOUR_MS, daysMs: 30 * 24 * HOUR_MS, bytesMax: 2 ** 31 },
};

/** @param {string} dataDir @param {number} call @param {string} how */
async function live(dataDir, call, how) {
  const lives = new Lives(dataDir);
  accessSync(`/io-faults/${call}/${how}`);
  // A first start, traffic, and an end in order.
  await lives.start();
  lives.burst(1_000);
  lives.burst(MINUTE_MS);
  lives.upkeep();
  lives.end();
  // Again, a day and more later, so that there is something to roll up and to drop; then killed.
  lives.nowMs += 30 * HOUR_MS;
  await lives.start();
  lives.burst(1_000);
  lives.burst(3 * MINUTE_MS);
  lives.attempt('mark', () =>
    setMark(lives.dataDir, { atMs: lives.nowMs, kind: 'manual', name: 'm', fingerprint: '', source: '' }),
  );
  lives.upkeep();
  lives.read();
  lives.burst(1_000);
  accessSync('/io-faults/rest');
  lives.killed();
  accessSync('/io-faults/work');
  // After a kill -9.
  await lives.start();
  lives.burst(2 * HOUR_MS);
  lives.upkeep();
  lives.burst(1_000);
  lives.end();
  accessSync('/io-faults/0/0');
  const { starts } = lives;
  // The disk works again.
  await lives.start();
  lives.burst(1_000);
  lives.upkeep();
  lives.end();
  const reader = openReader(lives.dataDir);
  const { observed } = reportStatements(reader);
  reader.close();
  const { relay, defects, stuck, movedAside } = lives;
  const said = readFileSync(String(process.env.IO_FAULTS_LOG), 'utf8').trim().split('\n');
  const calls = Number(said.at(-1)?.split(' ')[0]);
  return {
    call,
    calls,
    failed: said.filter((line) => !line.includes(' calls ')).slice(0, 3),
    sent: relay.sent,
    acknowledged: relay.acknowledged,
    stored: observed.executions,
    notObserved: observed.notObserved,
    reasons: Object.fromEntries(observed.notObservedByReason),
    exact: observed.exact,
    starts,
    defects,
    stuck,
    movedAside,
    left: openFiles(dataDir),
  };
}

/** Files below a directory that this process holds. @param {string} directory */
function openFiles(directory) {
  const files = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return files.filter((file) => file.startsWith(directory));
}

/** Prime, and about the golden part of all calls: the first few in this order are spread over the whole life. */
const STRIDE = 1361;

const [, , directory, how, last, first, step, seconds] = process.argv;
const endMs = performance.now() + 1000 * Number(seconds);
// Call 0 is that none fails.
for (let n = Number(first); n < Math.max(1, Number(last)) && performance.now() < endMs; n += Number(step)) {
  const call = Number(last) === 0 ? 0 : 1 + ((n * STRIDE) % Number(last));
  const dataDir = path.join(directory, `call-${call}`);
  process.stdout.write(`${JSON.stringify({ begins: call, turn: n })}\n`);
  rmSync(String(process.env.IO_FAULTS_LOG), { force: true });
  process.stdout.write(`${JSON.stringify(await live(dataDir, call, how))}\n`);
  for (const each of [dataDir, `${dataDir}-crashed`]) rmSync(each, { recursive: true, force: true });
}
