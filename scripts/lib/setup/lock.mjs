// Lets one process at a time do a piece of set-up that several may want at once.
// Invariant: a lock whose owner is gone is taken over. Not here: locks between machines.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 200;
/** An owner that has not written its process id after this long died between the two steps. */
const UNOWNED_TRIES_MAX = 10;

/** @param {number} pid @returns {boolean} */
function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * Runs `work` while holding the lock directory `lockPath`.
 * @template T
 * @param {string} lockPath @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(lockPath, work) {
  mkdirSync(path.dirname(lockPath), { recursive: true });
  const ownerPath = path.join(lockPath, 'pid');
  for (let unownedTries = 0; ; ) {
    try {
      mkdirSync(lockPath);
      writeFileSync(ownerPath, String(process.pid));
      break;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    const owner = readOwner(ownerPath);
    unownedTries = owner === 0 ? unownedTries + 1 : 0;
    if (owner === 0 ? unownedTries > UNOWNED_TRIES_MAX : !isRunning(owner)) {
      rmSync(lockPath, { recursive: true, force: true });
      continue;
    }
    await sleep(RETRY_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(lockPath, { recursive: true, force: true });
  }
}

/** @param {string} ownerPath @returns {number} 0 when it is not written yet */
function readOwner(ownerPath) {
  try {
    return Number(readFileSync(ownerPath, 'utf8'));
  } catch {
    return 0;
  }
}
