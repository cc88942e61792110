// Prepares the path of a Unix socket for listening: removes a stale socket, makes it private.
// Invariant: a socket with a process behind it, and anything that is no socket, is left alone.
// Not here: listening (proxy/listen/listening.ts, observer/link-server.ts).

import { chmodSync, lstatSync, mkdirSync, type Stats, statSync, unlinkSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { RuntimeError } from './errors.js';

/** Length of sockaddr_un.sun_path without its terminator: 107 on Linux, 103 elsewhere. */
export const SOCKET_PATH_BYTES_MAX = process.platform === 'linux' ? 107 : 103;

/** The socket of an observer that several relays share. The data directory is always writable. */
export function sharedSocketPath(dataDir: string): string {
  return path.join(dataDir, 'link', 'observer.sock');
}

/** Removes the socket a killed process left at `socketPath`. Throws RuntimeError when something else is there. */
export async function freeStaleSocket(socketPath: string): Promise<void> {
  const found = lstatSync(socketPath, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new RuntimeError('something that is no socket is in the way', {
      where: socketPath,
      hint: 'remove it, or give another path',
    });
  }
  if (await answers(socketPath)) {
    throw new RuntimeError('another process listens there', {
      where: socketPath,
      hint: 'stop that process, or give another path',
    });
  }
  unlinkSync(socketPath);
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path: socketPath });
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED'));
  });
}

/** Makes the directory of a private socket, mode 0700. Throws RuntimeError for a directory that others may enter. */
export function privateDirectory(socketPath: string): void {
  const directory = path.dirname(path.resolve(socketPath));
  try {
    mkdirSync(directory, { mode: 0o700, recursive: true });
  } catch (error) {
    throw new RuntimeError(`the directory of the socket cannot be made (${(error as NodeJS.ErrnoException).code})`, {
      where: directory,
      hint: 'give --socket a path where a directory can be made',
      cause: error,
    });
  }
  if ((statSync(directory).mode & 0o077) === 0) return;
  throw new RuntimeError('others may enter the directory of the socket, and what passes there holds SQL', {
    where: directory,
    hint: `chmod 700 ${directory}, or name a directory that does not exist yet`,
  });
}

/** Lets only this user connect. Call it after listening. */
export function makePrivate(socketPath: string): void {
  chmodSync(socketPath, 0o600);
}

/** False when other users could have made this socket, or could connect to it. */
export function isPrivate(socketPath: string): boolean {
  const socket = statOf(socketPath);
  const directory = statOf(path.dirname(path.resolve(socketPath)));
  if (socket === undefined || directory === undefined) return false;
  const own = process.getuid?.() ?? 0;
  // Root may use what any user made. Any other user may use what root or the same user made.
  const trusted = (uid: number) => own === 0 || uid === own || uid === 0;
  return [socket, directory].every(({ uid, mode }) => trusted(uid) && (mode & 0o077) === 0);
}

/** undefined where nothing is, or nothing that can be looked at. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
