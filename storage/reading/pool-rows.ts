// Rows that reports are given of pools and sessions.
// Invariant: sums add up and peaks are maxima, over segments too.
// Not here: putting answers together (reports/pools.ts).

import type { PoolInstance } from '../../facts/answers.js';
import type { FleetMeasureName, PoolMeasureName } from '../../facts/measures.js';

/** Columns as in the table `pool`. */
export interface PoolRecord {
  pool_id: string;
  name: string;
  owner: string;
  user: string;
  database: string;
  application_name: string;
  options: string;
  client_network: string;
  client_address: string;
  server_version: string;
  driver: string;
  habits: string;
  evidence: string;
  first_seen_ms: number;
  last_seen_ms: number;
  opened: number;
  closed: number;
}

/** Of one pool over one segment. */
export interface PoolSums extends Record<PoolMeasureName, number> {
  poolId: string;
}

/** Of one pool at one instance. */
export interface PoolInstanceRow extends PoolInstance {
  poolId: string;
}

export interface PoolSourceSums {
  poolId: string;
  source: string;
  executions: number;
}

/** Null where nothing was held. */
export type FleetPeaks = Record<FleetMeasureName, number | null>;

/** Peaks and times of one pool in one point; `at` is its first minute. */
export interface PoolPoint {
  at: number;
  poolId: string;
  connectionsMax: number;
  busyMax: number;
  activeMs: number;
  idleMs: number;
  idleInTransactionMs: number;
}

export interface FleetPoint {
  at: number;
  connectionsMax: number;
  busyMax: number;
}

export interface OpenSessionRow {
  /** 0 where the server named none. */
  backendPid: number;
  /** '' until the session has a pool. */
  pool: string;
  user: string;
  database: string;
  openedAtMs: number;
}
