// `pgwitness sql`: runs read-only SQL on a data directory: an argument, standard input or a prompt.
// Here: reading statements and printing answers. Not here: running and stopping them (cli/sql), the
// tables (docs/SQL.md).

import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { RuntimeError, UsageError } from '../../config/values/errors.js';
import { parseDuration } from '../../config/values/units.js';
import { findDirectory } from '../reading/find-place.js';
import { formatFlag } from '../reading/format-flag.js';
import { tokenOf } from '../reading/read-flags.js';
import type { SqlAnswer, SqlRunner, SqlValue } from '../sql/sql-runner.js';
import { csvLine } from '../terminal/csv.js';
import { oneLine, print, printJson, type Screen, screenOf, styled } from '../terminal/output.js';
import { renderTable } from '../terminal/table.js';

interface SqlFlags {
  readonly data?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly store?: string;
  readonly timeout: string;
}

const ROWS_MAX = 100_000;
const PROMPT = 'pgwitness> ';

export function register(program: Command): void {
  program
    .command('sql')
    .argument('[statement]', 'one SQL statement; without it, standard input, or a prompt on a terminal')
    .description('run read-only SQL on a data directory, or on the store of a fleet')
    .option(
      '--data <dir>',
      'data directory to read (default: ./pgwitness-data, else that of the sidecar that runs) [env: PGWITNESS_DATA]',
    )
    .option('--store <url>', "store of a fleet to ask, in ClickHouse's SQL [env: PGWITNESS_STORE]")
    .addOption(formatFlag())
    .option('--json', 'print JSON')
    .option('--csv', 'print CSV')
    .option('--timeout <duration>', 'stop a statement that takes longer; 0s = never', '5m')
    .addHelpText(
      'after',
      `
Views: slow_raw_statements, statements, pools, sources_by_hour, marks, slow_samples. See docs/SQL.md for ten examples.
Functions: percentile(histogram, 95) in ns, the aggregate merged(histogram), merge_histograms(a, b).

Examples:
  pgwitness sql 'SELECT calls, p95_ms, query FROM slow_raw_statements LIMIT 10'
  pgwitness sql --csv 'SELECT * FROM sources_by_hour' > sources.csv
  pgwitness sql --store clickhouse://reader@ch-1/pgwitness 'SELECT service, max(last_min) FROM instance_state GROUP BY 1'

With --store: the tables of docs/FLEET.md; rows that came twice count once (the setting "final" is on).
`,
    )
    .action(sql);
}

async function sql(statement: string | undefined, flags: SqlFlags): Promise<void> {
  if (flags.json && flags.csv) {
    throw new UsageError('two output formats', { where: '--json, --csv', hint: 'give one of them' });
  }
  const timeoutMs = parseDuration(flags.timeout, '--timeout');
  const runner = await runnerOf(flags);
  const asked: Asked = {
    runner,
    flags,
    run: (sql) => runner.run({ sql, rowsMax: ROWS_MAX, timeoutMs, limit: flags.timeout }),
  };
  try {
    if (statement !== undefined) printAnswer(await asked.run(statement), flags);
    else if (process.stdin.isTTY) await prompt(asked);
    else printAnswer(await asked.run(await standardInput()), flags);
  } finally {
    runner.close();
  }
}

/** What is named; the variable counts where no directory is. */
async function runnerOf({ data, store }: SqlFlags): Promise<SqlRunner> {
  if (data !== undefined && store !== undefined) {
    throw new UsageError('two places to ask', { where: '--data, --store', hint: 'give one of them' });
  }
  const fleet = store ?? (data === undefined ? (process.env.PGWITNESS_STORE ?? '') : '');
  if (fleet !== '') return new (await import('../sql/sql-fleet.js')).SqlFleet(fleet);
  const { SqlProcess } = await import('../sql/sql-process.js');
  return new SqlProcess(data ?? (await findDirectory(tokenOf({}))));
}

interface Asked {
  readonly runner: SqlRunner;
  readonly flags: SqlFlags;
  run(statement: string): Promise<SqlAnswer>;
}

/** A statement ends with a semicolon at the end of a line. */
async function prompt(asked: Asked): Promise<void> {
  await asked.runner.open();
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: PROMPT });
  print(
    'Read-only. End statements with ";". Type .tables to list tables and views, .quit to end. Ctrl-C stops a statement.',
  );
  lines.prompt();
  let statement = '';
  // At a prompt the terminal sends no signal.
  lines.on('SIGINT', () => {
    if (asked.runner.cancel()) return;
    if (statement === '') lines.close();
    else {
      statement = '';
      process.stdout.write('\n');
      lines.setPrompt(PROMPT);
      lines.prompt();
    }
  });
  for await (const line of lines) {
    const word = line.trim();
    if (statement === '' && word === '.quit') break;
    if (statement === '' && word === '.tables') {
      await tryAnswer(asked, asked.runner.tablesSql);
    } else if (word !== '' || statement !== '') {
      statement += `${line}\n`;
      if (word.endsWith(';')) {
        await tryAnswer(asked, statement);
        statement = '';
      }
    }
    lines.setPrompt(statement === '' ? PROMPT : '      ...> ');
    lines.prompt();
  }
  lines.close();
}

/** Prints an error instead of throwing it, so that the prompt goes on. */
async function tryAnswer({ run, flags }: Asked, statement: string): Promise<void> {
  try {
    printAnswer(await run(statement), flags);
  } catch (error) {
    print(oneLine((error as Error).message));
  }
}

function printAnswer(result: SqlAnswer, { json, csv }: SqlFlags): void {
  const { columns, rows } = result;
  if (json) {
    printJson(rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, jsonValue(row[at])]))));
  } else if (csv) print([csvLine(columns), ...rows.map((row) => csvLine(row.map(csvValue)))].join('\n'));
  else print(answerText(result, screenOf(process.stdout, process.env)));
  if (result.truncated) process.stderr.write(`pgwitness: only the first ${ROWS_MAX} rows are printed; add a LIMIT\n`);
}

function answerText({ columns, rows }: SqlAnswer, screen: Screen): string {
  // The last column, which is mostly the query, takes the rest of the line.
  const table = renderTable(
    rows,
    columns.map((title, at) => ({
      title: oneLine(title),
      align: rows.length > 0 && rows.every((row) => typeof row[at] === 'number') ? ('right' as const) : undefined,
      flexible: at === columns.length - 1,
      cell: (row: readonly SqlValue[]) => cellText(row[at]),
    })),
    screen,
  );
  return `${table}\n${styled(`(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`, { style: 'dim', screen })}`;
}

function cellText(value: SqlValue): string {
  if (value === null) return '';
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toFixed(3);
  if (value instanceof Uint8Array) return `(${value.length} bytes)`;
  return oneLine(typeof value === 'object' ? jsonText(value) : String(value));
}

function csvValue(value: SqlValue): Exclude<SqlValue, object> | Uint8Array {
  return typeof value !== 'object' || value === null || value instanceof Uint8Array ? value : jsonText(value);
}

/** A map, an array or a tuple of ClickHouse. */
function jsonText(value: object): string {
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === 'bigint' ? Number(part) : part));
}

function jsonValue(value: SqlValue): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (typeof value === 'object' && value !== null) return JSON.parse(jsonText(value));
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
