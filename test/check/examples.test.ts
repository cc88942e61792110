// The examples for GitHub Actions and GitLab: YAML whose commands pgwitness takes.
// Not here: the services themselves, which nothing here can run.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readMax, readNoNew, readNone } from '../../reports/check/asked/conditions.js';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { pgwitness } from '../cli/command.js';

const fileOf = (name: string) => readFileSync(path.join(ROOT, 'deploy', 'ci', name), 'utf8');
const github = parse(fileOf('github-actions.yml'));
const gitlab = parse(fileOf('gitlab-ci.yml'));

/** The words of each command of ours, quotes taken off. */
function commandsIn(scripts: readonly string[]): string[][] {
  const lines = scripts.flatMap((script) => script.split('\n')).filter((line) => line.startsWith('pgwitness '));
  return lines.map((line) => [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain));
}

const COMMANDS = [
  ...commandsIn(github.jobs.tests.steps.flatMap(({ run }: { run?: string }) => run ?? [])),
  ...commandsIn([...gitlab.tests.script, ...gitlab['staging-gate'].script]),
];

beforeAll(() => build(() => {}));

describe('GitHub Actions', () => {
  test('is a workflow: what starts it, and steps that use or run something', () => {
    expect(Object.keys(github)).toEqual(['name', 'on', 'jobs']);
    const { 'runs-on': runsOn, steps, services } = github.jobs.tests;
    expect(runsOn).toBe('ubuntu-latest');
    for (const step of steps) expect('uses' in step !== 'run' in step, JSON.stringify(step)).toBe(true);
    expect(services.postgres.ports).toEqual(['5432:5432']);
  });
});

describe('GitLab', () => {
  test('has jobs of its stages, and keeps the JUnit file that the command writes', () => {
    const { stages, ...jobs } = gitlab;
    for (const job of Object.values<{ stage: string; script: string[]; artifacts: { reports: { junit: string } } }>(
      jobs,
    )) {
      expect(stages).toContain(job.stage);
      for (const line of job.script) expect(typeof line).toBe('string');
      expect(commandsIn(job.script).flat()).toContain(job.artifacts.reports.junit);
    }
  });
});

test('there are commands to look at', () =>
  expect(COMMANDS.map(([, name]) => name)).toEqual(['exec', 'exec', 'check']));

test.each(COMMANDS)('%s %s has flags and conditions that pgwitness takes', async (_, name, ...rest) => {
  const own = rest.includes('--') ? rest.slice(0, rest.indexOf('--')) : rest;
  const { stdout } = await pgwitness([name, '--help']);
  for (const flag of own.filter((word) => word.startsWith('--'))) expect(stdout).toContain(`${flag} `);
  const valuesOf = (flag: string) => own.flatMap((word, at) => (word === flag ? own[at + 1] : []));
  for (const value of valuesOf('--none')) readNone(value);
  for (const value of valuesOf('--max')) readMax(value);
  for (const value of valuesOf('--no-new')) readNoNew(value);
});

test('docs/CI.md shows both files as they are', () => {
  const document = readFileSync(path.join(ROOT, 'docs', 'CI.md'), 'utf8');
  for (const name of ['github-actions.yml', 'gitlab-ci.yml'])
    expect(document).toContain(`\`\`\`yaml\n${fileOf(name)}\`\`\``);
});
