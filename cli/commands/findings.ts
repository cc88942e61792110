// `pgwitness findings [ID]`: says what is wrong in how requests use the database.
// Not here: the text (cli/views/findings.ts), the rules (analyzer/findings).

import type { Command } from 'commander';
import { RuntimeError } from '../../config/values/errors.js';
import { addCiForms } from '../reading/format-flag.js';
import { withMarks } from '../reading/marked-moments.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags } from '../reading/read-flags.js';

interface FindingsFlags extends ReadFlags {
  readonly all?: boolean;
}

export function register(program: Command): void {
  const command = addReadFlags(
    program
      .command('findings [id]')
      .description(
        'say what is wrong: N+1, repeated reads, writes in loops, work beside an open transaction, idle transactions, and more',
      ),
  )
    .option('--all', 'list candidates (seen in fewer than 3 requests), weak, quiet and accepted ones too')
    .addHelpText('after', '\nExamples:\n  pgwitness findings --since 1h\n  pgwitness findings 4f1c20b7\n')
    .action(async (id: string | undefined, given: FindingsFlags) => {
      const flags = await withMarks(given);
      const { readTimeRange } = await import('../../reports/questions/grammar.js');
      const { printFinding, printFindings } = await import('../views/findings.js');
      const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
      const place = await placeOf(flags);
      try {
        const report = await place.findings(range);
        const json = flags.json === true;
        if (id === undefined) {
          printFindings(report, { json, all: flags.all === true, read: place.name });
          return;
        }
        const found = report.findings.filter((finding) => finding.id.startsWith(id));
        if (found.length !== 1) {
          const what = found.length === 0 ? 'no finding begins with' : `${found.length} findings begin with`;
          throw new RuntimeError(`${what} "${id}"`, { where: place.name, hint: 'pgwitness findings --all lists them' });
        }
        printFinding(found[0], { json, sample: await place.findingSample(found[0].id) });
      } finally {
        place.close();
      }
    });
  addCiForms(command);
}
