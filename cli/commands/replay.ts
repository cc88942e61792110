// `pgwitness replay FILE`: counts a recording of `run --record` into a data directory.
// Not here: counting (observer/replay.ts).

import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { loadConfig } from '../../config/config.js';
import { createLog } from '../../config/log.js';
import { print, printJson } from '../terminal/output.js';
import { openProgress } from '../terminal/progress.js';

export function register(program: Command): void {
  program
    .command('replay')
    .argument('<file>', 'recording written by `run --record`')
    .description('count a recording into a data directory')
    .option('--data <dir>', 'data directory to write, made if it is missing; not the one of a running sidecar')
    .option('--config <file>', 'config file with rules, pools and tag keys [env: PGWITNESS_CONFIG]')
    .option('--service <name>', 'application whose traffic it is [env: PGWITNESS_SERVICE]')
    .option('--environment <name>', 'where it ran [env: PGWITNESS_ENVIRONMENT]')
    .option('--instance <name>', 'sidecar whose traffic it is [env: PGWITNESS_INSTANCE]')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `
A recording is counted as if its traffic came now: with the rules, pools and tag keys of this configuration, under the minutes in
which it ran. So rules can be tried on yesterday's traffic, and a report can be made again by a newer release.

Examples:
  pgwitness run --record monday.observations …    records; the file holds SQL text, literals included
  pgwitness replay monday.observations --data ./monday && pgwitness top --data ./monday
  pgwitness replay monday.observations --data ./tried --config new-rules.yaml && pgwitness pools --data ./tried
`,
    )
    .action(replayFile);
}

interface ReplayFlags {
  readonly data?: string;
  readonly config?: string;
  readonly service?: string;
  readonly environment?: string;
  readonly instance?: string;
  readonly json?: boolean;
}

async function replayFile(file: string, { config: path, json, ...flags }: ReplayFlags): Promise<void> {
  const { config } = loadConfig({ flags: { ...flags }, env: process.env, file: path });
  const { replay } = await import('../../observer/replay.js');
  const log = createLog({ level: 'warn', name: 'replay' });
  const progress = openProgress();
  const bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  let read = 0;
  const onRead = (more: number): void => {
    read += more;
    progress.at(`of ${file} counted`, { done: read, of: bytes });
  };
  const replayed = await replay(file, { config, log, onRead }).finally(() => progress.end());
  if (json) {
    printJson(replayed);
    return;
  }
  print(`${replayed.executions} executions of ${replayed.batches} batches counted into ${config.dataDir}.`);
  if (replayed.skippedBatches > 0) print(`${replayed.skippedBatches} batches had been counted before.`);
  if (replayed.tornBytes > 0)
    print(`The recording ends in the middle of a batch (${replayed.tornBytes} bytes left out).`);
}
