// `pgwitness attribute`: reads the statements of a file and adds who sent each, with evidence.
// Invariant: each line that is not empty gives one line, in the same order; a wrong line gives its error and spoils
// no other.
// Not here: the rules (analyzer/attribution), reading a statement (analyzer/texts/line-reader.ts), kinds of files
// (cli/files/statement-file.ts).

import { createReadStream } from 'node:fs';
import type { Command } from 'commander';
import { loadConfig } from '../../config/config.js';
import { ExitCode, RuntimeError, visible } from '../../config/values/errors.js';
import { FILE_KINDS, statementLines } from '../files/statement-file.js';
import { print } from '../terminal/output.js';

export function register(program: Command): void {
  program
    .command('attribute')
    .description('tell who sent the statements of a file, as the sidecar would')
    .requiredOption('--input <file>', 'JSON lines, an .sql file or a log of Postgres; - is standard input')
    .option('--as <kind>', `what the file is: ${FILE_KINDS.join(', ')} (default: told by its content)`)
    .option('--config <file>', 'config file with your own rules [env: PGWITNESS_CONFIG]')
    .addHelpText(
      'after',
      `
JSON lines: each is an object. Lines of a session come in the order in which they were sent:
  {"session": 1, "startup": {"user": "app"}, "protocol": "extended", "statement_name": "", "sql": "SELECT 1"}
Add "client_address" for rules that match client networks. If a line has several statements, its answer is about the first one
that is not housekeeping, and "statements" lists all of them. A wrong line is answered with {"line", "error"}, and the exit code is 1.

Of an .sql file all statements are one session. Of a log (csvlog, jsonlog, or lines with log_line_prefix '%m [%p] %u@%d app=%a ')
the entries of log_statement = all or log_min_duration_statement = 0 are read. A text that is no SQL has a "warning".

Example:
  pgwitness attribute --input statements.jsonl > attributed.jsonl
  pgwitness attribute --input reports.sql
  pgwitness attribute --input postgresql.csv --as csvlog
`,
    )
    .action(attribute);
}

async function attribute(flags: { input: string; as?: string; config?: string }): Promise<void> {
  const { config } = loadConfig({ env: { PGWITNESS_CONFIG: process.env.PGWITNESS_CONFIG }, file: flags.config });
  const { attributeLines } = await import('../../analyzer/attribution/attribute-lines.js');
  const { UserRules } = await import('../../analyzer/attribution/rules/rule-user.js');
  const { loadLineReader } = await import('../../analyzer/texts/line-reader.js');
  const { networkFinder } = await import('../../analyzer/sessions/networks.js');
  const input = await readInput(flags.input);
  const rules = new UserRules(config.rules);
  const results = attributeLines(statementLines(input, { name: flags.input, told: flags.as }), {
    read: await loadLineReader(rules),
    rules,
    networkOf: networkFinder(config.clientNetworks),
  });
  const lines: string[] = [];
  for (const result of results) {
    if ('output' in result) {
      lines.push(JSON.stringify(withWarning(result.output)));
      continue;
    }
    const { line, message } = result.error;
    lines.push(JSON.stringify({ line, error: message }));
    process.stderr.write(`pgwitness: ${visible(`${message}: ${flags.input}:${line}`)}\n`);
    process.exitCode = ExitCode.checkFailed;
  }
  if (lines.length > 0) print(lines.join('\n'));
}

/** The grammar refused the text: its verdict is by words alone. */
function withWarning(output: Record<string, unknown>): Record<string, unknown> {
  const isRefused = String(output.fingerprint).startsWith('x') && output.source !== 'housekeeping';
  return isRefused ? { ...output, warning: 'the grammar of PostgreSQL does not read this text' } : output;
}

async function readInput(path: string): Promise<string> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of path === '-' ? process.stdin : createReadStream(path)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new RuntimeError(`the input cannot be read (${reason})`, {
      where: path,
      hint: 'check --input',
      cause: error,
    });
  }
}
