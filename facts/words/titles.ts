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

/** `summary` is OpenTelemetry's db.query.summary. A statement without tables keeps it. */
export function titleOf({ query, summary }: { readonly query: string; readonly summary: string }): string {
  const words = summary.split(' ');
  const prefix = words[0] === 'EXPLAIN' || words[0] === 'DECLARE' ? `${words.shift()} ` : '';
  // A statement that writes is named by what it writes, wherever its text begins.
  const verb = words.find((word) => VERBS.has(word) && word !== 'SELECT') ?? words[0];
  if (!VERBS.has(verb)) return summary;
  const tables = [...new Set(words.filter((word) => !VERBS.has(word)))];
  if (tables.length === 0) return `${prefix}${verb}`;
  const main = tables.indexOf(mainTableOf(query));
  if (main > 0) tables.unshift(...tables.splice(main, 1));
  if (verb === 'SELECT' || verb === 'DELETE') return `${prefix}${verb}${JOINERS[verb]}${tables.join(', ')}`;
  const [written, ...read] = tables;
  return `${prefix}${verb}${JOINERS[verb]}${written}${read.length === 0 ? '' : `, from ${read.join(', ')}`}`;
}
