// Writes rows as CSV (RFC 4180, with \n as the line end).
// Invariant: text from traffic is no formula in a spreadsheet and steers no terminal; newlines and tabs stay.
// Not here: choosing rows.

import { visibleLines } from '../../config/values/errors.js';

type Cell = string | number | bigint | boolean | null | undefined | Uint8Array;

/** Of what a command prints as JSON, the list: the first of these names that it has. */
const LISTS = [
  'statements',
  'pools',
  'routes',
  'activity',
  'points',
  'marks',
  'changes',
  'rows',
  'options',
  'places',
  'findings',
  'weeks',
] as const;

/** A row per entry of the list, with the columns of the first. Lists in a cell are joined by "; ". */
export function csvOf(value: unknown): string {
  const rows = listOf(value).map(flat);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return [csvLine(columns), ...rows.map((row) => csvLine(columns.map((column) => row[column])))].join('\n');
}

type Json = Readonly<Record<string, unknown>>;

function listOf(value: unknown): readonly Json[] {
  if (Array.isArray(value)) return value as Json[];
  // Of progress: the places of the ledger, where there is one.
  const { ledger } = value as Json;
  if (isObject(ledger) && 'places' in ledger) return listOf({ places: ledger.places });
  const name = LISTS.find((list) => list in (value as Json));
  if (name === undefined) return [value as Json];
  const list = (value as Json)[name] ?? [];
  if (Array.isArray(list)) return list as Json[];
  return Object.entries(list as Json).map(([name, entry]) => ({ name, ...(entry as Json) }));
}

/** An object in an entry becomes columns: before → before_calls, before_mean_ms. */
function flat(entry: Json): Record<string, Cell> {
  const row: Record<string, Cell> = {};
  for (const [name, value] of Object.entries(entry)) {
    if (!isObject(value)) row[name] = cellOf(value);
    else if (NAMED_FREELY.has(name)) row[name] = pairsOf(value);
    else for (const [part, inner] of Object.entries(value)) row[`${name}_${part}`] = cellOf(inner);
  }
  return row;
}

/** Objects whose names come from traffic; as columns there would be no end of them. */
const NAMED_FREELY: ReadonlySet<string> = new Set([
  'tags',
  'sources',
  'by_construct',
  'by_confidence',
  'errors_by_sqlstate',
]);

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pairsOf(value: Json): string {
  const pairs = Object.entries(value).flatMap(([key, part]) =>
    (Array.isArray(part) ? part : [part]).map((one) => `${key}=${isObject(one) ? `(${pairsOf(one)})` : one}`),
  );
  return pairs.join('; ');
}

function cellOf(value: unknown): Cell {
  if (Array.isArray(value)) return value.map((one) => (isObject(one) ? pairsOf(one) : String(one))).join('; ');
  return isObject(value) ? pairsOf(value) : (value as Cell);
}

export function csvLine(cells: readonly Cell[]): string {
  return cells.map(csvCell).join(',');
}

/**
 * Text may come from traffic: control and bidirectional characters are written as \uXXXX, and what a spreadsheet would
 * take for a formula gets an apostrophe in front.
 */
function csvCell(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'string') return cell instanceof Uint8Array ? Buffer.from(cell).toString('hex') : String(cell);
  const shown = visibleLines(cell);
  const text = /^[=+\-@\t\r]/.test(shown) ? `'${shown}` : shown;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
