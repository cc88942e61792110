// Texts of statements: whether one is of a table or calls a function, and words for lists.
// Invariant: where the text does not tell, the answer is "perhaps", never "no".
// Not here: what the store narrows by itself (storage/sqlite/tables/filter-conditions.ts).

import { fitsGlob } from '../../config/values/glob.js';
import type { StatementFacts } from '../../facts/answers.js';
import { shortSql } from '../../facts/words/short-sql.js';
import type { Scope } from './asked/conditions.js';

export type Fit = 'yes' | 'no' | 'perhaps';

/** Longer ones may have been cut: 255 characters are kept. */
const SUMMARY_WHOLE_MAX = 200;
const NO_TEXT: ReadonlySet<string> = new Set(['x000000000000000', '(other)']);

/** True for executions whose text nobody kept. */
export function isTextUnknown({ fingerprint }: Pick<StatementFacts, 'fingerprint'>): boolean {
  return NO_TEXT.has(fingerprint);
}

/** What is asked of a statement's text. */
export type Told = Pick<StatementFacts, 'fingerprint' | 'summary' | 'query' | 'variants'>;

/** Whether the statement is of the scope's table and calls its function, where it names them. */
export function textFits(facts: Told, scope: Pick<Scope, 'table' | 'function'>): Fit {
  const table = scope.table === undefined ? 'yes' : tableFits(facts, scope.table);
  const called = scope.function === undefined ? 'yes' : functionFits(facts, scope.function);
  if (table === 'no' || called === 'no') return 'no';
  return table === 'perhaps' || called === 'perhaps' ? 'perhaps' : 'yes';
}

function tableFits(facts: Told, table: string): Fit {
  if (namesTable(facts.summary, table)) return 'yes';
  if (isTextUnknown(facts) || isCut(facts) || facts.summary.length > SUMMARY_WHOLE_MAX) return 'perhaps';
  return 'no';
}

function functionFits(facts: Told, name: string): Fit {
  const word = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('\\*', '[\\w$]*');
  const call = new RegExp(`(?:^|[^\\w$])"?${word}"?\\s*\\(`, 'i');
  const called = new RegExp(`\\bcall\\s+(?:"?[\\w$]+"?\\.)?"?${word}"?(?:[^\\w$]|$)`, 'i');
  if ([facts.query, ...facts.variants].some((text) => call.test(text) || called.test(text))) return 'yes';
  return isTextUnknown(facts) || isCut(facts) ? 'perhaps' : 'no';
}

/** True where a summary names the table, with its schema or without. */
export function namesTable(summary: string, table: string): boolean {
  const wanted = table.toLowerCase();
  const named = summary.toLowerCase().split(' ').slice(1);
  return named.some((name) => fitsGlob(name, wanted) || fitsGlob(name.slice(name.lastIndexOf('.') + 1), wanted));
}

/** The fingerprint of a text that was too long to be kept whole. */
function isCut({ fingerprint }: Pick<Told, 'fingerprint'>): boolean {
  return fingerprint.startsWith('t');
}

const CALLERS_MAX = 3;

/** file:line, where the application tags it. */
export function callersOf({ tags }: Pick<StatementFacts, 'tags'>): string[] {
  return [...(tags.get('caller') ?? [])].sort().slice(0, CALLERS_MAX);
}

/** In one line of a list. */
export function shown({ query }: Pick<StatementFacts, 'query'>): string {
  const text = shortSql(query);
  return text.length <= 80 ? text : `${text.slice(0, 79)}…`;
}
