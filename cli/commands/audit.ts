// `pgwitness audit PATH`: lists the code's queries beside what ran of them.
// Not here: reading the code (audit/code-walker.ts), the join (audit/), printing (cli/views/audit.ts).

import { type Command, Option } from 'commander';
import type { AuditAnswer } from '../../audit/answer.js';
import type { CodeFlags } from '../../audit/code-walker.js';
import type { LedgerChanges } from '../../audit/ledger/update.js';
import { UsageError } from '../../config/values/errors.js';
import type { StatementFacts } from '../../facts/answers.js';
import type { Ran } from '../../reports/code/audit-report.js';
import { addCiForms } from '../reading/format-flag.js';
import { withMarks } from '../reading/marked-moments.js';
import type { Place } from '../reading/place.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags, repeatable } from '../reading/read-flags.js';

interface AuditFlags extends ReadFlags, CodeFlags {
  readonly code?: string;
  readonly django: string;
  readonly money?: string[];
  readonly all?: boolean;
  readonly brief?: boolean;
  readonly tests?: string[];
  readonly static?: boolean;
  readonly ledger?: string;
}

export function register(program: Command): void {
  const command = addReadFlags(
    program
      .command('audit [path]')
      .description(
        'list the queries of the code beside what ran: what is to move, how hard it is, what was never seen',
      ),
  )
    .addOption(
      repeatable('--tests <dir>', 'data directory of a run of the tests: mark the places they reach, may repeat'),
    )
    .option('--code <file>', 'take audit.json instead of reading the code (python -m pgwitness.audit makes it)')
    .option('--python <command>', 'the Python that reads the code (default: python3)')
    .addOption(repeatable('--exclude <pattern>', "leave out files whose path matches ('legacy/*'), may repeat"))
    .option('--include-tests', 'look at tests too')
    .option('--static', 'say only what the code says: look at no traffic')
    .addOption(new Option('--django <version>', 'Django version that the links lead to').default('5.2'))
    .addOption(repeatable('--money <table>', 'table whose statements are a risk by themselves, may repeat'))
    .option('--ledger <file>', 'make or update this ledger of the migration, such as migration.yaml')
    .option('--brief', 'print the counts alone')
    .option('--all', "list the ORM's places too")
    .addHelpText(
      'after',
      '\nExamples:\n  pgwitness audit .\n  pgwitness audit . --ledger migration.yaml\n  pgwitness audit --code audit.json --since 7d --json\n',
    )
    .action(audit);
  addCiForms(command);
}

async function audit(path: string | undefined, given: AuditFlags): Promise<void> {
  const flags = given.static === true ? given : await withMarks(given);
  if (path === undefined && flags.code === undefined) {
    throw new UsageError('there is no code to look at', {
      where: 'audit',
      hint: 'give the folder of the application (pgwitness audit .), or --code audit.json',
    });
  }
  if (path !== undefined && flags.code !== undefined) {
    throw new UsageError('a folder and --code are both given', { where: 'audit', hint: 'give one of them' });
  }
  const { readCatalogue } = await import('../../audit/catalogue.js');
  const { auditCode } = await import('../../audit/code-walker.js');
  const { answerAudit } = await import('../../audit/answer.js');
  const { loadTextReading } = await import('../../reports/code/audit-report.js');
  const { printAudit } = await import('../views/audit.js');
  const catalogue = flags.code !== undefined ? readCatalogue(flags.code) : auditCode(path!, flags);
  const place = flags.static === true ? null : await placeOf(flags);
  try {
    const found = answerAudit({
      catalogue,
      ...(await ranOf(place, flags)),
      ...(await loadTextReading()),
      tests: await sentByTests(flags.tests),
      django: flags.django,
      moneyTables: flags.money ?? [],
    });
    const { answer, changes } = await withLedger(found, flags.ledger);
    printAudit(answer, { json: flags.json === true, all: flags.all === true, brief: flags.brief === true, changes });
  } finally {
    place?.close();
  }
}

/** The answer with the states of the ledger: of the one that is named, updated; else of ./migration.yaml as it is. */
async function withLedger(
  answer: AuditAnswer,
  file: string | undefined,
): Promise<{ answer: AuditAnswer; changes: LedgerChanges | undefined }> {
  const { findLedger } = await import('../../audit/ledger/ledger.js');
  const { updateLedger, withStates } = await import('../../audit/ledger/update.js');
  const today = new Date().toISOString().slice(0, 10);
  const changes = file === undefined ? undefined : updateLedger(file, answer, today);
  return { answer: withStates(answer, changes?.ledger ?? findLedger(undefined)), changes };
}

/** What the tests sent; null where none are named. */
async function sentByTests(directories: readonly string[] | undefined): Promise<readonly StatementFacts[] | null> {
  if (directories === undefined) return null;
  const place = await placeOf({ data: [...directories] });
  try {
    return (await ranOf(place, {})).report!.statements;
  } finally {
    place.close();
  }
}

async function ranOf(place: Place | null, flags: Pick<ReadFlags, 'since' | 'until'>): Promise<Ran> {
  if (place === null) return { report: null, findings: [], byCaller: new Map() };
  const { ranIn } = await import('../../reports/code/audit-report.js');
  const { readTimeRange } = await import('../../reports/questions/grammar.js');
  return ranIn(place, readTimeRange(parametersOf(flags, ['since', 'until']), flagContext()));
}
