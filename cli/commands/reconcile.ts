// `pgwitness reconcile`: compares the server's counts with those of pgwitness, by statement.
// Invariant: exit 1 if and only if a difference remains that no rule of the server explains, or a reset leaves anything
// that cannot be compared.
// Not here: comparing (own-queries/reconcile.ts), printing (cli/views/reconcile.ts), pgwitness's counts
// (cli/reading/reconcile-witness.ts).

import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { ExitCode, RuntimeError, UsageError } from '../../config/values/errors.js';
import { parseDuration, parseWhole } from '../../config/values/units.js';
import { OWN_NAMES } from '../../own-queries/own-names.js';
import type { WitnessCount } from '../../own-queries/reconcile.js';
import { addPlaceFlags, type PlaceFlags, placeOf } from '../reading/read-flags.js';
import { openProgress } from '../terminal/progress.js';

interface ReconcileFlags extends PlaceFlags {
  readonly dsn?: string;
  readonly save?: string;
  readonly from?: string;
  readonly settle?: string;
  readonly all?: boolean;
  readonly limit?: string;
}

export function register(program: Command): void {
  const command = program
    .command('reconcile')
    .description("compare with the server's pg_stat_statements; exit 1: a difference is unexplained, or undecided")
    .option(
      '--dsn <dsn>',
      'the server, not through pgwitness: postgres://user@host:port/database [env: PGWITNESS_DSN, PGPASSWORD]',
    )
    .option('--save <file>', 'write the counts of both sides to a file instead of comparing')
    .option('--from <file>', 'compare only what was counted since that file was written')
    .option('--settle <duration>', 'time to wait for executions that are not stored yet (default: 4s)')
    .option('--all', 'also list the statements that agree')
    .option('--limit <n>', 'statements to list, 0 for all (default: 20; with --json all)');
  addPlaceFlags(command)
    .addHelpText(
      'after',
      `
Without --from the window begins at the server's last reset: pg_stat_statements_reset(), a crash, or a restart that did not
save its counts. pgwitness counts by the minute, so executions in the minute of the reset may lie before or after it.
Where agreement hangs on that, the outcome is "reset": cannot be compared. So it is if one side counts less than the file
says. The exit code is then 1, too. A window that begins at a file has no such minute:
  pgwitness reconcile --dsn postgres://app@db/shop --save before.json
  pgwitness reconcile --dsn postgres://app@db/shop --from before.json

It compares the statements of the DSN's database. Statements that only the server saw bypassed pgwitness, but
for those that the server or pgwitness itself sends: foreign-key checks, deferred triggers, look-ups. Each has its reason.

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
    throw new UsageError('no server given', { where: '--dsn', hint: 'give postgres://user@host:port/database' });
  }
  if (flags.save !== undefined && flags.from !== undefined) {
    throw new UsageError('both --save and --from', { where: '--save, --from', hint: 'save first, compare later' });
  }
  const settleMs = parseDuration(flags.settle ?? '4s', '--settle');
  const limit = parseWhole(flags.limit ?? (flags.json ? '0' : '20'), { min: 0, max: 1_000_000, where: '--limit' });
  const { parseDsn } = await import('../../own-queries/dsn.js');
  const { decodeBaseline, encodeBaseline } = await import('../../own-queries/baseline.js');
  const address = parseDsn(dsn, { where: '--dsn', env: process.env });
  const baseline = flags.from === undefined ? undefined : decodeBaseline(readText(flags.from), flags.from);
  const place = await placeOf(flags);
  try {
    // A comparison with a file reads everything stored, so the file holds everything stored too.
    const sinceReset = flags.save === undefined && baseline === undefined;
    const counted = await countBothSides(place, { address, settleMs, baseline, sinceReset });
    if (flags.save !== undefined) {
      writeFileSync(flags.save, encodeBaseline(counted), { mode: 0o600 });
      process.stdout.write(`Saved to ${flags.save}. Compare later with --from ${flags.save}.\n`);
      return;
    }
    const { reconcile } = await import('../../own-queries/reconcile.js');
    const { printReconciliation } = await import('../views/reconcile.js');
    const result = reconcile(counted.server, counted.witness);
    printReconciliation(result, { ...counted, json: flags.json === true, all: flags.all === true, limit });
    if (result.sums.unexplained > 0 || result.sums.reset > 0) process.exitCode = ExitCode.checkFailed;
  } finally {
    place.close();
  }
}

async function countBothSides(
  place: Awaited<ReturnType<typeof placeOf>>,
  options: {
    address: import('../../own-queries/dsn.js').ServerAddress;
    settleMs: number;
    baseline: import('../../own-queries/baseline.js').Baseline | undefined;
    /** The window of pgwitness's counts begins at the server's reset; else it is everything stored. */
    sinceReset: boolean;
  },
): Promise<import('../../own-queries/baseline.js').Baseline & { leadsThrough: boolean }> {
  const { COMMAND_LIMITS, connectServer } = await import('../../own-queries/own-connection.js');
  const { readStatStatements } = await import('../../own-queries/stat-statements.js');
  const { since } = await import('../../own-queries/baseline.js');
  const { witnessedCounts } = await import('../reading/reconcile-witness.js');
  const progress = openProgress();
  let step = 0;
  const at = (what: string): void => progress.at(what, { done: step++, of: 6 });
  at('Asking the server');
  const limits = { ...COMMAND_LIMITS, applicationName: OWN_NAMES.reconcile };
  const connection = await connectServer(options.address, limits).finally(() => progress.end());
  try {
    // The server's count lies between what pgwitness counted before and after asking it. Without traffic both are the
    // same, once everything is stored.
    const { database, statsResetMs } = await readStatStatements(connection);
    at('Waiting until everything is stored');
    await new Promise((resolve) => setTimeout(resolve, options.settleMs));
    at("Reading pgwitness's counts");
    // Stored by now, where it is one of pgwitness's sessions.
    const leadsThrough = connection.isAmong(await place.sessions());
    const sinceMs = options.sinceReset ? statsResetMs : undefined;
    const before = await witnessedCounts(place, { database, sinceMs });
    at('Asking the server');
    const server = await readStatStatements(connection);
    if (server.statsResetMs !== statsResetMs) {
      throw new RuntimeError('pg_stat_statements was reset while this command read it', { hint: 'run it again' });
    }
    at('Waiting until everything is stored');
    await new Promise((resolve) => setTimeout(resolve, options.settleMs));
    at("Reading pgwitness's counts");
    const after = await witnessedCounts(place, { database, sinceMs });
    const counts = new Map(
      [...after.counts].map(([fingerprint, count]) => [
        fingerprint,
        { ...count, ...lowerBound(before.counts.get(fingerprint)) },
      ]),
    );
    const now = { server, witness: { counts, notObserved: after.notObserved } };
    return { ...(options.baseline === undefined ? now : since(now, options.baseline)), leadsThrough };
  } finally {
    progress.end();
    connection.close();
  }
}

function lowerBound(before: WitnessCount | undefined): Pick<WitnessCount, 'least' | 'doubtful'> {
  const none = { calls: 0, rows: 0 };
  return { least: before?.least ?? none, doubtful: before?.doubtful ?? none };
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new RuntimeError(`cannot be read (${(error as NodeJS.ErrnoException).code})`, { where: file, cause: error });
  }
}
