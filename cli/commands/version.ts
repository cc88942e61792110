// `pgwitness version`: prints the version of the build and of its observation stream.
// Not here: the version itself (config/version.ts).

import type { Command } from 'commander';
import { packageVersion } from '../../config/version.js';
import { SCHEMA_VERSION } from '../../proxy/stream/observation.js';
import { print, printJson } from '../terminal/output.js';

export function register(program: Command): void {
  program
    .command('version')
    .description('print the version')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  pgwitness version --json\n')
    .action((flags: { json?: boolean }) => {
      const version = packageVersion();
      const { node } = process.versions;
      if (flags.json) printJson({ version, node, observation_schema: SCHEMA_VERSION });
      else print(`pgwitness ${version} (Node.js ${node}, observation schema ${SCHEMA_VERSION})`);
    });
}
