// `pgwitness sql`: runs read-only SQL on a data directory: an argument, standard input or a prompt.
// Here: reading statements and printing answers. Not here: running them (storage/sqlite/read/shell.ts), the tables
// (docs/SQL.md).

import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { loadConfig } from '../../config/config.js';
import { RuntimeError, UsageError } from '../../config/values/errors.js';
import type { ShellAnswer, ShellValue, SqlShell } from '../../storage/sqlite/read/shell.js';
import { csvLine } from '../terminal/csv.js';
import { oneLine, print, printJson, type Screen, screenOf, styled } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';

interface SqlFlags {
  readonly data?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}

const ROWS_MAX = 100_000;

export function register(program: Command): void {
  program
    .command('sql')
    .argument('[statement]', 'one SQL statement; without it, standard input, or a prompt on a terminal')
    .description('run read-only SQL on a data directory')
    .option('--data <dir>', 'data directory to read (default: ./pgwitness-data) [env: PGWITNESS_DATA]')
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .addHelpText(
      'after',
      `
Views: slow_raw_statements, statements, pools, sources_by_hour, marks, slow_samples. See docs/SQL.md for ten examples.
Functions: percentile(histogram, 95) in ns, the aggregate merged(histogram), merge_histograms(a, b).

Examples:
  pgwitness sql 'SELECT calls, p95_ms, query FROM slow_raw_statements LIMIT 10'
  pgwitness sql --csv 'SELECT * FROM sources_by_hour' > sources.csv
`,
    )
    .action(sql);
}

async function sql(statement: string | undefined, flags: SqlFlags): Promise<void> {
  if (flags.json && flags.csv) {
    throw new UsageError('two output formats', { where: '--json, --csv', hint: 'give one of them' });
  }
  const { SqlShell } = await import('../../storage/sqlite/read/shell.js');
  const { config } = loadConfig({ env: { PGWITNESS_DATA: process.env.PGWITNESS_DATA } });
  const shell = new SqlShell(flags.data ?? config.dataDir);
  try {
    if (statement !== undefined) answer(shell, statement, flags);
    else if (process.stdin.isTTY) await prompt(shell, flags);
    else answer(shell, await standardInput(), flags);
  } finally {
    shell.close();
  }
}

function answer(shell: SqlShell, statement: string, flags: SqlFlags): void {
  try {
    printAnswer(shell.run(statement, { rowsMax: ROWS_MAX }), flags);
  } catch (error) {
    if ((error as Error).name !== 'ShellError') throw error;
    throw new UsageError((error as Error).message, { where: 'sql', hint: 'see docs/SQL.md for tables and views' });
  }
}

/** A statement ends with a semicolon at the end of a line. */
async function prompt(shell: SqlShell, flags: SqlFlags): Promise<void> {
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: 'pgwitness> ' });
  print('Read-only. End statements with ";". Type .tables to list tables and views, .quit to end.');
  lines.prompt();
  let statement = '';
  for await (const line of lines) {
    const word = line.trim();
    if (statement === '' && word === '.quit') break;
    if (statement === '' && word === '.tables') {
      tryAnswer(
        shell,
        "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY type DESC, name",
        flags,
      );
    } else if (word !== '' || statement !== '') {
      statement += `${line}\n`;
      if (word.endsWith(';')) {
        tryAnswer(shell, statement, flags);
        statement = '';
      }
    }
    lines.setPrompt(statement === '' ? 'pgwitness> ' : '      ...> ');
    lines.prompt();
  }
  lines.close();
}

/** Prints an error instead of throwing it, so that the prompt goes on. */
function tryAnswer(shell: SqlShell, statement: string, flags: SqlFlags): void {
  try {
    printAnswer(shell.run(statement, { rowsMax: ROWS_MAX }), flags);
  } catch (error) {
    print(oneLine((error as Error).message));
  }
}

function printAnswer(result: ShellAnswer, { json, csv }: SqlFlags): void {
  const { columns, rows } = result;
  if (json) {
    printJson(rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, jsonValue(row[at])]))));
  } else if (csv) print([csvLine(columns), ...rows.map((row) => csvLine(row))].join('\n'));
  else print(answerText(result, screenOf(process.stdout, process.env)));
  if (result.truncated) process.stderr.write(`pgwitness: only the first ${ROWS_MAX} rows are printed; add a LIMIT\n`);
}

function answerText({ columns, rows }: ShellAnswer, screen: Screen): string {
  // The last column, which is mostly the query, takes the rest of the line.
  const table = renderTable(
    rows,
    columns.map((title, at) => ({
      title: oneLine(title),
      align: rows.length > 0 && rows.every((row) => typeof row[at] === 'number') ? ('right' as const) : undefined,
      flexible: at === columns.length - 1,
      cell: (row: readonly ShellValue[]) => cellText(row[at]),
    })),
    screen,
  );
  return `${table}\n${styled(`(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`, { style: 'dim', screen })}`;
}

function cellText(value: ShellValue): string {
  if (value === null) return '';
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toFixed(3);
  if (value instanceof Uint8Array) return `(${value.length} bytes)`;
  return oneLine(String(value));
}

function jsonValue(value: ShellValue): string | number | null {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return typeof value === 'bigint' ? Number(value) : value;
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8').trim();
  if (text === '') {
    throw new RuntimeError('no statement given', { where: 'sql', hint: 'give one as argument or on standard input' });
  }
  return text;
}
