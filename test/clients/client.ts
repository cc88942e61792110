// Paths of clients/python and its test programs, and the lines of a program that bear a mark.
// Not here: the programs (*.py), the sidecar (test/kit/witness.ts).

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { RoutesJson } from '../../reports/forms/routes-json.js';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { runOrThrow } from '../../scripts/lib/run-command.mjs';
import type { Python } from '../kit/python.js';
import { MAIN } from '../kit/sidecar.js';

export const PACKAGE = path.join(ROOT, 'clients', 'python');

/** Every key that the package writes or a program adds, so that `top --json` shows it. */
export const ALL_TAGS = 'dimensionKeys: [caller, route, job, command, flag, cache, app_version]\n';

/** Requests of a route as `routes --json` has them: with statements, and without. */
export async function requestsOfRoute(data: string, route: string): Promise<{ requests: number; idle: number }> {
  const { stdout } = await runOrThrow(process.execPath, [MAIN, 'routes', '--json', '--data', data]);
  const { routes } = JSON.parse(stdout) as RoutesJson;
  const row = routes.find((one) => one.route === route);
  return { requests: row?.requests ?? 0, idle: row?.idle_requests ?? 0 };
}

/** Runs a program with the package on its path. Throws with what it printed where it failed. */
export async function runProgram(
  python: Python,
  file: string,
  { env = {}, args = [] }: { env?: NodeJS.ProcessEnv; args?: readonly string[] } = {},
): Promise<string> {
  const options = { args, cwd: path.dirname(file), env: { ...env, PYTHONPATH: PACKAGE, PYTHONDONTWRITEBYTECODE: '1' } };
  const { code, stdout, stderr } = await python.runFile(file, options);
  if (code !== 0) throw new Error(`${path.basename(file)} ended with ${code}:\n${stderr.trim() || stdout.trim()}`);
  return stdout;
}

/** `file.py:line function` of the line that ends in `# at: mark`, as the tag `caller` names it since Python 3.11. */
export function markedLine(file: string, mark: string): string {
  const lines = readFileSync(file, 'utf8').split('\n');
  const line = lines.findIndex((text) => text.endsWith(`# at: ${mark}`));
  if (line < 0) throw new Error(`${file} has no line marked ${mark}`);
  return `${path.basename(file)}:${line + 1} ${functionAt(lines, line)}`;
}

/** `Class.method`: the blocks that a line of Python is in, from their indentation. */
function functionAt(lines: readonly string[], at: number): string {
  const names: string[] = [];
  let indent = indentOf(lines[at]);
  for (let line = at; line >= 0 && indent > 0; line--) {
    if (lines[line].trim() === '' || indentOf(lines[line]) >= indent) continue;
    indent = indentOf(lines[line]);
    const name = /^\s*(?:async def|def|class) (\w+)/.exec(lines[line])?.[1];
    if (name !== undefined) names.unshift(name);
  }
  return names.join('.');
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
