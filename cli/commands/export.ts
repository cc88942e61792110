// `pgwitness export`: writes all statements or pools of a window as JSON or CSV; sidecars merge.
// Invariant: CSV has the columns of `top --json`, with a row per statement and source; lists in a cell are joined by
// "; ".
// Not here: the rows (reports/forms/statements-json.ts, reports/forms/pools-json.ts), CSV (cli/terminal/csv.ts).

import type { Command } from 'commander';
import { UsageError } from '../../config/values/errors.js';
import { withMarks } from '../reading/marked-moments.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags } from '../reading/read-flags.js';
import { formNow } from '../terminal/form.js';
import { printJson } from '../terminal/output.js';
import { openProgress } from '../terminal/progress.js';

interface ExportFlags extends ReadFlags {
  readonly what?: string;
}

export function register(program: Command): void {
  addReadFlags(
    program
      .command('export')
      .description('write every statement or pool of a window as JSON, or as CSV with --format csv'),
  )
    .option('--what <what>', 'statements or pools (default: statements)')
    .addHelpText(
      'after',
      '\nExamples:\n  pgwitness export --format csv --since 7d > statements.csv\n' +
        '  pgwitness export --what pools --data ./web --data ./celery\n',
    )
    .action(exportAll);
}

async function exportAll(given: ExportFlags): Promise<void> {
  const flags = await withMarks(given);
  if (formNow() === 'markdown') {
    throw new UsageError('Markdown is not written', { where: '--format', hint: 'use json or csv' });
  }
  const what = oneOf(flags.what ?? 'statements', { known: ['statements', 'pools'], where: '--what' });
  const { readTimeRange } = await import('../../reports/questions/grammar.js');
  const range = readTimeRange(parametersOf(flags, ['since', 'until']), flagContext());
  const place = await placeOf(flags);
  const progress = openProgress();
  progress.at(`Reading ${what} of ${place.name}`);
  try {
    if (what === 'pools') {
      const { poolsJson } = await import('../../reports/forms/pools-json.js');
      const json = poolsJson(await place.pools(range));
      const lean = json.pools.map(({ transaction_histogram: _, evidence: __, ...pool }) => pool);
      progress.end();
      printJson(formNow() === 'csv' ? lean : json);
      return;
    }
    const { statementsJson } = await import('../../reports/forms/statements-json.js');
    const query = { range, filter: {}, sort: 'total', limit: 0, minMs: 0, hidden: [], form: 'mergeable' } as const;
    const json = statementsJson(await place.statements(query), query);
    progress.end();
    printJson(json);
  } finally {
    progress.end();
    place.close();
  }
}

function oneOf(text: string, { known, where }: { known: readonly string[]; where: string }): string {
  if (known.includes(text)) return text;
  throw new UsageError(`"${text}" is not known`, { where, hint: `use one of ${known.join(', ')}` });
}
