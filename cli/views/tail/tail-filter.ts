// Decides which executions `tail` shows.
// Invariant: filters mean what they mean in `top`; all that are given must fit.
// Not here: values that were never seen (reports/groups/seen-filters.ts).

import { fitsGlob } from '../../../config/values/glob.js';
import type { StatementFilter } from '../../../facts/answers.js';
import { HANDWRITTEN, HIDDEN_SOURCES } from '../../../facts/verdict.js';
import { sqlPieces } from '../../../facts/words/sql-pieces.js';
import type { TailExecutionJson } from '../../../reports/forms/tail-json.js';

export interface TailFilter extends StatementFilter {
  /** Of one execution. */
  readonly minMs: number;
  /** Housekeeping and tools too. */
  readonly all: boolean;
}

export function isWanted(one: TailExecutionJson, filter: TailFilter): boolean {
  const { source, construct, handwritten, pool, tags = [], find = [], table, minMs, all } = filter;
  if (source === undefined ? !all && HIDDEN_SOURCES.includes(one.source) : one.source !== source) return false;
  if (construct !== undefined && one.construct !== construct) return false;
  if (handwritten && !isHandwritten(one)) return false;
  if (pool !== undefined && one.pool !== pool) return false;
  if (one.service_ms < minMs) return false;
  if (!tags.every(([key, value]) => one.tags[key] !== undefined && fitsGlob(one.tags[key], value))) return false;
  const text = one.query.toLowerCase();
  if (!find.every((word) => text.includes(word.toLowerCase()) || one.fingerprint.includes(word.toLowerCase())))
    return false;
  return table === undefined || hasTable(one.query, table);
}

function isHandwritten({ source, construct }: TailExecutionJson): boolean {
  const { sources, constructs } = HANDWRITTEN;
  return (sources as readonly string[]).includes(source) || (constructs as readonly string[]).includes(construct);
}

/** Any name of the text may be the table: an execution has no summary. */
function hasTable(query: string, table: string): boolean {
  return sqlPieces(query).some(({ kind, text }) => {
    if (kind !== 'name' && kind !== 'word') return false;
    return fitsGlob(text.startsWith('"') ? text.slice(1, -1) : text, table);
  });
}
