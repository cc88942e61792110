// `pgwitness exec -- COMMAND`: runs a command through a sidecar of its own, and judges it.
// Invariant: the command's own failure is the exit code; a command that sent nothing is no success.
// Not here: the sidecar and the environment (cli/executing), judging (reports/check).

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { ExitCode, errorLine, UsageError } from '../../config/values/errors.js';
import {
  type AskedCheck,
  addCheckFlags,
  type CheckFlags,
  clearReports,
  readCheckFlags,
  writeText,
} from '../checking/check-flags.js';
import { repeatable } from '../reading/read-flags.js';
import { screenOf } from '../terminal/output.js';

interface ExecFlags extends CheckFlags {
  readonly env?: string[];
  readonly data?: string;
}

export function register(program: Command): void {
  const command = program
    .command('exec')
    .usage('[options] -- COMMAND [ARGUMENTS]')
    .argument('<command...>', 'command with its arguments')
    .description('run a command through a sidecar of its own, and say what it sent that is new');
  addCheckFlags(command)
    .addOption(
      repeatable(
        '--env <names>',
        'further variables that name the database: DB_HOST,DB_PORT, or one with a postgres:// address; may repeat',
      ),
    )
    .option('--data <dir>', 'keep what was seen in this directory (default: a temporary one, removed at the end)')
    .addHelpText(
      'after',
      `
The sidecar listens on free ports before the database that PGHOST and PGPORT, DATABASE_URL and --env name (TLS and Unix sockets
too), and the command gets its address in their place. What is printed here goes to standard error.

The exit code is the command's. It is 1 where the command succeeded and a condition does not hold or could not be shown, or where no
statement came through. Conditions are those of pgwitness check; a baseline alone means that nothing handwritten and no finding is new.

Examples:
  pgwitness exec --save baseline.txt -- pytest
  pgwitness exec --baseline baseline.txt --report pgwitness.xml -- python manage.py test --parallel
  pgwitness exec --none handwritten --env DB_HOST,DB_PORT -- make test
`,
    )
    .action(exec);
}

async function exec(command: string[], flags: ExecFlags): Promise<void> {
  const asked = readCheckFlags(flags);
  const { readDatabaseEnv } = await import('../executing/database-env.js');
  const database = readDatabaseEnv(
    process.env,
    (flags.env ?? []).flatMap((names) => names.split(',')),
  );
  clearReports(asked.reports);
  const running = new (await import('../executing/command.js')).Command();
  const { startCommandSidecar } = await import('../executing/sidecar.js');
  const temporary = mkdtempSync(path.join(tmpdir(), 'pgwitness-exec-'));
  const remove = (): void => rmSync(temporary, { recursive: true, force: true });
  process.once('exit', remove);
  const dataDir = flags.data ?? path.join(temporary, 'data');
  if (flags.data !== undefined) refuseUsed(flags.data);
  const file = flags.config ?? process.env.PGWITNESS_CONFIG ?? '';
  const sidecar = await startCommandSidecar(database.targets, { dataDir, file });
  let code: number;
  try {
    code = await running.run(command, database.at(sidecar.addresses));
  } catch (error) {
    await sidecar.stop();
    throw error;
  }
  const isWhole = await sidecar.stop();
  if (!isWhole) say('not everything that was seen could be stored, so nothing is shown');
  try {
    const holds = await judgeRun(dataDir, { flags, asked, code, isWhole });
    process.exitCode = code !== 0 ? code : holds ? ExitCode.ok : ExitCode.checkFailed;
  } catch (error) {
    if (code === 0) throw error;
    say(errorLine(error));
    process.exitCode = code;
  }
  remove();
  process.exit();
}

/** False where a condition does not hold, or nothing came. */
async function judgeRun(
  dataDir: string,
  { flags, asked, code, isWhole }: { flags: ExecFlags; asked: AskedCheck; code: number; isWhole: boolean },
): Promise<boolean> {
  const { openPlaces } = await import('../reading/place.js');
  const { gather } = await import('../checking/gather.js');
  const { allExecutions } = await import('../../reports/check/doubts.js');
  const { runText } = await import('../views/check/run-text.js');
  const place = await openPlaces({ directories: [dataDir], urls: [] });
  try {
    const { facts: stored, asked: about } = await gather(place, {
      ...asked,
      range: {},
      bypass: undefined,
      isRun: true,
    });
    const facts = isWhole
      ? stored
      : { ...stored, watched: { ...stored.watched, unstoredSinceMs: stored.window.sinceMs } };
    const screen = screenOf(process.stderr, process.env);
    const isEmpty = allExecutions(facts) === 0;
    if (isEmpty) {
      const hint =
        'does the command take PGHOST and PGPORT, or DATABASE_URL? Name other variables with --env DB_HOST,DB_PORT';
      say(`no statement came through: ${hint}`);
    } else process.stderr.write(`\n${runText(facts, screen)}\n`);
    if (flags.save !== undefined) await save(flags.save, { facts, isComplete: code === 0 && isWhole && !isEmpty });
    if (about.length === 0) return isWhole && !isEmpty;
    const { judge } = await import('../../reports/check/judge.js');
    const { annotate, exitCodeFor, writeReports } = await import('../checking/report.js');
    const { checkText } = await import('../views/check/check.js');
    const result = judge(facts, { asked: about, allowances: asked.allowances });
    process.stderr.write(`\n${checkText(result, screen)}\n`);
    writeReports(result, asked.reports);
    annotate(result, process.env);
    return exitCodeFor(result) === ExitCode.ok && !isEmpty;
  } finally {
    place.close();
  }
}

/** A run that failed did not send all that it would: its baseline would lack the rest. */
async function save(
  file: string,
  { facts, isComplete }: { facts: import('../../reports/check/facts.js').CheckFacts; isComplete: boolean },
): Promise<void> {
  if (!isComplete) {
    say(`${file} is not written, because the command failed, sent nothing, or not all of it was stored`);
    return;
  }
  const { writeBaseline } = await import('../../reports/check/asked/baseline.js');
  writeText(file, writeBaseline(facts));
  say(`saved ${file}`);
}

/** What ran before would be judged with this run. */
function refuseUsed(dataDir: string): void {
  if (!existsSync(path.join(dataDir, 'witness.db'))) return;
  throw new UsageError(`${dataDir} holds what was seen before`, {
    where: '--data',
    hint: 'name a directory that is not there yet',
  });
}

function say(what: string): void {
  process.stderr.write(`pgwitness: ${what}\n`);
}
