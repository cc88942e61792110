// Reads from a Postgres's own log what it was sent.
// The log is the judge over any other account of the same traffic.
// Invariant: one entry per logged statement, in the order of each connection.
// Source: PostgreSQL documentation, 19.8.4 (jsonlog).

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Settings for startPostgres that make the server log every statement. */
export const LOG_EVERY_STATEMENT = {
  logging_collector: 'on',
  log_destination: 'jsonlog',
  log_directory: 'log',
  log_rotation_size: '0',
  log_statement: 'all',
} as const;

export interface LoggedStatement {
  readonly backendPid: number;
  readonly sql: string;
  readonly protocol: 'simple' | 'extended';
}

export function readServerLog(dataDirectory: string): LoggedStatement[] {
  const directory = path.join(dataDirectory, 'log');
  const statements: LoggedStatement[] = [];
  for (const file of readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .sort()) {
    for (const line of readFileSync(path.join(directory, file), 'utf8').split('\n')) {
      if (line === '') continue;
      const { pid, message } = JSON.parse(line);
      const simple = /^statement: (.*)$/s.exec(message);
      const extended = /^execute (?:fetch from )?\S+: (.*)$/s.exec(message);
      if (simple) statements.push({ backendPid: pid, sql: simple[1], protocol: 'simple' });
      else if (extended) statements.push({ backendPid: pid, sql: extended[1], protocol: 'extended' });
    }
  }
  return statements;
}
