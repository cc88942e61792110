// The Python environment of the example shop, for tests.
// Django, SQLAlchemy, psycopg, psycopg2, asyncpg.
// Invariant: without it such tests are skipped with the reason printed; in CI they fail.
// Not here: what a test runs in it.

import { describe, test } from 'vitest';
import { type CommandResult, runCommand } from '../../scripts/lib/run-command.mjs';
import { pythonEnvironment } from '../../scripts/lib/setup/python.mjs';

export interface Python {
  /** Path of the environment's interpreter. */
  readonly executable: string;
  /** Runs a program text to its end; a traceback is in stderr and the exit code is 1. */
  run(program: string, options?: PythonOptions): Promise<CommandResult>;
  /** Runs a file to its end. */
  runFile(file: string, options?: PythonOptions): Promise<CommandResult>;
}

export interface PythonOptions {
  readonly args?: readonly string[];
  /** Added to this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
}

function pythonAt(executable: string): Python {
  const run = (head: readonly string[], { args = [], env = {}, cwd }: PythonOptions = {}) =>
    runCommand(executable, [...head, ...args], { cwd, env: { ...process.env, ...env } });
  return {
    executable,
    run: (program, options) => run(['-c', program], options),
    runFile: (file, options) => run([file], options),
  };
}

/**
 * A describe whose tests need a Python environment. Await it: the environment is looked for (and made) before tests
 * are collected.
 * @param requirements file of another environment than the shop's
 */
export async function describeWithPython(
  name: string,
  body: (python: Python) => void,
  { requirements }: { requirements?: string } = {},
): Promise<void> {
  const found = await pythonEnvironment(() => {}, requirements);
  if ('python' in found) {
    describe(name, () => body(pythonAt(found.python)));
    return;
  }
  if (process.env.CI) {
    test(name, () => {
      throw new Error(`these tests need Python, and CI must have it: ${found.missing}`);
    });
    return;
  }
  console.warn(`skipped: ${name}: ${found.missing}`);
  test.skip(name, () => {});
}
