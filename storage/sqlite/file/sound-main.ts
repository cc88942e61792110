// The thread that reads a database file whole, to look for damage, and ends.
// Invariant: it writes nothing, and says one word. Not here: when, and what becomes of it (damage-watch.ts).

import { type MessagePort, workerData } from 'node:worker_threads';
import { giveWayToTraffic } from '../../../config/process/niceness.js';
import { StoreError, type StoreErrorCode } from '../../store-error.js';
import { requireSoundFile } from './open-database.js';

export interface SoundStart {
  readonly path: string;
  readonly port: MessagePort;
}

/** Empty where the file is sound. */
export interface SoundAnswer {
  readonly failed?: { readonly code: StoreErrorCode; readonly message: string; readonly hint: string };
}

const { path, port } = workerData as SoundStart;
giveWayToTraffic();
port.postMessage(answerOf());
port.close();

function answerOf(): SoundAnswer {
  try {
    requireSoundFile(path);
    return {};
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    return { failed: { code: error.code, message: error.message, hint: error.hint } };
  }
}
