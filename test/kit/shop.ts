// The example shop on a Postgres of its own, with its statement log read back.
// Invariant: what readOracle returns is in the order each connection sent it.
// Not here: the proxy between the two (tests put it there).

import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** One line of the log that examples/shop/shop/oracle writes. */
export interface OracleLine {
  /** Seconds since the Unix epoch, when it was sent. */
  readonly at: number;
  /** Process id of the worker. */
  readonly worker: number;
  /** Process id of the server's end of the connection. */
  readonly backend_pid: number;
  readonly view: string;
  readonly source: 'django-orm' | 'raw' | 'sqlalchemy' | 'housekeeping';
  readonly construct: string;
  /** As sent. */
  readonly sql: string;
  /** Around the driver's execution; null where the driver pipelined it. */
  readonly ms: number | null;
  /** SQLSTATE, or null. */
  readonly error: string | null;
}

/** A path for a log of one run. */
export function oracleLogPath(): string {
  return path.join(mkdtempSync(path.join(tmpdir(), 'pgwitness-oracle-')), 'statements.jsonl');
}

export function readOracle(file: string): OracleLine[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}
