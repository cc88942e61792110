// Computes how many connections the file descriptors of this process allow.
// Node raises the soft limit to the hard one at its start.
// Invariant: within these caps every connection gets its two descriptors. Beyond them a client is refused with 53300
// and nothing fails with EMFILE.
// Not here: counting connections (listen/admission.ts).

import { readFileSync } from 'node:fs';
import { limits } from '../../config/limits.js';

export interface ConnectionCaps {
  readonly connectionsMax: number;
  readonly connectionsPreAuthMax: number;
  readonly connectionsCancelReserve: number;
}

/** `descriptors`: the limit of open files; undefined where the system does not tell it. */
export function connectionCaps(connectionsMax: number, descriptors = descriptorLimit()): ConnectionCaps {
  const { connectionsPreAuthMax, connectionsCancelReserve, descriptorsReserved } = limits;
  if (descriptors === undefined) return { connectionsMax, connectionsPreAuthMax, connectionsCancelReserve };
  const reserved = Math.min(descriptorsReserved, Math.floor(descriptors / 2));
  const preAuth = Math.max(1, Math.min(connectionsPreAuthMax, Math.floor(descriptors / 8)));
  const cancels = Math.max(1, Math.min(connectionsCancelReserve, Math.floor(descriptors / 32)));
  // A connection holds two, and so does a cancel request.
  const connections = Math.floor((descriptors - reserved - preAuth - 2 * cancels) / 2);
  return {
    connectionsMax: Math.max(1, Math.min(connectionsMax, connections)),
    connectionsPreAuthMax: preAuth,
    connectionsCancelReserve: cancels,
  };
}

/** The soft limit of open files; undefined where it cannot be read (not Linux) or there is none. */
function descriptorLimit(): number | undefined {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return found === null ? undefined : Number(found[1]);
  } catch {
    return undefined;
  }
}
