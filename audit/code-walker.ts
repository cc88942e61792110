// Finds a Python and has it list the code's places: the walker of clients/python.
// Invariant: nothing of the code is imported or run. Not here: the walker (clients/python/pgwitness/audit).

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { RuntimeError } from '../config/values/errors.js';
import { type Catalogue, parseCatalogue } from './catalogue.js';

const PYTHONS = ['python3', 'python'];
const OUTPUT_BYTES_MAX = 512 * 1024 * 1024;
const TIMEOUT_MS = 600_000;

export interface CodeFlags {
  readonly python?: string;
  readonly exclude?: readonly string[];
  readonly includeTests?: boolean;
}

/** Throws RuntimeError where no Python can be had, and with the walker's own words where it fails. */
export function auditCode(root: string, { python, exclude = [], includeTests }: CodeFlags): Catalogue {
  const args = ['-m', 'pgwitness.audit', root, '--output', '-'];
  for (const pattern of exclude) args.push('--exclude', pattern);
  if (includeTests === true) args.push('--include-tests');
  const env = {
    ...process.env,
    PYTHONPATH: [packageFolder(), process.env.PYTHONPATH].filter(Boolean).join(path.delimiter),
  };
  for (const command of python === undefined ? PYTHONS : [python]) {
    const ran = spawnSync(command, args, { env, encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX, timeout: TIMEOUT_MS });
    if ((ran.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') continue;
    if (ran.status === 0) return parseCatalogue(ran.stdout, root);
    const said = (ran.stderr ?? '').trim().split('\n').at(-1) ?? '';
    throw new RuntimeError(`the code cannot be audited: ${said.replace(/^error: /, '') || ran.error?.message}`, {
      where: root,
      hint: 'Python 3.10 or newer is needed: name one with --python',
    });
  }
  throw new RuntimeError('no Python was found', {
    where: python ?? PYTHONS.join(', '),
    hint: 'name one with --python, or make audit.json elsewhere and give it with --code',
  });
}

/** Where the Python package lies beside this program: in the clone, and in the npm package. */
function packageFolder(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'clients', 'python')) && path.dirname(folder) !== folder)
    folder = path.dirname(folder);
  return path.join(folder, 'clients', 'python');
}
