// Compiles the library that makes calls to the disk fail, for tests to load into a process.
// Not here: what it fails and how (io-faults.c).

import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export type FaultsLibrary = string;

const SOURCE = path.join(import.meta.dirname, 'io-faults.c');

/** Why it cannot be had here; '' = it can. In CI it must. */
export const NO_FAULTS = reason();

function reason(): string {
  if (process.platform !== 'linux') return 'calls to the disk are failed on Linux alone';
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
    return '';
  } catch {
    return 'there is no gcc, which compiles test/kit/io-faults/io-faults.c';
  }
}

/** Returns the path of the library. Throws with the compiler's words. */
export function compileFaults(): FaultsLibrary {
  const library = path.join(mkdtempSync(path.join(tmpdir(), 'pgwitness-faults-')), 'io-faults.so');
  execFileSync('gcc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', '-o', library, SOURCE, '-ldl']);
  return library;
}

export interface Faults {
  /** Calls on files below it fail. */
  directory: string;
  /** Where a line is written for each call that was failed. */
  log: string;
  /** The call that fails, from 1; default: none. */
  at?: number;
  /** Two digits, see io-faults.c. */
  how?: string;
}

/** What to add to the environment of a process. */
export function faultsEnv(library: FaultsLibrary, { directory, log, at = 0, how = '00' }: Faults): NodeJS.ProcessEnv {
  return {
    LD_PRELOAD: library,
    IO_FAULTS_DIR: directory,
    IO_FAULTS_LOG: log,
    IO_FAULTS_AT: String(at),
    IO_FAULTS_HOW: how,
  };
}
