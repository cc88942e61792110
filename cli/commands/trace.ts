// `pgwitness trace FILE`: a recording as lines that people can read.
// Not here: the lines (cli/tracing/).

import type { Command } from 'commander';
import { UsageError, visible } from '../../config/values/errors.js';
import { print } from '../terminal/output.js';

export function register(program: Command): void {
  program
    .command('trace')
    .argument('<file>', 'a recording: of `run --record`, or of the bytes of one connection (JSON)')
    .description('print a recording as lines, literals masked')
    .option('--session <id>', 'only this session of a recording of run --record')
    .option('--tracker-only', 'of a recording of bytes only what the tracker made of it, without the messages')
    .addHelpText(
      'after',
      `
Of bytes: who sent each message, its name and length, and after it what the tracker made of it.
Of run --record: sessions, executions with their service time, and losses. docs/HACKING.md explains the lines.

Examples:
  pgwitness trace monday.observations --session 4
  pgwitness trace test/recordings/pipelined.json
`,
    )
    .action(trace);
}

async function trace(file: string, flags: { session?: string; trackerOnly?: boolean }): Promise<void> {
  const sessionId = sessionOf(flags.session);
  const { traceFile } = await import('../tracing/trace.js');
  const line = (text: string) => print(visible(text));
  const trackerOnly = flags.trackerOnly ?? false;
  const tornBytes = await traceFile(file, { line, trackerOnly, sessionId, drained });
  if (tornBytes > 0) print(`The recording ends in the middle of a batch (${tornBytes} bytes left out).`);
}

/** A recording may be longer than a slow reader of our output lets us hold. */
function drained(): Promise<void> | void {
  if (!process.stdout.writableNeedDrain) return undefined;
  return new Promise((resolve) => process.stdout.once('drain', resolve));
}

function sessionOf(told: string | undefined): number | undefined {
  if (told === undefined) return undefined;
  if (!/^[0-9]{1,15}$/.test(told)) {
    throw new UsageError(`"${visible(told)}" is no session`, {
      where: '--session',
      hint: 'give the number that a line of this recording has',
    });
  }
  return Number(told);
}
