// Reads the statements of a Postgres log: csvlog, jsonlog, or lines on stderr.
// Invariant: an entry gives at most one statement: "statement: …", or "execute NAME: …" of the extended protocol, with
// or without its duration. Everything else in a log is passed over.
// Not here: which kind of file it is (statement-file.ts), verdicts (analyzer/attribution).
// Source: PostgreSQL documentation, "Error Reporting and Logging" (log_statement, log_min_duration_statement).

import type { AttributeLine } from '../../analyzer/attribution/attribute-lines.js';
import { csvRows } from './csv-rows.js';

interface Entry {
  readonly message: string;
  readonly session: string;
  readonly user?: string;
  readonly database?: string;
  readonly applicationName?: string;
  readonly clientAddress?: string;
}

const MESSAGE = /^(?:duration: [0-9.]+ ms {2})?(?:statement|execute ([^:]*)): /;

function statementOf({ message, session, ...entry }: Entry): AttributeLine | undefined {
  const found = MESSAGE.exec(message);
  if (found === null) return undefined;
  const name = found[1];
  const startup = { user: entry.user, database: entry.database, application_name: entry.applicationName };
  const known = Object.entries(startup).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return {
    session,
    startup: Object.fromEntries(known),
    ...(entry.clientAddress ? { client_address: entry.clientAddress } : {}),
    protocol: name === undefined ? 'simple' : 'extended',
    statement_name: name === undefined || name === '<unnamed>' ? '' : name,
    sql: message.slice(found[0].length),
  };
}

function kept(entries: Iterable<Entry>): AttributeLine[] {
  return [...entries].map(statementOf).filter((line) => line !== undefined);
}

export function statementsOfJsonLog(text: string): AttributeLine[] {
  const entries = text.split('\n').flatMap((line): Entry[] => {
    if (line.trim() === '') return [];
    let entry: Record<string, unknown>;
    try {
      entry = JSON.parse(line) as Record<string, unknown>;
    } catch {
      // The server may be writing the last line.
      return [];
    }
    const named = (key: string): string => String(entry[key] ?? '');
    return [
      {
        message: named('message'),
        session: named('session_id') || named('pid'),
        user: named('user'),
        database: named('dbname'),
        applicationName: named('application_name'),
        clientAddress: named('remote_host').replace('[local]', ''),
      },
    ];
  });
  return kept(entries);
}

/** Columns of csvlog; later versions only add behind them. */
const CSV = { user: 1, database: 2, client: 4, session: 5, message: 13, application: 22 } as const;

export function statementsOfCsvLog(text: string): AttributeLine[] {
  const entries = csvRows(text).map(
    (row): Entry => ({
      message: row[CSV.message] ?? '',
      session: row[CSV.session] ?? '',
      user: row[CSV.user],
      database: row[CSV.database],
      applicationName: row[CSV.application],
      clientAddress: (row[CSV.client] ?? '').replace(/^\[local\]|:[0-9]+$/, ''),
    }),
  );
  return kept(entries);
}

/** An entry begins with log_line_prefix and a severity; its further lines begin with a tab. */
const HEAD = /^(.*?)\b(?:LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DETAIL|HINT|STATEMENT|CONTEXT|DEBUG[1-5]?): {2}/;

export function statementsOfTextLog(text: string): AttributeLine[] {
  const entries: Array<{ -readonly [K in keyof Entry]: Entry[K] }> = [];
  for (const line of text.split('\n')) {
    const head = HEAD.exec(line);
    if (head === null) {
      const last = entries.at(-1);
      if (last !== undefined && line.startsWith('\t')) last.message += `\n${line.slice(1)}`;
      continue;
    }
    const [, prefix] = head;
    const [, user, database] = /([^\s@[\]]+)@([^\s@[\]]+)/.exec(prefix) ?? [];
    const applicationName = /\bapp=([^\s,]+)/.exec(prefix)?.[1];
    // %p and %c stand in brackets in the default prefix and in most others.
    const session = /\[([0-9a-f.]+)(?:-[0-9]+)?\]/.exec(prefix)?.[1] ?? '';
    entries.push({ message: line.slice(head[0].length), session, user, database, applicationName });
  }
  return kept(entries);
}

const TIME =
  /(?:^|"timestamp"\s*:\s*")([0-9]{4}-[0-9]{2}-[0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?) (UTC|GMT|[+-][0-9]{2})\b/;

/** From its first to its last entry; null where the entries do not begin with their time, or its zone has a name. */
export function timesOfLog(text: string): { readonly sinceMs: number | null; readonly untilMs: number | null } {
  const lines = text.split('\n');
  const first = lines.find((line) => TIME.test(line));
  const last = lines.findLast((line) => TIME.test(line));
  return { sinceMs: momentIn(first), untilMs: momentIn(last) };
}

function momentIn(line = ''): number | null {
  const found = TIME.exec(line);
  if (found === null) return null;
  const [, day, time, zone] = found;
  const ms = Date.parse(`${day}T${time}${/^[+-]/.test(zone) ? `${zone}:00` : 'Z'}`);
  return Number.isNaN(ms) ? null : ms;
}
