// `npm run test:compat`: suites of others, direct and through pgwitness, without a difference.
// `-- SUITE…` runs those alone; `-- --require SUITE` fails where it cannot run. Runs all suites, or the ones named. A
// suite that cannot be had is skipped with its reason, unless it is required.
// Invariant: exit 0 only when nothing differed and every statement is accounted for.
// Not here: the suites (suites.mjs).

import { parseArgs } from 'node:util';
import { inWords, openProgress } from '../lib/progress.mjs';
import { build } from '../lib/setup/build.mjs';
import { install } from '../lib/setup/install.mjs';
import { runCase } from './differential.mjs';
import { saveResult, writeDocument } from './report.mjs';
import { SUITES } from './suites.mjs';

const progress = openProgress();

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { require: { type: 'string', multiple: true, default: [] } },
    });
    const wanted = [...positionals, ...values.require];
    const unknown = wanted.find((name) => !SUITES.some((suite) => suite.name === name));
    if (unknown !== undefined) throw new Error(`there is no suite "${unknown}"`);
    return { wanted, required: values.require };
  } catch (error) {
    const names = SUITES.map((suite) => suite.name).join(', ');
    progress.say(
      `${error instanceof Error ? error.message : error}\nUsage: npm run test:compat [-- SUITE…] [-- --require SUITE]\nSuites: ${names}`,
    );
    process.exit(2);
  }
}

/** @param {import('./differential.mjs').Outcome} outcome */
function tell(outcome) {
  const { direct, proxied, account } = outcome;
  const counts = `${proxied.tests} tests: ${proxied.passed} passed, direct ${direct.passed}`;
  const time = `${inWords(outcome.proxiedMs)}, direct ${inWords(outcome.directMs)}`;
  progress.say(`    ${counts} (${time}); ${account.observed} statements observed, ${account.notObserved} not observed`);
  for (const { test, direct: one, proxied: other, detail } of outcome.differing)
    progress.say(`    ✗ ${test}: ${one} direct, ${other} through pgwitness${detail ? `; ${detail}` : ''}`);
  for (const { test } of outcome.unsteady) progress.say(`    ~ ${test}: differed in one of two passes`);
  for (const failure of account.failures) progress.say(`    ✗ ${failure}`);
}

/** @param {import('./suites.mjs').Suite} suite @param {boolean} required @returns {Promise<boolean>} */
async function runSuite(suite, required) {
  const prepared = await progress.step(suite.title, suite.prepare);
  if ('missing' in prepared) {
    progress.say(`    skipped: ${prepared.missing}`);
    saveResult({ suite: suite.name, missing: prepared.missing });
    return !required;
  }
  const outcomes = [];
  for (const one of prepared.cases) {
    const outcome = await progress.step(one.name, (note) => runCase(one, note));
    tell(outcome);
    outcomes.push(outcome);
  }
  saveResult({ suite: suite.name, version: prepared.version, outcomes });
  return outcomes.every(({ ok }) => ok);
}

const { wanted, required } = options();
let ok = true;
try {
  await progress.step('Packages', install);
  await progress.step('Build', build);
  for (const suite of SUITES) {
    if (wanted.length > 0 && !wanted.includes(suite.name)) continue;
    try {
      ok = (await runSuite(suite, required.includes(suite.name))) && ok;
    } catch (error) {
      // The other suites still have something to say.
      ok = false;
      progress.say(`    ✗ ${error instanceof Error ? error.message : error}`);
    }
  }
  if (!process.env.CI) writeDocument();
} catch (error) {
  ok = false;
  progress.say(error instanceof Error ? error.message : String(error));
}
progress.say(ok ? 'No difference.' : 'Not compatible: see ✗ above.');
process.exit(ok ? 0 : 1);
