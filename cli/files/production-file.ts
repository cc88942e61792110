// Reads what production ran: an export of pg_stat_statements or of pgwitness, or a log.
// Invariant: a file that is none of these is refused by its name, and a row that is not understood by its number.
// Not here: who sent a statement (cli/checking/production.ts), a store of production (a directory).

import { UsageError } from '../../config/values/errors.js';
import { csvRows } from './csv-rows.js';
import { timesOfLog } from './server-log.js';
import { statementLines } from './statement-file.js';

/** A statement with its executions, as the file has it. */
export interface ProductionRow {
  readonly sql: string;
  readonly executions: number;
  readonly user?: string;
  readonly database?: string;
  /** Of an export of pgwitness, which knows who sent it. */
  readonly known?: {
    readonly fingerprint: string;
    readonly source: string;
    readonly construct: string;
    readonly confidence: string;
    readonly summary: string;
  };
}

export interface ProductionFile {
  readonly kind: 'pg_stat_statements' | 'export' | 'log';
  /** Of a log: lines as `attribute` takes them. */
  readonly lines: readonly string[];
  readonly rows: readonly ProductionRow[];
  /** null = the file does not say. */
  readonly sinceMs: number | null;
  readonly untilMs: number | null;
  /** Times that pg_stat_statements dropped entries; null = the file does not say. */
  readonly dropped: number | null;
  /** Executions that the sidecars of an export lost; null = the file does not say. */
  readonly lost: number | null;
}

/** Throws UsageError. `name`: of the file. */
export function readProductionFile(text: string, name: string): ProductionFile {
  const start = text.trimStart();
  // A prefix of a log may begin with a bracket, too.
  if (/^\[\s*(?:\{|\]|$)/.test(start)) return ofTable(jsonOf(text, name), name);
  if (start.startsWith('{')) {
    const whole = parsed(text);
    if (isObject(whole) && Array.isArray(whole.statements)) return ofExport(whole, name);
    const first = parsed(/^[^\n]*/.exec(start)?.[0] ?? '');
    if (isObject(first) && 'query' in first && 'calls' in first) {
      return ofTable(
        start.split('\n').flatMap((line, at) => (line.trim() === '' ? [] : [objectOf(line, `${name}:${at + 1}`)])),
        name,
      );
    }
  }
  const [head = [], ...rows] = csvRows(start);
  if (head.includes('query') && head.includes('calls')) {
    const named = rows.filter((row) => row.length > 1 || row[0] !== '');
    return ofTable(
      named.map((row) => Object.fromEntries(head.map((column, at) => [column, row[at] ?? '']))),
      name,
    );
  }
  const lines = statementLines(text, { name, told: undefined });
  if (lines.some((line) => /"sql"\s*:/.test(line)))
    return { kind: 'log', lines, rows: [], ...timesOfLog(text), dropped: null, lost: null };
  throw refused('is nothing that says what production ran', name);
}

type Json = Readonly<Record<string, unknown>>;

function ofTable(entries: readonly Json[], name: string): ProductionFile {
  if (entries.length === 0) throw refused('holds no statement', name);
  const rows: ProductionRow[] = [];
  const resets: number[] = [];
  const ends: number[] = [];
  let dropped: number | null = null;
  for (const [at, entry] of entries.entries()) {
    const where = `${name}, entry ${at + 1}`;
    const { query } = entry;
    if (typeof query !== 'string' || query === '') throw refused('has no query', where);
    if (query === '<insufficient privilege>') {
      const hint = 'export it as a user with GRANT pg_read_all_stats';
      throw new UsageError('the texts are hidden from who exported them', { where, hint });
    }
    resets.push(...momentOf(entry.stats_reset, where));
    ends.push(...momentOf(entry.exported_at, where));
    if (given(entry.dealloc)) dropped = Math.max(dropped ?? 0, numberOf(entry.dealloc, where));
    // Statements within functions: no client sent them.
    if (entry.toplevel === false || entry.toplevel === 'f' || entry.toplevel === 'false') continue;
    rows.push({
      sql: query,
      executions: numberOf(entry.calls, where) + (given(entry.errors) ? numberOf(entry.errors, where) : 0),
      user: textOf(entry.user),
      database: textOf(entry.database),
      known: knownOf(entry),
    });
  }
  const kind = rows.some(({ known }) => known !== undefined) ? 'export' : 'pg_stat_statements';
  return { kind, lines: [], rows, sinceMs: latest(resets), untilMs: latest(ends), dropped, lost: null };
}

function ofExport(whole: Json, name: string): ProductionFile {
  const entries = (whole.statements as unknown[]).map((entry, at) => {
    if (isObject(entry) && knownOf(entry) !== undefined) return entry;
    throw refused('is no statement of pgwitness export', `${name}, entry ${at + 1}`);
  });
  const window = isObject(whole.window) ? whole.window : {};
  const [sinceMs = null] = momentOf(window.since, name);
  const [untilMs = null] = momentOf(window.until, name);
  const { exact, not_observed: lost } = isObject(whole.observed) ? whole.observed : ({} as Json);
  return {
    ...ofTable(entries, name),
    ...{ kind: 'export', sinceMs, untilMs },
    lost: exact === true ? 0 : typeof lost === 'number' && lost > 0 ? lost : null,
  };
}

function knownOf({ fingerprint, source, construct, confidence, summary }: Json): ProductionRow['known'] {
  if (typeof fingerprint !== 'string' || typeof source !== 'string' || source === '') return undefined;
  return {
    fingerprint,
    source,
    construct: textOf(construct) ?? '',
    confidence: textOf(confidence) ?? 'none',
    summary: textOf(summary) ?? '',
  };
}

function refused(what: string, where: string): UsageError {
  const hint =
    'give an export of pg_stat_statements (CSV or JSON with query and calls), of pgwitness export, a log of Postgres, or a data directory';
  return new UsageError(`this ${what}`, { where, hint });
}

function jsonOf(text: string, name: string): Json[] {
  const value = parsed(text);
  if (!Array.isArray(value)) throw refused('is no whole JSON', name);
  return value.map((entry, at) => {
    if (isObject(entry)) return entry;
    throw refused('is no object', `${name}, entry ${at + 1}`);
  });
}

function objectOf(line: string, where: string): Json {
  const value = parsed(line);
  if (isObject(value)) return value;
  throw refused('is no JSON object', where);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function given(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberOf(value: unknown, where: string): number {
  const number = given(value) ? Number(value) : Number.NaN;
  if (Number.isFinite(number) && number >= 0) return number;
  throw new UsageError(`"${String(value)}" is not a number of calls`, {
    where,
    hint: 'export the column calls as it is',
  });
}

/** None or one; as psql writes it, or ISO 8601. */
function momentOf(value: unknown, where: string): number[] {
  if (!given(value)) return [];
  const iso = String(value)
    .replace(' ', 'T')
    .replace(/([+-][0-9]{2})$/, '$1:00');
  const ms = Date.parse(iso);
  if (!Number.isNaN(ms)) return [ms];
  throw new UsageError(`"${String(value)}" is not a moment`, { where, hint: 'write it with its time zone' });
}

function latest(moments: readonly number[]): number | null {
  return moments.length === 0 ? null : Math.max(...new Set(moments));
}
