// The identity of a pool: a group of alike connections over all workers of the application.
// Invariant: the id is a hash of the identity and the name follows from it, so both are the same after a restart.
// Not here: which session belongs to which pool, and when (analyzer/pools/pools.ts), rows (storage/).

import { createHash } from 'node:crypto';
import type { Evidence } from './verdict.js';

/** The facts that tell pools apart. Port, address and driver version are not among them. */
export interface PoolIdentity {
  user: string;
  database: string;
  /** Digit and hex runs folded (foldedName). */
  applicationName: string;
  /** Startup `options`, as sent. */
  options: string;
  /** Who opened the connection: 'django', 'sqlalchemy', a driver's or tool's name, or 'unknown'. */
  owner: string;
  /** Configured client network the address falls into; '' = all one. */
  clientNetwork: string;
}

export const OTHER_POOL = '(other)';

/** 12 hex digits. */
export function poolId(identity: PoolIdentity): string {
  const parts = [
    identity.user,
    identity.database,
    identity.applicationName,
    identity.options,
    identity.owner,
    identity.clientNetwork,
  ];
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12);
}

/** "django:app@shop", "driver:app@shop/worker-#", with a piece of the id where options or network set it apart. */
export function poolName(identity: PoolIdentity): string {
  let name = `${identity.owner}:${identity.user}@${identity.database}`;
  if (identity.applicationName !== '') name += `/${identity.applicationName}`;
  if (identity.clientNetwork !== '') name += `~${identity.clientNetwork}`;
  if (identity.options !== '') name += `+${poolId(identity).slice(0, 4)}`;
  return name;
}

/**
 * An application_name without the parts that differ per process: runs of digits, and runs of 6 or more hex digits with
 * a digit among them, become '#'.
 */
export function foldedName(name: string): string {
  return name.replace(/[0-9a-fA-F]{6,}|[0-9]+/g, (run) => (/[0-9]/.test(run) ? '#' : run));
}

/** A pool as it is stored. */
export interface PoolRow {
  id: string;
  name: string;
  identity: PoolIdentity;
  firstSeenMs: number;
  lastSeenMs: number;
  /** Attributes, the last one seen. */
  clientAddress: string;
  serverVersion: string;
  driver: string;
  /** Habits seen, in plain words, sorted. */
  habits: readonly string[];
  evidence: readonly Evidence[];
}
