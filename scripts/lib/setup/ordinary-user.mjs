// Finds a user to run Postgres as: initdb and postgres refuse to run as root.
// Invariant: an ordinary user runs it as itself; root drops to `postgres` where that user exists, else to `nobody`.
// Not here: file ownership.

import { runCommand } from '../run-command.mjs';

/** @typedef {{ uid: number, gid: number }} User */

/** @returns {Promise<User | undefined>} undefined = run as the user that runs this */
export async function ordinaryUser() {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const uid = await runCommand('id', ['-u', name]);
    const gid = await runCommand('id', ['-g', name]);
    if (uid.code === 0 && gid.code === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error(
    'Postgres does not run as root, and there is neither a user "postgres" nor "nobody": run this as an ordinary user',
  );
}
