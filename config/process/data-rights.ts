// Says who else can get at a data directory that was there before pgwitness.
// Invariant: it looks, and changes nothing: the mode of a directory that exists is its owner's choice.
// Not here: making the directory and its files (storage/sqlite/file/).

import { type Stats, statSync } from 'node:fs';
import path from 'node:path';

/** A warning; none for a directory that is private, or not there yet. */
export function dataRightsWarnings(dataDir: string): string[] {
  const found = statOf(dataDir);
  // Windows has neither modes nor user ids.
  if (found === undefined || !found.isDirectory() || process.geteuid === undefined) return [];
  const directory = path.resolve(dataDir);
  const isForeign = found.uid !== 0 && found.uid !== process.geteuid();
  if (isForeign) {
    return [`the data directory ${directory} belongs to another user (uid ${found.uid}), who can replace its files`];
  }
  const mode = found.mode & 0o777;
  if ((mode & 0o077) === 0) return [];
  const others = (mode & 0o022) === 0 ? 'can look into it' : 'can replace its files';
  const hint = `chmod 700 ${directory}, or name a directory that does not exist yet`;
  return [`the data directory ${directory} has mode ${mode.toString(8)}: other users ${others}: ${hint}`];
}

/** undefined where nothing is, or nothing that can be looked at: opening it says why. */
function statOf(directory: string): Stats | undefined {
  try {
    return statSync(directory);
  } catch {
    return undefined;
  }
}
