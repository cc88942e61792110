// Titles of statements, as people would say them: "SELECT from store_product, store_orderline".
// Invariant: every table of the summary is in the title, once, the main one first. Not here: finding tables
// (analyzer/fingerprint/summary.ts).

import { mainTableOf } from './short-sql.js';

const VERBS = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE']);
const JOINERS: Readonly<Record<string, string>> = {
  SELECT: ' from ',
  INSERT: ' into ',
  UPDATE: ' ',
  DELETE: ' from ',
  MERGE: ' into ',
};

/** `summary` is OpenTelemetry's db.query.summary. */
type Told = { readonly query: string; readonly summary: string };

/** A statement without tables keeps its summary. */
export function titleOf({ query, summary }: Told): string {
  const words = summary.split(' ');
  const prefix = words[0] === 'EXPLAIN' || words[0] === 'DECLARE' ? `${words.shift()} ` : '';
  // A statement that writes is named by what it writes, wherever its text begins.
  const verb = words.find((word) => VERBS.has(word) && word !== 'SELECT') ?? words[0];
  if (!VERBS.has(verb)) return summary;
  const tables = tablesIn(words, query);
  if (tables.length === 0) return `${prefix}${verb}`;
  if (verb === 'SELECT' || verb === 'DELETE') return `${prefix}${verb}${JOINERS[verb]}${tables.join(', ')}`;
  const [written, ...read] = tables;
  return `${prefix}${verb}${JOINERS[verb]}${written}${read.length === 0 ? '' : `, from ${read.join(', ')}`}`;
}

/** The main table of a statement; '' where its summary names none. */
export function tableOf({ query, summary }: Told): string {
  const [, ...words] = summary.split(' ');
  return tablesIn(words, query)[0] ?? '';
}

/** Each once, the main one first. */
function tablesIn(words: readonly string[], query: string): string[] {
  const tables = [...new Set(words.filter((word) => !VERBS.has(word)))];
  const main = tables.indexOf(mainTableOf(query));
  if (main > 0) tables.unshift(...tables.splice(main, 1));
  return tables;
}
