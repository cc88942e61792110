// pgwitness in front of a test file's Postgres, started before its first test.
// What it stored is read with `top --json`.
// Invariant: the report is read after the sidecar has ended, so that everything it saw is in it.
// Not here: who sends the traffic.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../../scripts/lib/paths.mjs';
import { runOrThrow } from '../../scripts/lib/run-command.mjs';
import { build } from '../../scripts/lib/setup/build.mjs';
import { startSidecar } from '../../scripts/lib/sidecar.mjs';
import type { Postgres } from './postgres.js';

export interface WitnessedStatement {
  readonly fingerprint: string;
  readonly source: string;
  readonly construct: string;
  readonly confidence: string;
  readonly query: string;
  readonly calls: number;
  readonly errors: number;
  readonly pools: readonly string[];
  readonly tags: Readonly<Record<string, readonly string[]>>;
}

export interface WitnessReport {
  /** Data directory, to ask more of. */
  readonly data: string;
  readonly observed: { statements: number; not_observed: number; unknown: number; exact: boolean };
  readonly statements: readonly WitnessedStatement[];
}

/**
 * Runs clients through a sidecar of their own and returns what it says of them.
 * @param clients given the sidecar's address as libpq's environment
 * @param options.config text of a config file, '' for none
 */
export async function witnessed(
  postgres: Postgres,
  clients: (environment: NodeJS.ProcessEnv) => Promise<void>,
  { config = '' }: { config?: string } = {},
): Promise<WitnessReport> {
  await build(() => {});
  const directory = mkdtempSync(path.join(tmpdir(), 'pgwitness-witness-'));
  const data = path.join(directory, 'data');
  const file = path.join(directory, 'pgwitness.yaml');
  if (config !== '') writeFileSync(file, config);
  const sidecar = await startSidecar({ upstream: postgres, data, args: config === '' ? [] : ['--config', file] });
  try {
    await clients({
      PGHOST: sidecar.host,
      PGPORT: String(sidecar.port),
      PGUSER: postgres.user,
      PGDATABASE: postgres.database,
    });
  } finally {
    await sidecar.stop();
  }
  const top = ['dist/cli/main.js', 'top', '--json', '--limit', '0', '--data', data];
  return { ...JSON.parse((await runOrThrow(process.execPath, top, { cwd: ROOT })).stdout), data };
}

/** The statements whose normalised text holds the piece. */
export function statementsWith(report: WitnessReport, piece: string): WitnessedStatement[] {
  return report.statements.filter((statement) => statement.query.includes(piece));
}

/** The one statement whose normalised text holds the piece; throws where there is none or another one. */
export function statementWith(report: WitnessReport, piece: string): WitnessedStatement {
  const found = statementsWith(report, piece);
  if (found.length === 1) return found[0];
  const all = report.statements.map(({ source, query }) => `${source}: ${query}`).join('\n');
  throw new Error(`${found.length} statements hold ${JSON.stringify(piece)}. Seen:\n${all}`);
}
