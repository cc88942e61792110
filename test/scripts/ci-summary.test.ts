// The summary of a CI run, from the results of the tests.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../scripts/lib/run-command.mjs';

const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-summary-'));

async function lastLine(results: object | undefined, exitCode: number): Promise<string> {
  const file = path.join(directory, `${Math.random()}.json`);
  if (results !== undefined) writeFileSync(file, JSON.stringify(results));
  const { stdout } = await runCommand(process.execPath, ['scripts/ci-summary.mjs', file, String(exitCode)]);
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}

function results(passed: number, failed: number, testResults: object[] = []): object {
  return { numPassedTests: passed, numFailedTests: failed, numPendingTests: 1, numTodoTests: 0, testResults };
}

test('takes the counts from the results', async () => {
  expect(await lastLine(results(12, 0), 0)).toBe('12 passed, 0 failed');
  expect(await lastLine(results(12, 3), 1)).toBe('12 passed, 3 failed');
});

test('a file that did not load is a failure', async () => {
  expect(await lastLine(results(5, 0, [{ status: 'failed', assertionResults: [] }]), 1)).toBe('5 passed, 1 failed');
});

test('a run that failed without a failed test is a failure', async () => {
  expect(await lastLine(results(5, 0), 1)).toBe('5 passed, 1 failed');
  expect(await lastLine(undefined, 1)).toBe('0 passed, 1 failed');
});
