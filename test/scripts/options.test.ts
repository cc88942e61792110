// Scripts name an option they do not know, and answer --help, before they start anything.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..', '..');

function run(script: string, ...args: string[]) {
  return spawnSync(process.execPath, [path.join(ROOT, script), ...args], { encoding: 'utf8' });
}

describe.each(['bench/main.mjs', 'scripts/fuzz.mjs'])('%s', (script) => {
  test.each([
    [['--bogus'], "Unknown option '--bogus'"],
    [['extra'], "Unexpected argument 'extra'"],
  ])('%s', (args, what) => {
    const { status, stdout, stderr } = run(script, ...args);
    expect(stderr).toMatch(/^\w+: .+; usage: npm run .+\n$/);
    expect(stderr).toContain(what);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });

  test('--help', () => {
    const { status, stdout, stderr } = run(script, '--help');
    expect(stdout).toMatch(/^usage: npm run /);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('scripts/demo.mjs', () => {
  test('--help says what it does and which ports it takes', () => {
    const { status, stdout, stderr } = run('scripts/demo.mjs', '--help');
    expect(stdout).toMatch(/^Usage: npm run demo \[-- --once --seconds N\]\n/);
    expect(stdout).toContain('ports 6433 to 6435 and 8000');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test.each([
    [['--bogus'], "Unknown option '--bogus'"],
    [['--seconds', 'soon'], '--seconds soon: a number above 0 is needed'],
  ])('%s', (args, what) => {
    const { status, stdout, stderr } = run('scripts/demo.mjs', ...args);
    expect(stderr.split('\n')[0]).toContain(what);
    expect(stderr).toContain('Usage: npm run demo');
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});
