// `pgwitness show FINGERPRINT`: everything about one statement, evidence included.
// Invariant: a prefix is accepted when it names one statement; a name that fits none or several is an error that says which.
// Not here: printing (show-view.ts).

import type { Command } from 'commander';
import { RuntimeError, UsageError } from '../config/errors.js';
import type { TimeRange } from '../dashboards/http/parameters.js';
import type { StatementsReport } from '../storage/report-types.js';
import { addReadFlags, flagContext, parametersOf, type ReadFlags, sourceOf } from './read-flags.js';
import type { ReportSource } from './report-source.js';

const FINGERPRINT_LENGTH = 16;

export function register(program: Command): void {
  addReadFlags(
    program.command('show <fingerprint>').description('everything about one statement; a unique prefix is enough'),
  )
    .addHelpText('after', '\nExamples:\n  pgwitness show 5c1d2a\n  pgwitness show 5c1d2a --since 24h --json\n')
    .action(async (fingerprint: string, flags: ReadFlags) => {
      const prefix = fingerprint.toLowerCase();
      if (!/^[xt]?[0-9a-f]{0,16}$/.test(prefix) || prefix === '' || prefix.length > FINGERPRINT_LENGTH) {
        throw new UsageError(`"${fingerprint}" is not a fingerprint`, {
          where: 'show',
          hint: 'give the 16 characters that pgwitness top prints, or their first few',
        });
      }
      const { readTimeRange } = await import('../dashboards/http/parameters.js');
      const { printStatement } = await import('./show-view.js');
      const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
      const source = await sourceOf(flags);
      try {
        printStatement(await find(source, { prefix, range }), { json: flags.json === true });
      } finally {
        source.close();
      }
    });
}

async function find(source: ReportSource, what: { prefix: string; range: TimeRange }): Promise<StatementsReport> {
  const { prefix, range } = what;
  const fingerprint = prefix.length === FINGERPRINT_LENGTH ? prefix : await completed(source, what);
  const report = await source.statement(fingerprint, range);
  if (report.statements.length > 0) return report;
  throw new RuntimeError(`no statement ${prefix} in this window`, {
    where: source.name,
    hint: 'pgwitness top --all --limit 0 lists what there is; a longer --since may hold it',
  });
}

/** The one fingerprint that begins with the prefix. */
async function completed(source: ReportSource, what: { prefix: string; range: TimeRange }): Promise<string> {
  const { prefix, range } = what;
  const { statements } = await source.statements({
    range,
    filter: {},
    sort: 'total',
    limit: 0,
    minMs: 0,
    form: 'mergeable',
  });
  const fits = [...new Set(statements.map((facts) => facts.fingerprint))].filter((known) => known.startsWith(prefix));
  if (fits.length === 1) return fits[0];
  if (fits.length === 0) return prefix;
  const some = fits.slice(0, 5).join(', ') + (fits.length > 5 ? ', …' : '');
  throw new UsageError(`${fits.length} statements begin with ${prefix}`, {
    where: 'show',
    hint: `give more of one: ${some}`,
  });
}
