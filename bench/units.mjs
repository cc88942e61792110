// Measures what units of work cost, per statement: fed, settled, ended, flushed.
// Nothing but the units is measured: what a statement is besides (its text, its measures) is made beside it, as garbage
// of the size that the observer makes, and the same without units is taken off. Prints; asserts nothing.
// Run: npm run build && node bench/units.mjs [--only CASE,…]

import { execFileSync } from 'node:child_process';
import { optionsOf } from '../scripts/lib/options.mjs';
import { actAsObserver, OBSERVER_HEAP } from './lib/observing.mjs';

const dist = process.env.PGWITNESS_DIST ?? new URL('../dist', import.meta.url).pathname;
const { Units } = /** @type {typeof import('../dist/analyzer/work/units.js')} */ (
  await import(`${dist}/analyzer/work/units.js`)
);
const { UnitFeed } = /** @type {typeof import('../dist/analyzer/unit-feed.js')} */ (
  await import(`${dist}/analyzer/unit-feed.js`)
);
const { NO_REQUEST, requestIdsOf } =
  /** @type {typeof import('../dist/analyzer/attribution/comments/request-tags.js')} */ (
    await import(`${dist}/analyzer/attribution/comments/request-tags.js`)
  );
const { wholeOf } = /** @type {typeof import('../dist/facts/execution-values.js')} */ (
  await import(`${dist}/facts/execution-values.js`)
);
const { emptyStatement } = /** @type {typeof import('../dist/proxy/stream/observation.js')} */ (
  await import(`${dist}/proxy/stream/observation.js`)
);

const T0 = 1_800_000_000_000;
const SESSIONS = 8;
const REQUEST_STATEMENTS = 20;
const PAUSE_MS = 30;
const FLUSH_STATEMENTS = 8_000;
const TURNS = 60;
const WARM_TURNS = 12;

/** @typedef {import('../dist/analyzer/sessions/observed-session.js').Attributable} Attributable */
/** Tags beside the trace, as Django's instrumentation sends them. */
const NAMED = [
  ['controller', 'book'],
  ['db_driver', 'django'],
  ['framework', 'django:5.2'],
  ['route', '/books/<int:pk>/'],
];
const TAG_SET = '{"controller":"book","db_driver":"django","route":"/books/<int:pk>/"}';

/** Each: how many statements differ, and the tags of a request. */
const CASES = {
  'one statement, untagged': { others: 1, tagSet: '', isTraced: false },
  'others each, untagged': { others: REQUEST_STATEMENTS, tagSet: '', isTraced: false },
  'others each, tagged': { others: REQUEST_STATEMENTS, tagSet: TAG_SET, isTraced: false },
  'one statement, traced': { others: 1, tagSet: TAG_SET, isTraced: true },
  'others each, traced': { others: REQUEST_STATEMENTS, tagSet: TAG_SET, isTraced: true },
};

/** @param {string} name */
function costOf(name) {
  const traffic = new Traffic(CASES[/** @type {keyof typeof CASES} */ (name)]);
  const units = new Units({ tellsApart: () => true });
  const feed = new UnitFeed(units);
  /** @type {number[][]} */
  const [withUnits, without] = [[], []];
  for (let turn = 0; turn < TURNS; turn++) {
    const one = nsOf(() => {
      for (let n = 0; n < FLUSH_STATEMENTS; n++) {
        const { session, fed } = traffic.next();
        const inUnit = feed.take(session, fed);
        const { tagSet, unitTagSet } = inUnit;
        units.settled(inUnit, { source: 'django-orm', construct: 'queryset', pool: 'p1', tagSet, unitTagSet });
      }
      units.tick(traffic.atMs);
      for (const rows of [units.requests, units.statements, units.samples, units.counted]) {
        for (const _ of rows.pending()) {
        }
        rows.stored();
      }
    });
    const other = nsOf(() => {
      for (let n = 0; n < FLUSH_STATEMENTS; n++) traffic.next();
    });
    if (turn < WARM_TURNS) continue;
    withUnits.push(one / FLUSH_STATEMENTS);
    without.push(other / FLUSH_STATEMENTS);
  }
  const besides = lowerQuartile(without);
  const ns = (lowerQuartile(withUnits) - besides).toFixed(0).padStart(5);
  return `${name.padEnd(28)} ${ns} ns per statement, beside ${besides.toFixed(0)} without units`;
}

