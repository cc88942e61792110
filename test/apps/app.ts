// The Python environment of the application tests, and the check that a program ran to its end.
// Not here: the applications (*.py), the sidecar (test/kit/witness.ts).

import path from 'node:path';
import { ROOT } from '../../scripts/lib/paths.mjs';
import type { Python } from '../kit/python.js';

const FOLDER = path.join(ROOT, 'test', 'apps');

/** Packages of the applications. */
export const APP_REQUIREMENTS = path.join(FOLDER, 'requirements.txt');

/** Runs a file of this folder to its end. Throws with what it printed where it failed. */
export async function runApp(
  python: Python,
  file: string,
  { env, args = [] }: { env: NodeJS.ProcessEnv; args?: readonly string[] },
): Promise<string> {
  const { code, stdout, stderr } = await python.runFile(path.join(FOLDER, file), { env, args, cwd: FOLDER });
  if (code !== 0) throw new Error(`${file} ended with ${code}:\n${stderr.trim() || stdout.trim()}`);
  return stdout;
}
