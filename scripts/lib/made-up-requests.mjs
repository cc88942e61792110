// Single requests of a made-up minute: of each route the slowest, and one more.
// Invariant: statements follow one another, with a little of the application's time between them.
// Not here: what the requests send (made-up-shop.mjs), the store's own choice (analyzer/work/unit-samples.ts).

/**
 * @typedef {import('../../dist/facts/rollup-row.js').UnitSample} UnitSample
 * @typedef {import('../../dist/facts/rollup-row.js').SampledStatement} SampledStatement
 */

const BETWEEN_MS = 0.4;
/** Longest list that is kept. */
const STATEMENTS_MAX = 100;

export class MadeUpRequests {
  /** @type {Map<string, UnitSample>} */
  #kept = new Map();

  /** @param {{ tagSet: string, minute: number }} of */
  begin({ tagSet, minute }) {
    /** @type {SampledStatement[]} */
    const statements = [];
    let atMs = 0;
    let serviceNs = 0;
    return {
      /**
       * @param {{ fingerprint: string, source: string, construct: string, pool: string, rows: number,
       *   caller: string }} statement
       * @param {readonly number[]} eachNs
       */
      add: ({ fingerprint, source, construct, pool, rows, caller }, eachNs) => {
        for (const ns of eachNs) {
          const of = { fingerprint, source, construct, pool, rows, caller, sqlstate: '', connection: 1 };
          statements.push({ ...of, startMs: atMs, serviceMs: ns / 1e6 });
          atMs += ns / 1e6 + BETWEEN_MS;
          serviceNs += ns;
        }
      },
      end: () => {
        for (const kind of /** @type {const} */ (['slowest', 'random'])) {
          const rank = kind === 'slowest' ? serviceNs : minute;
          const known = this.#kept.get(`${kind} ${tagSet}`);
          if (known !== undefined && known.rank >= rank) continue;
          this.#kept.set(`${kind} ${tagSet}`, {
            kind,
            rank,
            found: 'direct',
            boundary: 'tags',
            tagSet,
            request: '',
            atMs: minute * 60_000 + 1_000,
            durationMs: atMs - BETWEEN_MS,
            serviceNs,
            executions: statements.length,
            statements: statements.slice(0, STATEMENTS_MAX),
          });
        }
      },
    };
  }

  kept() {
    return this.#kept.values();
  }
}
