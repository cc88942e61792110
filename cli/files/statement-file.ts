// Reads a file of statements: JSON lines, SQL, or a log of Postgres, told by its content.
// Invariant: JSON lines are passed on as they are; of any other file each statement becomes such a line.
// Not here: the entries of logs (server-log.ts), verdicts (analyzer/attribution).

import { splitStatements } from '../../analyzer/fingerprint/split.js';
import { lex } from '../../analyzer/sql/sql-lexer.js';
import { SqlTokens } from '../../analyzer/sql/tokens.js';
import { UsageError } from '../../config/values/errors.js';
import { statementsOfCsvLog, statementsOfJsonLog, statementsOfTextLog } from './server-log.js';

export const FILE_KINDS = ['lines', 'sql', 'csvlog', 'jsonlog', 'log'] as const;
type FileKind = (typeof FILE_KINDS)[number];

/** `name`: of the file. `told`: its kind, where the user says it. Throws UsageError for a kind that is not known. */
export function statementLines(text: string, { name, told }: { name: string; told: string | undefined }): string[] {
  const kind = told === undefined ? kindOf(text, name) : FILE_KINDS.find((known) => known === told);
  switch (kind) {
    case 'lines':
      return text.split('\n');
    case 'sql':
      return sqlStatements(text).map(asLine);
    case 'csvlog':
      return statementsOfCsvLog(text).map(asLine);
    case 'jsonlog':
      return statementsOfJsonLog(text).map(asLine);
    case 'log':
      return statementsOfTextLog(text).map(asLine);
  }
  throw new UsageError(`"${told}" is not known`, { where: '--as', hint: `use one of ${FILE_KINDS.join(', ')}` });
}

function asLine(line: object): string {
  return JSON.stringify(line);
}

function kindOf(text: string, name: string): FileKind {
  if (/\.sql$/i.test(name)) return 'sql';
  const first = /^\s*(.*)/.exec(text)?.[1] ?? '';
  if (first.startsWith('{'))
    return /"error_severity"\s*:/.test(first) && !/"sql"\s*:/.test(first) ? 'jsonlog' : 'lines';
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:.]+ [^ ,]+,/.test(first)) return 'csvlog';
  if (/\b(?:LOG|ERROR|FATAL|WARNING): {2}/.test(text.slice(0, 65_536))) return 'log';
  return 'lines';
}

/** All in one session, as psql would send them. psql's own commands and the data of COPY are left out. */
function sqlStatements(text: string): object[] {
  const plain = withoutPsql(text);
  const bytes = Buffer.from(plain);
  const tokens = new SqlTokens();
  lex(bytes, tokens);
  return splitStatements(tokens).map(({ start, end }) => {
    const sql = bytes.toString('utf8', start, end);
    const before = bytes.toString('utf8', 0, start) + (/^\s*/.exec(sql)?.[0] ?? '');
    return { session: 1, line: before.split('\n').length, protocol: 'simple', sql: sql.trim() };
  });
}

/** Their lines stay, empty, so that numbers of lines hold. */
function withoutPsql(text: string): string {
  let inData = false;
  const lines = text.split('\n').map((line) => {
    if (inData) {
      inData = line.trimEnd() !== '\\.';
      return '';
    }
    inData = /^\s*copy\b.*\bfrom\s+stdin\b/i.test(line);
    return line.startsWith('\\') ? '' : line;
  });
  return lines.join('\n');
}
