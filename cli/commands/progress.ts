// `pgwitness progress`: shows how far a migration is, what came back, what new versions cost.
// Not here: the report (reports/compare/migration.ts), printing (cli/views/progress.ts), the ledger (audit/ledger).

import type { Command } from 'commander';
import { addCiForms } from '../reading/format-flag.js';
import { withMarks } from '../reading/marked-moments.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags } from '../reading/read-flags.js';

interface ProgressFlags extends ReadFlags {
  readonly ledger?: string;
  readonly all?: boolean;
}

export function register(program: Command): void {
  const command = addReadFlags(
    program
      .command('progress')
      .description('show how far a migration is: what is left, what came back, what each new version costs'),
  )
    .option('--ledger <file>', 'the ledger that audit --ledger made (default: ./migration.yaml, if it is there)')
    .option('--all', 'list every place and every file')
    .addHelpText(
      'after',
      `
Without --since it is of the last 24 hours recorded, beside the same hours a week before. Without a ledger it says only
what the traffic says. docs/AUDIT.md has the ledger, docs/MIGRATION.md the way through.

Examples:
  pgwitness progress
  pgwitness progress --since 'deploy 12' --format markdown
  pgwitness progress --json | jq '.ledger.regressions'
`,
    )
    .action(progress);
  addCiForms(command);
}

async function progress(given: ProgressFlags): Promise<void> {
  const flags = await withMarks(given);
  const { findLedger } = await import('../../audit/ledger/ledger.js');
  const { readTimeRange } = await import('../../reports/questions/grammar.js');
  const { reportMigration } = await import('../../reports/compare/migration.js');
  const { printProgress } = await import('../views/progress.js');
  const ledger = findLedger(flags.ledger);
  const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
  const place = await placeOf(flags);
  try {
    const report = await reportMigration(place, { ledger, range });
    printProgress(report, { json: flags.json === true, all: flags.all === true, read: place.name });
  } finally {
    place.close();
  }
}
