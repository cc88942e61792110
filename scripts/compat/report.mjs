// docs/COMPATIBILITY.md, written from the results of the latest run of each suite.
// Invariant: every number in the document comes from a run; only what no proxy can pass is text (impossible.mjs).

import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import path from 'node:path';
import { CACHE, ROOT } from '../lib/paths.mjs';
import { inWords } from '../lib/progress.mjs';
import { IMPOSSIBLE } from './impossible.mjs';
import { SUITES } from './suites.mjs';

const RESULTS = path.join(CACHE, 'compat', 'results');
const DOCUMENT = path.join(ROOT, 'docs', 'COMPATIBILITY.md');

/**
 * @typedef {object} SuiteResult
 * @property {string} suite
 * @property {string} [missing] why it was skipped
 * @property {string} [version]
 * @property {readonly import('./differential.mjs').Outcome[]} [outcomes]
 * @property {string} [day]
 */

/** @param {SuiteResult} result */
export function saveResult(result) {
  mkdirSync(RESULTS, { recursive: true });
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(path.join(RESULTS, `${result.suite}.json`), JSON.stringify({ ...result, day }, undefined, 1));
}

/** @param {string} suite @returns {SuiteResult | undefined} */
function resultOf(suite) {
  const file = path.join(RESULTS, `${suite}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

const number = (/** @type {number} */ value) => value.toLocaleString('en-US');

/**
 * @param {readonly (readonly string[])[]} rows the first is the head; columns after the first are right-aligned when
 * numeric
 */
function table(rows) {
  const [head, ...body] = rows;
  const rule = head.map((_, i) => (body.every((row) => /^[\d,.]*( m?s| min.*)?$/.test(row[i])) ? '--:' : ':--'));
  const cell = (/** @type {string} */ text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  return [head, rule, ...body].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');
}

/** @param {readonly { outcome: import('./differential.mjs').Outcome }[]} runs */
function resultTable(runs) {
  return table([
    [
      'run',
      'server',
      'tests',
      'passed direct',
      'passed proxied',
      'skipped',
      'fail both',
      'differ',
      'time direct',
      'time proxied',
    ],
    ...runs.map(({ outcome: o }) => [
      o.name,
      o.server,
      number(o.direct.tests),
      number(o.direct.passed),
      number(o.proxied.passed),
      number(o.proxied.skipped),
      number(o.failedBoth.length),
      number(o.differing.length),
      inWords(o.directMs),
      inWords(o.proxiedMs),
    ]),
  ]);
}

/** @param {readonly { outcome: import('./differential.mjs').Outcome }[]} runs */
function accountTable(runs) {
  return table([
    [
      'run',
      'sessions',
      'server answered',
      'FATAL, suspended',
      'observed',
      'not observed',
      'text unknown',
      'opaque',
      'adrift',
      'unmatched',
      'log problems',
    ],
    ...runs.map(({ outcome: { name, account: a } }) => [
      name,
      number(a.sessions),
      number(a.answered.completed + a.answered.errors),
      number(a.answered.fatal + a.answered.suspended),
      number(a.observed),
      number(a.notObserved),
      number(a.unknownText),
      number(a.opaque),
      number(a.adrift),
      number(a.unmatched),
      number(a.logProblems.length),
    ]),
  ]);
}

/** @param {readonly { outcome: import('./differential.mjs').Outcome }[]} runs */
function remarks(runs) {
  const lines = runs.flatMap(({ outcome: { name, differing, unsteady, failedBoth, account } }) => [
    ...differing.map((one) => `- ${name}: **${one.test}** ${one.direct} direct, ${one.proxied} through pgwitness`),
    ...unsteady.map((one) => `- ${name}: ${one.test} differed in one of two passes (timing)`),
    ...(failedBoth.length > 0 ? [`- ${name}: fail with and without pgwitness: ${failedBoth.join(', ')}`] : []),
    ...account.failures.map((failure) => `- ${name}: **${failure}**`),
  ]);
  return lines.length > 0 ? lines.join('\n') : 'No test differed, and every counter is what it has to be.';
}

/** @param {readonly SuiteResult[]} results */
function missingLines(results) {
  return results.flatMap(({ suite, missing }) => (missing === undefined ? [] : [`- \`${suite}\`: ${missing}`]));
}

export function writeDocument() {
  const results = SUITES.flatMap((suite) => resultOf(suite.name) ?? []);
  const runs = results.flatMap(({ outcomes = [] }) => outcomes.map((outcome) => ({ outcome })));
  const missing = missingLines(results);
  const explained = runs.flatMap(({ outcome: { name, remark } }) =>
    remark === undefined ? [] : [`${name}: ${remark}`],
  );
  const [cpu] = cpus();
  const text = `# Compatibility

Test suites of others, run direct and through pgwitness on a fresh server each time, and compared test by test.
This file is written by \`npm run test:compat\`; \`npm run test:compat -- SUITE\` runs one suite and renews its rows.

Machine: ${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release().split('-')[0]}, Node ${process.versions.node}.
Times depend on what else the machine was doing; they are no measure of speed.

${table([
  ['suite', 'what runs', 'version', 'run on'],
  ...results.map(({ suite, version, day }) => {
    const { title, about } = SUITES.find(({ name }) => name === suite) ?? { title: suite, about: '' };
    return [`${title} (\`${suite}\`)`, about, version ?? 'not run', day ?? ''];
  }),
])}

## Results

${resultTable(runs)}

A test that differed was run once more both ways; it is a difference when it differed again.

${remarks(runs)}
${missing.length > 0 ? `\nNot run here:\n\n${missing.join('\n')}\n` : ''}
## Every statement accounted for

Between pgwitness and the server stood a second relay, which shares no code with pgwitness and counts CommandComplete and ErrorResponse.
What the server answered has to be what pgwitness stored (\`top --json\`) as observed and not observed. A FATAL error may answer a
statement or none, and a portal left suspended is a call without CommandComplete: by as many the numbers may differ. Opaque are the
replication connections, whose traffic is passed and not interpreted.

${accountTable(runs)}
${explained.length > 0 ? `\n${explained.join('\n\n')}\n` : ''}
## What cannot pass through a proxy

${table([['what', 'why', 'what to do'], ...IMPOSSIBLE])}
`;
  writeFileSync(DOCUMENT, text);
}
