// `pgwitness reconcile --dsn DSN`: does the server's own count agree with what was witnessed, statement by statement?
// Invariant: exit 1 exactly when a difference is left that no rule of the server explains. Not here: judging (postgres/reconcile.ts),
// printing (reconcile.ts), what was witnessed (reconcile-witness.ts).

import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ExitCode, RuntimeError, UsageError } from '../../config/values/errors.js';
import { parseDuration } from '../../config/values/units.js';
import { addPlaceFlags, type PlaceFlags, placeOf } from '../reading/read-flags.js';
import { openProgress } from '../terminal/progress.js';

interface ReconcileFlags extends PlaceFlags {
  readonly dsn?: string;
  readonly save?: string;
  readonly from?: string;
  readonly settle?: string;
  readonly all?: boolean;
}

export function register(program: Command): void {
  const command = program
    .command('reconcile')
    .description("compare with the server's pg_stat_statements; exit 1 on a difference that cannot be explained")
    .option(
      '--dsn <dsn>',
      'postgres://user@host:port/database, straight to the server [env: PGWITNESS_DSN, PGPASSWORD]',
    )
    .option('--save <file>', 'write what both sides counted so far to a file, and compare nothing')
    .option('--from <file>', 'compare only what came since that file was written')
    .option('--settle <duration>', 'how long to wait for what is still on its way into the store (default: 4s)')
    .option('--all', 'list the statements that agree as well');
  addPlaceFlags(command)
    .addHelpText(
      'after',
      `
Without --from the window begins at the server's last pg_stat_statements_reset(). pgwitness counts by minutes, so
executions in the minute of the reset may be before or after it; a window between two files has no such doubt:
  pgwitness reconcile --dsn postgres://app@db/shop --save before.json
  pgwitness reconcile --dsn postgres://app@db/shop --from before.json

It compares the statements of the DSN's database. What only the server saw went past the proxy.

Examples:
  pgwitness reconcile --dsn postgres://app@db/shop
  pgwitness reconcile --dsn postgres://app@db/shop --url http://127.0.0.1:6434 --all
`,
    )
    .action(reconcileCommand);
}

async function reconcileCommand(flags: ReconcileFlags): Promise<void> {
  const dsn = flags.dsn ?? process.env.PGWITNESS_DSN ?? '';
  if (dsn === '') {
    throw new UsageError('no server is given', { where: '--dsn', hint: 'give postgres://user@host:port/database' });
  }
  if (flags.save !== undefined && flags.from !== undefined) {
    throw new UsageError('two files', { where: '--save, --from', hint: 'save first, compare from it later' });
  }
  const settleMs = parseDuration(flags.settle ?? '4s', '--settle');
  const { parseDsn } = await import('../../postgres/dsn.js');
  const { decodeBaseline, encodeBaseline } = await import('../../postgres/baseline.js');
  const address = parseDsn(dsn, { where: '--dsn', env: process.env });
  const baseline = flags.from === undefined ? undefined : decodeBaseline(readText(flags.from), flags.from);
  const place = await placeOf(flags);
  try {
    const counted = await countBothSides(place, { address, settleMs, baseline });
    if (flags.save !== undefined) {
      writeFileSync(flags.save, encodeBaseline(counted), { mode: 0o600 });
      process.stdout.write(`Saved to ${flags.save}: compare later with --from ${flags.save}.\n`);
      return;
    }
    const { reconcile } = await import('../../postgres/reconcile.js');
    const { printReconciliation } = await import('../views/reconcile.js');
    const result = reconcile(counted.server, counted.witness);
    printReconciliation(result, { ...counted, json: flags.json === true, all: flags.all === true });
    if (result.sums.unexplained > 0) process.exitCode = ExitCode.checkFailed;
  } finally {
    place.close();
  }
}

async function countBothSides(
  place: Awaited<ReturnType<typeof placeOf>>,
  how: {
    address: import('../../postgres/dsn.js').ServerAddress;
    settleMs: number;
    baseline: import('../../postgres/baseline.js').Baseline | undefined;
  },
): Promise<import('../../postgres/baseline.js').Baseline> {
  const { COMMAND_TIMEOUTS, connectServer } = await import('../../postgres/connection.js');
  const { readStatStatements } = await import('../../postgres/stat-statements.js');
  const { since } = await import('../../postgres/baseline.js');
  const { witnessedCounts } = await import('../reading/reconcile-witness.js');
  const progress = openProgress();
  let step = 0;
  const at = (what: string): void => progress.at(what, { done: step++, of: 6 });
  at('Asking the server');
  const options = { ...COMMAND_TIMEOUTS, applicationName: 'pgwitness reconcile' };
  const connection = await connectServer(how.address, options).finally(() => progress.end());
  try {
    // What is witnessed before the server is asked is the least, and after it the most, that the server can have counted.
    // Without traffic both are the same, once what was on its way has arrived.
    const { database, statsResetMs } = await readStatStatements(connection);
    at('Waiting for what is on its way into the store');
    await new Promise((resolve) => setTimeout(resolve, how.settleMs));
    at('Reading what was witnessed');
    const sinceMs = how.baseline === undefined ? statsResetMs : undefined;
    const before = await witnessedCounts(place, { database, sinceMs });
    at('Asking the server');
    const server = await readStatStatements(connection);
    at('Waiting for what is on its way into the store');
    await new Promise((resolve) => setTimeout(resolve, how.settleMs));
    at('Reading what was witnessed');
    const after = await witnessedCounts(place, { database, sinceMs });
    const counts = new Map(
      [...after.counts].map(([fingerprint, count]) => [
        fingerprint,
        { ...count, least: before.counts.get(fingerprint)?.least ?? { calls: 0, rows: 0 } },
      ]),
    );
    const now = { server, witness: { counts, notObserved: after.notObserved } };
    return how.baseline === undefined ? now : since(now, how.baseline);
  } finally {
    progress.end();
    connection.close();
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new RuntimeError(`cannot be read (${(error as NodeJS.ErrnoException).code})`, { where: file, cause: error });
  }
}
