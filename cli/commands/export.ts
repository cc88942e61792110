// `pgwitness export`: writes all statements or pools of a window as JSON or CSV; sidecars merge.
// Invariant: CSV has the columns of `top --json`, with a row per statement and source; lists in a cell are joined by
// "; ".
// Not here: the rows (reports/forms/statements-json.ts, reports/forms/pools-json.ts).

import type { Command } from 'commander';
import { UsageError } from '../../config/values/errors.js';
import type { StatementJson } from '../../reports/forms/statements-json.js';
import { withMarks } from '../reading/marked-moments.js';
import { addReadFlags, flagContext, parametersOf, placeOf, type ReadFlags } from '../reading/read-flags.js';
import { csvLine } from '../terminal/csv.js';
import { print, printJson } from '../terminal/output.js';
import { openProgress } from '../terminal/progress.js';

interface ExportFlags extends ReadFlags {
  readonly format?: string;
  readonly what?: string;
}

export function register(program: Command): void {
  addReadFlags(program.command('export').description('write every statement or pool of a window as JSON or CSV'))
    .option('--format <format>', 'json or csv (default: json)')
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
  const format = oneOf(flags.json ? 'json' : (flags.format ?? 'json'), { known: ['json', 'csv'], where: '--format' });
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
      progress.end();
      if (format === 'json') printJson(json);
      else print(csvOf(json.pools.map(({ transaction_histogram: _, evidence: __, ...pool }) => pool)));
      return;
    }
    const { statementsJson } = await import('../../reports/forms/statements-json.js');
    const query = { range, filter: {}, sort: 'total', limit: 0, minMs: 0, hidden: [], form: 'mergeable' } as const;
    const json = statementsJson(await place.statements(query), query);
    progress.end();
    if (format === 'json') printJson(json);
    else print(csvOf(json.statements.map(flat)));
  } finally {
    progress.end();
    place.close();
  }
}

type Cell = string | number | null;

function flat({ tags, pools, ...row }: StatementJson): Record<string, Cell> {
  const pairs = Object.entries(tags).flatMap(([key, values]) => values.map((value) => `${key}=${value}`));
  return { ...row, pools: pools.join('; '), tags: pairs.join('; ') };
}

/** The first row gives the columns; without rows the text is an empty line. */
function csvOf(rows: ReadonlyArray<Readonly<Record<string, unknown>>>): string {
  const columns = Object.keys(rows[0] ?? {});
  return [csvLine(columns), ...rows.map((row) => csvLine(columns.map((column) => cellOf(row[column]))))].join('\n');
}

function cellOf(value: unknown): Cell {
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value;
  if (Array.isArray(value)) return value.join('; ');
  return Object.entries(value as object)
    .map(([key, part]) => `${key}=${part}`)
    .join('; ');
}

function oneOf(text: string, { known, where }: { known: readonly string[]; where: string }): string {
  if (known.includes(text)) return text;
  throw new UsageError(`"${text}" is not known`, { where, hint: `use one of ${known.join(', ')}` });
}
