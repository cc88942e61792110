// Keeps memory out of core files: it holds statements with their literals.
// A process cannot lower its own limit of core files from Node, but on Linux it can say what a dump of it holds.
// Invariant: the entry of the command imports this file before anything of a client is in memory; processes that it
// starts inherit the setting. Not here: the limits themselves (deploy/).

import { readFileSync, writeFileSync } from 'node:fs';

const FILTER_FILE = '/proc/self/coredump_filter';

/** Of no mapping the content. */
const NOTHING = '0x0';

/** True when a core file of this process holds no memory; registers are in every one. */
const filtered = filterNothing();

function filterNothing(): boolean {
  try {
    writeFileSync(FILTER_FILE, NOTHING);
    return Number.parseInt(readFileSync(FILTER_FILE, 'latin1'), 16) === 0;
  } catch {
    return false;
  }
}

export interface CoreSettings {
  /** Whether dumps of this process hold no memory. */
  readonly filtered: boolean;
  /** /proc/self/limits. */
  readonly limits: string;
  /** /proc/sys/kernel/core_pattern. */
  readonly pattern: string;
}

/** Returns what makes a core file with memory possible; undefined when none is, or when the system does not tell. */
export function coreRisk({ filtered, limits, pattern }: CoreSettings): string | undefined {
  if (filtered) return undefined;
  const soft = /^Max core file size\s+(\S+)/m.exec(limits)?.[1];
  if (soft === undefined) return undefined;
  // A program that takes core files gets them whatever the limit is.
  if (pattern.startsWith('|')) return 'the system hands core files to a program';
  return soft === '0' ? undefined : `core files of ${soft} bytes are allowed`;
}

/** As coreRisk, of this process. */
export function ownCoreRisk(): string | undefined {
  const read = (path: string) => {
    try {
      return readFileSync(path, 'latin1');
    } catch {
      return '';
    }
  };
  return coreRisk({
    filtered,
    limits: read('/proc/self/limits'),
    pattern: read('/proc/sys/kernel/core_pattern').trim(),
  });
}
