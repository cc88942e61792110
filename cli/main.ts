#!/usr/bin/env node
// Runs the pgwitness command: loads only its subcommand, and ends with one line and an exit code.
// Invariant: exit 0 ok, 1 a check failed, 2 usage or configuration, 3 run time; no stack trace reaches the user.
// Not here: the commands (one file each in commands/).

import '../config/process/no-inspector.js';
import '../config/process/core-dumps.js';
import { Command, CommanderError } from 'commander';
import { ExitCode, errorLine, exitCodeOf } from '../config/values/errors.js';
import { usageErrorOf } from './command-errors.js';
import { applyFormat } from './reading/format-flag.js';

interface CommandFile {
  register(program: Command): void;
}

/** In the order of --help. A file is imported only for its own command: `run` must not load what `top` needs. */
const COMMANDS: Readonly<Record<string, () => Promise<CommandFile>>> = {
  run: () => import('./commands/run.js'),
  relay: () => import('./commands/relay.js'),
  observe: () => import('./commands/observe.js'),
  serve: () => import('./commands/serve.js'),
  top: () => import('./commands/top.js'),
  status: () => import('./commands/status.js'),
  show: () => import('./commands/show.js'),
  tail: () => import('./commands/tail.js'),
  activity: () => import('./commands/activity.js'),
  pools: () => import('./commands/pools.js'),
  findings: () => import('./commands/findings.js'),
  routes: () => import('./commands/routes.js'),
  history: () => import('./commands/history.js'),
  compare: () => import('./commands/compare.js'),
  check: () => import('./commands/check.js'),
  exec: () => import('./commands/exec.js'),
  mark: () => import('./commands/mark.js'),
  sql: () => import('./commands/sql.js'),
  export: () => import('./commands/export.js'),
  reconcile: () => import('./commands/reconcile.js'),
  progress: () => import('./commands/progress.js'),
  audit: () => import('./commands/audit.js'),
  attribute: () => import('./commands/attribute.js'),
  mcp: () => import('./commands/mcp.js'),
  replay: () => import('./commands/replay.js'),
  trace: () => import('./commands/trace.js'),
  'check-config': () => import('./commands/check-config.js'),
  healthcheck: () => import('./commands/healthcheck.js'),
  version: () => import('./commands/version.js'),
};

async function main(argv: readonly string[]): Promise<void> {
  const program = new Command('pgwitness')
    .description('Witnesses live Postgres traffic: what runs, who sent it, through which pool, how long it took.')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .option('--version', 'print the version')
    .helpCommand('help [command]', 'show the help of a command')
    .hook('preAction', (_, command) => applyFormat(command));
  // Help and misspelled names need every command.
  const asked = COMMANDS[argv[0] ?? ''];
  const files = asked === undefined ? Object.values(COMMANDS) : [asked];
  for (const load of files) (await load()).register(program);
  if (argv.length === 0) {
    program.outputHelp();
    process.exitCode = ExitCode.usage;
    return;
  }
  if (argv[0] === '--version' || argv[0] === '-V') {
    await program.parseAsync(['version'], { from: 'user' });
    return;
  }
  await program.parseAsync([...argv], { from: 'user' });
}

// `pgwitness top | head` closes the pipe early; that is not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? ExitCode.ok : ExitCode.runtime);
});

main(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof CommanderError && error.exitCode === 0) return;
  const failure = error instanceof CommanderError ? usageErrorOf(error, process.argv.slice(2)) : error;
  process.stderr.write(`pgwitness: ${errorLine(failure)}\n`);
  process.exitCode = exitCodeOf(failure);
});
