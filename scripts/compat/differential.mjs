// Runs one suite direct and through pgwitness, each time on a fresh server.
// Then comes the account of pgwitness.
// Invariant: what differs is run a second time, both ways, before it is called a difference.
// Not here: what the suites are.

import { differences, settled, totals } from './comparison.mjs';
import { startWitness } from './witness.mjs';

/**
 * @typedef {object} Target
 * @property {string} host
 * @property {number} port
 *
 * @typedef {object} Case one suite with one driver against one server
 * @property {string} name
 * @property {() => Promise<import('../lib/postgres.mjs').Postgres>} server a fresh one
 * @property {(target: Target, postgres: import('../lib/postgres.mjs').Postgres, note: (text: string) => void)
 *   => Promise<import('./comparison.mjs').Results>} run
 * @property {(postgres: import('../lib/postgres.mjs').Postgres, account: import('./witness.mjs').Account)
 *   => Promise<string[]>} [audit] more that must hold after the proxied run; returns failures
 * @property {import('./witness.mjs').Allowed} [allowed]
 * @property {string} [remark] why, for the document
 *
 * @typedef {object} Outcome
 * @property {string} name
 * @property {string} server version
 * @property {{ tests: number, passed: number, failed: number, skipped: number }} direct
 * @property {{ tests: number, passed: number, failed: number, skipped: number }} proxied
 * @property {number} directMs
 * @property {number} proxiedMs
 * @property {string[]} failedBoth tests that fail without pgwitness too
 * @property {import('./comparison.mjs').Difference[]} differing
 * @property {import('./comparison.mjs').Difference[]} unsteady
 * @property {import('./witness.mjs').Account} account
 * @property {string} [remark]
 * @property {boolean} ok
 */

/** @param {Case} suite @param {(text: string) => void} note */
async function runDirect(suite, note) {
  const postgres = await suite.server();
  try {
    const startedAt = Date.now();
    const results = await suite.run(postgres, postgres, (text) => note(`direct: ${text}`));
    return { results, ms: Date.now() - startedAt, version: postgres.version };
  } finally {
    await postgres.stop();
  }
}

/** @param {Case} suite @param {(text: string) => void} note */
async function runProxied(suite, note) {
  const postgres = await suite.server();
  try {
    const witness = await startWitness(postgres);
    try {
      const startedAt = Date.now();
      const results = await suite.run(witness, postgres, (text) => note(`proxied: ${text}`));
      const ms = Date.now() - startedAt;
      note('asking pgwitness');
      const account = await witness.account(suite.allowed);
      account.failures.push(...((await suite.audit?.(postgres, account)) ?? []));
      return { results, ms, account };
    } finally {
      await witness.close();
    }
  } finally {
    await postgres.stop();
  }
}

/**
 * @param {Case} suite
 * @param {(text: string) => void} note
 * @returns {Promise<Outcome>}
 */
export async function runCase(suite, note) {
  const first = { direct: await runDirect(suite, note), proxied: await runProxied(suite, note) };
  const passes = [differences(first.direct.results, first.proxied.results)];
  const accounts = [first.proxied.account];
  if (passes[0].length > 0) {
    note(`${passes[0].length} differ: once more`);
    const again = { direct: await runDirect(suite, note), proxied: await runProxied(suite, note) };
    passes.push(differences(again.direct.results, again.proxied.results));
    accounts.push(again.proxied.account);
  }
  const { differing, unsteady } = settled(passes);
  const account = accounts.find(({ failures }) => failures.length > 0) ?? accounts[0];
  const direct = totals(first.direct.results);
  const proxied = totals(first.proxied.results);
  note(`${proxied.passed} of ${proxied.tests} passed, direct ${direct.passed}, ${differing.length} differ`);
  const failedBoth = [...first.direct.results].filter(
    ([test, { outcome }]) => outcome === 'failed' && first.proxied.results.get(test)?.outcome === 'failed',
  );
  return {
    name: suite.name,
    server: first.direct.version,
    direct,
    proxied,
    directMs: first.direct.ms,
    proxiedMs: first.proxied.ms,
    failedBoth: failedBoth.map(([test]) => test),
    differing,
    unsteady,
    account,
    remark: suite.remark,
    ok: differing.length === 0 && account.failures.length === 0 && direct.passed > 0,
  };
}
