// pgwitness in front of a Postgres for one run of a suite, and its account of that run.
//
//   suite ──► pgwitness ──► counting relay ──► Postgres
//
// Invariant: the verdict is of what pgwitness stored, read after it ended. Not here: running suites (differential.mjs).

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../lib/paths.mjs';
import { runOrThrow } from '../lib/run-command.mjs';
import { startSidecar } from '../lib/sidecar.mjs';
import { startCountingRelay } from './counting-relay.mjs';

/** Sessions settle within two seconds, and a flush follows within one more. */
const SETTLED_MS = 3500;
const CLOSED_TIMEOUT_MS = 15_000;

/**
 * @typedef {object} Account
 * @property {number} sessions
 * @property {number} replicationSessions never interpreted, so opaque
 * @property {number} observed executions stored
 * @property {number} notObserved
 * @property {Record<string, number>} notObservedByReason
 * @property {number} unknownText executions whose SQL text was not known
 * @property {number} opaque
 * @property {number} adrift
 * @property {number} unmatched ReadyForQuery that no request was waiting for
 * @property {import('./counting-relay.mjs').Answered} answered by the server, counted independently
 * @property {string[]} logProblems warnings and errors in its log
 * @property {string[]} failures what must not be
 */

/** @typedef {ReturnType<typeof import('../../dist/reports/forms/status-json.js').statusJson>} Status */

/** @param {string} output @returns {string[]} the lines above level info, and what is no log line at all */
function problemsIn(output) {
  return output.split('\n').filter((line) => line !== '' && !/^\{"level":"(info|debug)"/.test(line));
}

/**
 * @typedef {object} Allowed what a suite makes happen on purpose
 * @property {number} [unmatchedMax] ReadyForQuery without a request
 * @property {RegExp} [logAllowed] warnings
 */

/** @param {Omit<Account, 'failures'>} account @param {Allowed} allowed @returns {string[]} */
function failuresOf(account, { unmatchedMax = 0, logAllowed }) {
  const { answered } = account;
  const failures = [];
  const opaque = account.opaque - account.replicationSessions;
  if (opaque !== 0) failures.push(`${opaque} opaque sessions`);
  if (account.adrift > 0) failures.push(`${account.adrift} times adrift`);
  if (account.unmatched > unmatchedMax) failures.push(`${account.unmatched} unmatched completions`);
  const said = account.observed + account.notObserved;
  const least = answered.completed + answered.errors;
  // A FATAL error may answer a statement or none, a suspended portal may be run to its end or not.
  const most = least + answered.fatal + answered.suspended;
  if (said < least || said > most)
    failures.push(
      `observed ${account.observed} + not observed ${account.notObserved}, but the server answered ${least}`,
    );
  for (const line of account.logProblems)
    if (!logAllowed?.test(line)) failures.push(`its log says: ${line.slice(0, 300)}`);
  return failures;
}

/**
 * @param {import('../lib/postgres.mjs').Postgres} postgres
 * @returns {Promise<{ host: string, port: number, account: (allowed?: Allowed) => Promise<Account>,
 *   close: () => Promise<void> }>} `account` ends pgwitness
 */
export async function startWitness(postgres) {
  const relay = await startCountingRelay(postgres);
  const data = mkdtempSync(path.join(tmpdir(), 'pgwitness-compat-data-'));
  const sidecar = await startSidecar({ upstream: relay, data }).catch((error) => {
    relay.close();
    throw error;
  });
  const close = async () => {
    await sidecar.stop();
    relay.close();
    rmSync(data, { recursive: true, force: true });
  };
  const status = async () => /** @type {Status} */ (await (await fetch(`${sidecar.httpUrl}/api/v1/status`)).json());

  /** @param {Allowed} [allowed] @returns {Promise<Account>} */
  async function account(allowed = {}) {
    if (!sidecar.running()) throw new Error(`pgwitness ended during the suite. It said:\n${sidecar.output()}`);
    const deadline = Date.now() + CLOSED_TIMEOUT_MS;
    await sleep(SETTLED_MS);
    let said = await status();
    while (said.sessions_open > 0 && Date.now() < deadline) {
      await sleep(500);
      said = await status();
    }
    await sidecar.stop();
    const main = path.join(ROOT, 'dist', 'cli', 'main.js');
    const top = await runOrThrow(process.execPath, [main, 'top', '--json', '--limit', '1', '--data', data]);
    /** @type {import('../../dist/reports/forms/statements-json.js').StatementsJson} */
    const { observed } = JSON.parse(top.stdout);
    const counters = said.counters;
    const found = {
      sessions: counters['relay.sessionsTotal'],
      replicationSessions: relay.answered().replication,
      observed: observed.executions,
      notObserved: observed.not_observed,
      notObservedByReason: said.observed.not_observed_by_reason,
      unknownText: observed.unknown,
      opaque: counters['relay.opaqueTotal'],
      adrift: counters['relay.adriftTotal'],
      unmatched: counters['relay.unmatchedReadyTotal'],
      answered: relay.answered(),
      logProblems: problemsIn(sidecar.output()),
    };
    return { ...found, failures: failuresOf(found, allowed) };
  }
  return { host: sidecar.host, port: sidecar.port, account, close };
}