class Traffic {
  atMs = T0;
  #n = 0;
  #case;
  #request = 0;
  #statements;
  /** @type {any[]} */
  #sessions;
  /** @type {Attributable['tags'][]} */
  #tags;

  /** @param {(typeof CASES)[keyof typeof CASES]} of */
  constructor(of) {
    this.#case = of;
    this.#statements = Array.from({ length: of.others }, (_, n) => attributable(n, of.tagSet));
    this.#tags = Array.from({ length: SESSIONS }, () => /** @type {any} */ ({ pairs: [], request: NO_REQUEST }));
    this.#sessions = Array.from({ length: SESSIONS }, (_, n) => ({
      facts: { relayId: 'bench', sessionId: n + 1, startup: [['user', 'app']], openedAtMs: T0 },
      statements: 0,
      member: { running: false },
      settled: true,
      profile: { clueBits: 0 },
      work: undefined,
    }));
  }

  /** The next statement, as the pipeline hands it on. */
  next() {
    const n = this.#n++;
    const at = n % SESSIONS;
    const position = Math.floor(n / SESSIONS) % REQUEST_STATEMENTS;
    if (at === 0) this.atMs += position === 0 ? PAUSE_MS : 0.3;
    const known = this.#statements[position % this.#case.others];
    let statement = known;
    if (this.#case.isTraced) {
      if (position === 0) {
        const id = (++this.#request).toString(16).padStart(32, '0');
        const pairs = [...NAMED, ['traceparent', `00-${id}-b7ad6b7169203331-01`]];
        // As a comment is read: once while it repeats.
        this.#tags[at] = /** @type {any} */ ({ pairs, request: requestIdsOf(/** @type {any} */ (pairs)) });
      }
      statement = { ...known, tags: this.#tags[at] };
    }
    const observation = emptyStatement();
    const measured = wholeOf(observation, {
      completedAtMs: this.atMs,
      sqlstate: '',
      command: 'SELECT',
      rows: 1,
      batched: false,
      parameters: { parameterHash: 1 + n, parameterCount: 1, parametersCut: false },
    });
    measured.serviceNs = 150_000 + (n % 100) * 997;
    /** @type {import('../dist/analyzer/unit-feed.js').Fed} */
    const fed = {
      statement,
      measured,
      context: { protocol: 'extended', statementName: '', transactionBefore: 'I' },
      transactionAfter: 'I',
    };
    return { session: this.#sessions[at], fed };
  }
}

/** @param {number} n @param {string} tagSet @returns {Attributable} */
function attributable(n, tagSet) {
  const fingerprint = Object.keys({ [(0x9e3779b97f4a7c15n * BigInt(n + 1)).toString(16).slice(0, 16)]: 0 })[0];
  const shape = /** @type {any} */ ({ reads: 'rows', housekeeping: '', clues: [] });
  const tags = /** @type {any} */ ({ pairs: [], request: NO_REQUEST });
  return { fingerprint, shape, tags, tagSet, unitTagSet: tagSet, sqlMatches: [] };
}

/** Other work on the machine lengthens some turns. @param {readonly number[]} values */
function lowerQuartile(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 4)];
}

/** @param {() => void} work */
function nsOf(work) {
  const began = process.cpuUsage();
  work();
  const used = process.cpuUsage(began);
  return (used.user + used.system) * 1000;
}

const { only, child } = optionsOf('units', {
  usage: 'node bench/units.mjs [--only CASE,…]',
  options: { only: { type: 'string', default: '' }, child: { type: 'string', default: '' } },
});
if (child !== '') {
  await actAsObserver(dist);
  console.log(costOf(child));
  process.exit();
}
for (const name of Object.keys(CASES)) {
  if (only !== '' && !only.split(',').some((part) => name.startsWith(part))) continue;
  const script = new URL(import.meta.url).pathname;
  execFileSync(process.execPath, [...OBSERVER_HEAP, script, '--child', name], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
