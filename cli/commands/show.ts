// `pgwitness show FINGERPRINT`: shows everything about one statement, evidence included.
// Not here: printing (cli/views/show.ts), finding it by a prefix (reports/questions/find-statement.ts).

import type { Command } from 'commander';
import { fingerprintOf, noSuchStatement, readPrefix } from '../../reports/questions/find-statement.js';
import { withMarks } from '../reading/marked-moments.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags } from '../reading/read-flags.js';

export function register(program: Command): void {
  addReadFlags(
    program.command('show <fingerprint>').description('show everything about one statement; a unique prefix is enough'),
  )
    .addHelpText('after', '\nExamples:\n  pgwitness show 5c1d2a\n  pgwitness show 5c1d2a --since 24h --json\n')
    .action(async (name: string, given: ReadFlags) => {
      const flags = await withMarks(given);
      const { readTimeRange } = await import('../../reports/questions/grammar.js');
      const { printStatement } = await import('../views/show.js');
      const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
      readPrefix(name, 'show');
      const place = await placeOf(flags);
      try {
        const fingerprint = await fingerprintOf(place, { name, range, where: 'show' });
        const report = await place.statement(fingerprint, range);
        if (report.statements.length === 0) throw noSuchStatement(place, fingerprint);
        const samples = await place.samples(fingerprint);
        const timeline = await place.timeline({ fingerprint, range });
        const { findings } = await place.findings(range, new Set([fingerprint]));
        printStatement(report, { samples, timeline, findings, json: flags.json === true });
      } finally {
        place.close();
      }
    });
}
